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
from program import Program, Run  # noqa: E402

SHARDS = 2
MEMORY_BOUND = 128 << 20
PEER_BOUND = 5
MEASURED = ("drain", "dump1", "dump3", "raw", "load")
ONE = "one"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    environment = os.environ.get
    parser.add_argument("--binary", default=environment("SHEAF_BINARY", ".build/release/sheaf"))
    parser.add_argument("--megabytes", type=float, default=float(environment("BENCH_MEGABYTES", "96")), help="of each set")
    parser.add_argument("--rounds", type=int, default=int(environment("BENCH_ROUNDS", "3")))
    parser.add_argument("--sets", default=environment("BENCH_SETS", ""), help="names, with commas; default: all")
    # Sessions have fixed costs, which weigh more the smaller the sets are, and CI's machines are busy: looser there.
    parser.add_argument("--load-bound", type=float, default=float(environment("BENCH_LOAD_BOUND", "0.8")))
    parser.add_argument("--figure", help="file for the figure")
    parser.add_argument("--output", default=environment("BENCH_OUTPUT", ""), help="file for the results")
    return parser.parse_args()


class Clock:
    """Keeps what each measurement took, round by round."""

    def __init__(self):
        self.taken = {}

    def take(self, name, work):
        """What `work` returns: seconds, or a `Run`, which has some."""
        result = work()
        one = self.taken.setdefault(name, {"seconds": []})
        if isinstance(result, Run):
            one["seconds"].append(result.seconds)
            one.setdefault("worker", []).append(result.processor)
            one.setdefault("peakBytes", []).append(result.peak)
        else:
            one["seconds"].append(result)
        return result

    def ratio(self, peer, name):
        """How many times as fast as the peer, the median of the rounds: what disturbs one round hits both sides of its ratio."""
        return median(theirs / ours for theirs, ours in zip(self.taken[peer]["seconds"], self.taken[name]["seconds"], strict=True))


def measure(data, engine, program, options, folder, prefix):
    """All rounds of one set; the measurements take turns, so that what disturbs the machine disturbs all of them."""
    index = f"{prefix}-{data.name}"
    raw = RawBulk(engine, folder, data.lines(int(options.megabytes * 1e6)))
    plain = sum(body.stat().st_size for body in raw.bodies)
    definition = data.definition(SHARDS)
    engine.json("PUT", f"/{index}", definition)
    clock = Clock()
    try:
        raw.load(index)
        engine.refresh(index)
        for _ in range(options.rounds):
            with Drain(engine, index, SHARDS, folder, plain // raw.documents) as drain:
                if drain.documents != raw.documents:
                    raise Failed(f"the points in time have {drain.documents} of {raw.documents} documents")
                clock.take("drain", drain.run)
            for level in (1, 3):
                session = clock.take(f"dump{level}", lambda: program.dump(data.name, level, raw.documents)).session
            if "ELASTICDUMP" in os.environ:
                clock.take("elasticdump", lambda: elasticdump(engine, index, folder, raw.documents))
            clock.take("raw", lambda: raw.run(f"{prefix}-raw", definition))
            # The load makes the index anew, from the snapshot's own definition.
            engine.json("DELETE", f"/{index}")
            clock.take("load", lambda: program.load(index, session["snapshot"], raw.documents))
            count = engine.count(index)
            if count != raw.documents:
                raise Failed(f"the load left {count} of {raw.documents} documents")
    finally:
        engine.bytes("DELETE", f"/{index}", accept=(404,))
    return {
        "documents": raw.documents, "bytes": plain, "storedBytes": session["storedBytes"], "ratios": ratios(clock), "taken": clock.taken
    }  # fmt: skip


def ratios(clock):
    found = {
        "dump1OfDrain": clock.ratio("drain", "dump1"),
        "dump3OfDrain": clock.ratio("drain", "dump3"),
        "loadOfRaw": clock.ratio("raw", "load"),
    }
    if "elasticdump" in clock.taken:
        found["dump1OfElasticdump"] = clock.ratio("elasticdump", "dump1")
    return found


def fixed_costs(engine, program, rounds, prefix):
    """What sessions of one document take: what every session takes, however little it moves."""
    index = f"{prefix}-{ONE}"
    clock = Clock()
    settings = {"number_of_shards": SHARDS, "number_of_replicas": 0}
    engine.json("PUT", f"/{index}", {"settings": settings})
    try:
        engine.json("PUT", f"/{index}/_doc/1?refresh=true", {"number": 1})
        for _ in range(rounds):
            session = clock.take("dump", lambda: program.dump(ONE, 1, 1)).session
            engine.json("DELETE", f"/{index}")
            clock.take("load", lambda: program.load(index, session["snapshot"], 1))
    finally:
        engine.bytes("DELETE", f"/{index}", accept=(404,))
    return {name: median(taken["seconds"]) for name, taken in clock.taken.items()}


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
    heads = ["set", "docs", "MB", "drain", "dump -1", "dump -3", "raw bulk", "load", "load/raw", "dump -1/drain"]
    heads += ["RSS dump", "RSS load", "CPU dump -1", "CPU load"]
    rows = [heads]
    for name, one in results.items():
        size, taken, ratios = one["bytes"], one["taken"], one["ratios"]
        speeds = [f"{size / median(taken[part]['seconds']) / 1e6:.0f} MB/s" for part in MEASURED]
        figures = [f"{ratios['loadOfRaw']:.2f}", f"{ratios['dump1OfDrain']:.2f}"]
        memory = [f"{max(peaks) >> 20} MB" for peaks in (taken["dump1"]["peakBytes"] + taken["dump3"]["peakBytes"], taken["load"]["peakBytes"])]
        # Of the worker: seconds for a gigabyte, which do not depend on who else is at work on the machine.
        seconds = [f"{median(taken[part]['worker']) / size * 1e9:.1f} s/GB" for part in ("dump1", "load")]
        rows.append([name, f"{one['documents']:,}", f"{size / 1e6:.0f}", *speeds, *figures, *memory, *seconds])
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        print("  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths))))


def verdict(results, options):
    """The figure, and what broke a bound."""
    broken = []
    load = median(one["ratios"]["loadOfRaw"] for one in results.values())
    dump = [median(one["ratios"][f"dump{level}OfDrain"] for one in results.values()) for level in (1, 3)]
    peaks = [(name, what, max(taken["peakBytes"])) for name, one in results.items() for what, taken in one["taken"].items() if "peakBytes" in taken]
    if load < options.load_bound:
        broken.append(f"load is {load:.2f} of raw _bulk, at least {options.load_bound} is wanted")
    for name, what, held in peaks:
        if held > MEMORY_BOUND:
            broken.append(f"{what} of {name} took {held >> 20} MB, 128 are allowed")
    figure = f"load {load:.2f} of raw _bulk, dump {dump[0]:.2f} (level 1) and {dump[1]:.2f} (level 3) of a drain by curl"
    if all("elasticdump" in one["taken"] for one in results.values()):
        peer = median(one["ratios"]["dump1OfElasticdump"] for one in results.values())
        figure += f", {peer:.1f} times elasticdump"
        if peer < PEER_BOUND:
            broken.append(f"dump is {peer:.1f} times as fast as elasticdump, at least {PEER_BOUND} is wanted")
    highest = max(held for _, _, held in peaks)
    return f"{figure}; worker {highest >> 20} MB at most, medians of {options.rounds} rounds over {len(results)} sets", broken


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
        program.declare(ONE, f"{prefix}-{ONE}")
        program.start()
        fixed = fixed_costs(engine, program, options.rounds, prefix)
        print(f"sessions of one document: dump {fixed['dump']:.2f} s, load {fixed['load']:.2f} s", flush=True)
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
        record |= {"figure": figure, "secondsOfOneDocument": fixed, "sets": results}
        Path(options.output).write_text(json.dumps(record, indent=1) + "\n")
    for sentence in broken:
        print(f"bench: {sentence}", file=sys.stderr)
    if options.figure:
        Path(options.figure).write_text(f"{figure}\n")
    print(f"FIGURE bench: {figure}")
    return 1 if broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failed, EngineError, OSError) as problem:
        sys.exit(f"bench: {problem}")
