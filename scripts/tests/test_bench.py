"""The benchmark's own sums, and its way to elasticdump, which is a script here that writes what it is told to."""

import contextlib
import os
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
root = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(root / "scripts"), str(root / "Benchmarks")]
import peers  # noqa: E402
import run  # noqa: E402

PROGRAM = """#!{python}
import sys, time
options = dict(argument.partition("=")[::2] for argument in sys.argv[1:])
assert options["--input"] == "http://engine:9200/index" and options["--type"] == "data" and "--limit" not in options
time.sleep({seconds})
with open(options["--output"], "w") as file:
    file.write('{{"_id":"1","_source":{{}}}}\\n' * {lines})
sys.exit({status})
"""


def taken(**seconds):
    """What `measure` gives of a set: one round's seconds by name."""
    one = {name: {"seconds": [value]} for name, value in seconds.items()}
    for name in ("dump1", "dump3", "load"):
        one[name]["peakBytes"] = [64 << 20]
    clock = run.Clock()
    clock.taken = one
    return {"taken": one, "ratios": run.ratios(clock)}


class ElasticdumpTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    @contextlib.contextmanager
    def program(self, lines, seconds=0.0, status=0):
        file = self.folder / "elasticdump"
        file.write_text(PROGRAM.format(python=sys.executable, lines=lines, seconds=seconds, status=status))
        file.chmod(0o700)
        with mock.patch.dict(os.environ, {"ELASTICDUMP": str(file)}):
            yield types.SimpleNamespace(url="http://engine:9200")

    def test_takes_its_time_with_its_defaults(self):
        with self.program(lines=3, seconds=0.2) as engine:
            self.assertGreaterEqual(peers.elasticdump(engine, "index", self.folder, 3), 0.2)
        self.assertFalse((self.folder / "elasticdump.ndjson").exists())

    def test_no_measurement_without_every_document(self):
        with self.program(lines=2) as engine, self.assertRaisesRegex(peers.Failed, "2 of 3"):
            peers.elasticdump(engine, "index", self.folder, 3)

    def test_no_measurement_of_a_failure(self):
        with self.program(lines=3, status=4) as engine, self.assertRaisesRegex(peers.Failed, "ended with 4"):
            peers.elasticdump(engine, "index", self.folder, 3)


class VerdictTests(unittest.TestCase):
    options = types.SimpleNamespace(load_bound=0.8, rounds=1)

    def verdict(self, **sets):
        return run.verdict(sets, self.options)

    def test_all_bounds_hold(self):
        one = taken(drain=1, dump1=2, dump3=3, raw=8, load=10, elasticdump=10)
        figure, broken = self.verdict(one=one)
        self.assertEqual(broken, [])
        self.assertIn("load 0.80 of raw _bulk", figure)
        self.assertIn("5.0 times elasticdump", figure)

    def test_a_slow_load_breaks_its_bound(self):
        figure, broken = self.verdict(one=taken(drain=1, dump1=2, dump3=3, raw=7.9, load=10))
        self.assertEqual(broken, ["load is 0.79 of raw _bulk, at least 0.8 is wanted"])
        self.assertNotIn("elasticdump", figure)

    def test_a_dump_as_slow_as_elasticdump_breaks_its_bound(self):
        _, broken = self.verdict(one=taken(drain=1, dump1=2, dump3=3, raw=9, load=10, elasticdump=9))
        self.assertEqual(broken, ["dump is 4.5 times as fast as elasticdump, at least 5 is wanted"])

    def test_every_set_has_its_own_bound_of_memory(self):
        big = taken(drain=1, dump1=2, dump3=3, raw=9, load=10)
        big["taken"]["load"]["peakBytes"] = [64 << 20, 129 << 20]
        _, broken = self.verdict(small=taken(drain=1, dump1=2, dump3=3, raw=9, load=10), big=big)
        self.assertEqual(broken, ["load of big took 129 MB, 128 are allowed"])

    def test_a_ratio_is_of_one_round(self):
        clock = run.Clock()
        clock.taken = {"raw": {"seconds": [1, 10, 100]}, "load": {"seconds": [2, 11, 90]}}
        self.assertAlmostEqual(clock.ratio("raw", "load"), 10 / 11)


if __name__ == "__main__":
    unittest.main()
