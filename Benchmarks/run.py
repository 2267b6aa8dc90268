#!/usr/bin/env python3
"""Measures dump and load of the real program against the same work done by others. scripts/bench starts it; see README.md."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
from datasets import SEED, SETS  # noqa: E402
from engine import Engine, EngineError  # noqa: E402
from peers import Drain, Failed, RawBulk, elasticdump  # noqa: E402
from program import Program  # noqa: E402

SHARDS = 2
MEMORY_BOUND = 128 << 20


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    environment = os.environ.get
    parser.add_argument("--binary", default=environment("SHEAF_BINARY", ".build/release/sheaf"))
    parser.add_argument("--megabytes", type=float, default=float(environment("BENCH_MEGABYTES", "96")), help="of each set")
    parser.add_argument("--rounds", type=int, default=int(environment("BENCH_ROUNDS", "3")))
    parser.add_argument("--sets", default=environment("BENCH_SETS", ""), help="names, with commas; default: all")
    # Sessions have fixed costs, which weigh more the smaller the sets are, and CI's machines are busy: looser there.
    parser.add_argument("--load-bound", type=float, default=float(environment("BENCH_LOAD_BOUND", "0.8")))
    parser.add_argument("--output", default=environment("BENCH_OUTPUT", ""), help="file for the results")
    return parser.parse_args()


def measure(data, engine, program, options, folder, prefix):
    """All rounds of one set; the measurements take turns, so that what disturbs the machine disturbs all of them."""
    index = f"{prefix}-{data.name}"
    raw = RawBulk(engine, folder, data.lines(int(options.megabytes * 1e6)))
    plain = sum(body.stat().st_size for body in raw.bodies)
    definition = data.definition(SHARDS)
    engine.json("PUT", f"/{index}", definition)
    try:
        raw.load(index)
        engine.refresh(index)
        drain = Drain(engine, index, SHARDS, folder, plain // raw.documents)
        if drain.documents != raw.documents:
            raise Failed(f"the points in time have {drain.documents} of {raw.documents} documents")
        seconds = {name: [] for name in ("drain", "dump1", "dump3", "raw", "load")}
        peaks = {name: [] for name in ("dump1", "dump3", "load")}
        if "ELASTICDUMP" in os.environ:
            seconds["elasticdump"] = []
        stored = 0
        for _ in range(options.rounds):
            seconds["drain"].append(drain.run())
            for level in (1, 3):
                took, session, peak = program.dump(data.name, level, raw.documents)
                seconds[f"dump{level}"].append(took)
                peaks[f"dump{level}"].append(peak)
                snapshot, stored = session["snapshot"], session["storedBytes"]
            if "ELASTICDUMP" in os.environ:
                seconds["elasticdump"].append(elasticdump(engine, index, folder, raw.documents))
            seconds["raw"].append(raw.run(f"{prefix}-raw", definition))
            # The load makes the index anew, from the snapshot's own definition.
            drain.close()
            engine.json("DELETE", f"/{index}")
            took, _, peak = program.load(index, snapshot, raw.documents)
            seconds["load"].append(took)
            peaks["load"].append(peak)
            count = engine.count(index)
            if count != raw.documents:
                raise Failed(f"the load left {count} of {raw.documents} documents")
            drain = Drain(engine, index, SHARDS, folder, plain // raw.documents)
        drain.close()
    finally:
        engine.bytes("DELETE", f"/{index}", accept=(404,))
    middle = {name: median(values) for name, values in seconds.items()}
    return {
        "documents": raw.documents,
        "bytes": plain,
        "storedBytes": stored,
        "seconds": seconds,
        "median": middle,
        "peakBytes": {name: max(values) for name, values in peaks.items()},
        "ratios": {
            "dump1OfDrain": middle["drain"] / middle["dump1"],
            "dump3OfDrain": middle["drain"] / middle["dump3"],
            "loadOfRaw": middle["raw"] / middle["load"],
        }
        | ({"dump3OfElasticdump": middle["elasticdump"] / middle["dump3"]} if "elasticdump" in middle else {}),
    }


def machine(engine, binary):
    memory = next(line for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memoryBytes": int(memory.split()[1]) << 10,
        "system": platform.platform(),
        "engine": next(iter(engine.json("GET", "/_nodes?filter_path=nodes.*.version")["nodes"].values()))["version"],
        "curl": subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout.split()[1],
        "commit": commit,
        "binary": str(binary),
        "loadAverage": os.getloadavg(),
    }


def table(results):
    heads = ["set", "docs", "MB", "drain", "dump -1", "dump -3", "raw bulk", "load", "load/raw", "drain/dump -1", "RSS dump", "RSS load"]
    rows = [heads]
    for name, one in results.items():
        size, middle, ratios, peaks = one["bytes"], one["median"], one["ratios"], one["peakBytes"]
        speeds = [f"{size / middle[part] / 1e6:.0f} MB/s" for part in ("drain", "dump1", "dump3", "raw", "load")]
        memory = [f"{max(peaks['dump1'], peaks['dump3']) >> 20} MB", f"{peaks['load'] >> 20} MB"]
        figures = [f"{ratios['loadOfRaw']:.2f}", f"{ratios['dump1OfDrain']:.2f}"]
        rows.append([name, f"{one['documents']:,}", f"{size / 1e6:.0f}", *speeds, *figures, *memory])
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        print("  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths))))


def verdict(results, options):
    """The figure, and what broke a bound."""
    broken = []
    load = median(one["ratios"]["loadOfRaw"] for one in results.values())
    dump = [median(one["ratios"][f"dump{level}OfDrain"] for one in results.values()) for level in (1, 3)]
    peak = max(max(one["peakBytes"].values()) for one in results.values())
    if load < options.load_bound:
        broken.append(f"load is {load:.2f} of raw _bulk, at least {options.load_bound} is wanted")
    for name, one in results.items():
        for what, bytes_held in one["peakBytes"].items():
            if bytes_held > MEMORY_BOUND:
                broken.append(f"{what} of {name} took {bytes_held >> 20} MB, 128 are allowed")
    figure = f"load {load:.2f} of raw _bulk, dump {dump[0]:.2f} (level 1) and {dump[1]:.2f} (level 3) of a drain by curl"
    if "ELASTICDUMP" in os.environ:
        peer = median(one["ratios"]["dump3OfElasticdump"] for one in results.values())
        figure += f", {peer:.1f} times elasticdump"
        if peer < 5:
            broken.append(f"dump is {peer:.1f} times as fast as elasticdump, at least 5 is wanted")
    return f"{figure}; worker {peak >> 20} MB at most, medians of {options.rounds} rounds over {len(results)} sets", broken


def main():
    options = arguments()
    binary = Path(options.binary).resolve()
    engine = Engine(os.environ["SHEAF_TEST_ELASTICSEARCH"])
    chosen = [data for data in SETS if not options.sets or data.name in options.sets.split(",")]
    if not chosen:
        raise Failed(f"no set is called {options.sets}; there are {', '.join(data.name for data in SETS)}")
    folder = Path(tempfile.mkdtemp(prefix="sheaf-bench-"))
    prefix = f"sheaf-bench-{os.getpid()}"
    program = Program(str(binary), engine.url, folder / "program")
    results = {}
    try:
        for data in chosen:
            program.declare(data.name, f"{prefix}-{data.name}")
        program.start()
        for data in chosen:
            scratch = folder / data.name
            scratch.mkdir()
            begun = time.monotonic()
            results[data.name] = measure(data, engine, program, options, scratch, prefix)
            shutil.rmtree(scratch)
            one = results[data.name]
            print(f"{data.name}: {time.monotonic() - begun:.0f} s, load {one['ratios']['loadOfRaw']:.2f} of raw _bulk", flush=True)
    finally:
        program.stop()
        shutil.rmtree(folder, ignore_errors=True)
    table(results)
    figure, broken = verdict(results, options)
    if options.output:
        record = {"machine": machine(engine, options.binary), "seed": SEED, "megabytes": options.megabytes, "rounds": options.rounds}
        Path(options.output).write_text(json.dumps(record | {"figure": figure, "sets": results}, indent=1) + "\n")
    for sentence in broken:
        print(f"bench: {sentence}", file=sys.stderr)
    print(f"FIGURE bench: {figure}")
    return 1 if broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, EngineError, OSError) as problem:
        sys.exit(f"bench: {problem}")
