"""Packing, encrypting and storing NDJSON: the program's dump and `restic backup`, in turns, on the same file. Run by scripts/bench-archive.

Prints one line a round and the figure last; exits 1 where a bound is not kept.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from datasets import SETS

LEAST_MEGABYTES_A_SECOND = 150
# What others use instead, on the same bytes and machine: a bound that holds on slower machines too.
LEAST_TIMES_RESTIC = 1
MOST_MEBIBYTES = 128
PASSWORD = "measured in public"
# Both use all cores, and no more than two.
CORES = sorted(os.sched_getaffinity(0))[:2]
SAMPLE = 32 << 20
NAMES = ("logs", "orders")


class Failed(Exception):
    """A measurement that is none."""


def write_documents(path, size):
    """Log lines and orders in turns, some MB of each: sources alone, as an engine sends them.

    Made documents are repeated with other numbers in front: neither program may find the same 1 MiB, or 8, twice.
    """
    samples = [
        [line.split(b"\n")[1] for line in data.lines(min(SAMPLE, size))] for data in SETS if data.name in NAMES
    ]
    written = number = 0
    with open(path, "wb", buffering=1 << 20) as file:
        while written < size:
            for sample in samples:
                for document in sample:
                    number += 1
                    line = b'{"sequence":%d,%s\n' % (number, document[1:])
                    written += file.write(line)
                if written >= size:
                    break
    return written


def measured(command, environment):
    """Seconds and peak memory in bytes of a program that must succeed, and its standard output."""
    begun = time.monotonic()
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{command[0]} ended with {process.returncode}")
    return seconds, usage.ru_maxrss * 1024, output


def sheaf(program, source, folder, level):
    repository, spool = folder / "repository", folder / "spool"
    repository.mkdir()
    seconds, memory, output = measured([program, source, repository, spool, str(level)], {"SHEAF_PASSWORD": PASSWORD})
    figures = json.loads(output)
    if figures["bytes"] != source.stat().st_size:
        raise Failed(f"{figures['bytes']} bytes were packed of {source.stat().st_size}")
    return {"seconds": figures["seconds"], "whole": seconds, "memory": memory} | figures


def restic(source, folder):
    environment = {"RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": str(folder / "restic"), "RESTIC_CACHE_DIR": str(folder / "cache")}
    measured(["restic", "init", "--quiet", "--repository-version", "2"], environment)
    seconds, memory, _ = measured(["restic", "backup", "--quiet", str(source)], environment)
    stored = sum(file.stat().st_size for file in (folder / "restic").rglob("*") if file.is_file())
    return {"seconds": seconds, "memory": memory, "stored": stored}


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def fetch(path):
    """So that no round pays for the disk's reading."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 24):
            pass


def run(options):
    program = Path(options.program)
    if shutil.which("restic") is None:
        raise Failed("restic is missing: apt-get install restic")
    rounds = {"sheaf": [], "restic": []}
    with tempfile.TemporaryDirectory(prefix="bench-archive-", dir=options.folder) as name:
        folder = Path(name)
        source = folder / "documents.ndjson"
        size = write_documents(source, options.megabytes * 1_000_000)
        print(f"{size / 1e6:.0f} MB of NDJSON, level {options.level}, cores {CORES}, load {os.getloadavg()[0]:.1f}")
        for number in range(1, options.rounds + 1):
            turns = ["sheaf", "restic"] if number % 2 else ["restic", "sheaf"]
            for turn in turns:
                fetch(source)
                place = folder / turn
                place.mkdir()
                os.sync()
                result = sheaf(program, source, place, options.level) if turn == "sheaf" else restic(source, place)
                shutil.rmtree(place)
                rounds[turn].append(result)
                print(
                    f"round {number} {turn}: {size / result['seconds'] / 1e6:.0f} MB/s, stored {result['stored'] / size:.0%}, "
                    f"RSS {result['memory'] / 2**20:.0f} MB"
                )
    speeds = {turn: median(size / result["seconds"] / 1e6 for result in results) for turn, results in rounds.items()}
    ratio = median(
        peer["seconds"] / own["seconds"] for own, peer in zip(rounds["sheaf"], rounds["restic"], strict=True)
    )
    memory = max(result["memory"] for result in rounds["sheaf"]) / 2**20
    encryption = {result["encryption"] for result in rounds["sheaf"]}
    if encryption != {"aes-256-gcm"}:
        raise Failed(f"what was stored is not encrypted: {', '.join(sorted(encryption))}")
    print(f"restic: {speeds['restic']:.0f} MB/s, RSS {max(result['memory'] for result in rounds['restic']) / 2**20:.0f} MB")
    print(
        f"bench-archive: {speeds['sheaf']:.0f} MB/s of NDJSON packed, encrypted and stored at level {options.level}, "
        f"{ratio:.1f} times restic, RSS {memory:.0f} MB"
    )
    return speeds["sheaf"] >= options.speed_bound and ratio >= LEAST_TIMES_RESTIC and memory <= MOST_MEBIBYTES


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/ArchiveBench")
    parser.add_argument("--megabytes", type=int, default=540)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--level", type=int, default=3)
    parser.add_argument("--speed-bound", type=float, default=LEAST_MEGABYTES_A_SECOND, help="the least, in MB/s")
    parser.add_argument("--folder", help="where files and repositories are made; default: the temporary folder")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    os.sched_setaffinity(0, CORES)
    try:
        kept = run(options)
    except (Failed, OSError, json.JSONDecodeError) as error:
        print(f"bench-archive: failed: {error}")
        return 1
    if not kept:
        print(
            f"the bounds are {options.speed_bound:.0f} MB/s and {LEAST_TIMES_RESTIC} times restic at least, {MOST_MEBIBYTES} MB at most",
            file=sys.stderr,
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
