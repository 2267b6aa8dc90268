"""The scanner of scripts/compare against documents that a careless one cuts wrongly; the engine is a text here."""

import hashlib
import importlib.machinery
import importlib.util
import io
import json
import random
import sys
import tempfile
import types
import unittest
from contextlib import redirect_stdout
from pathlib import Path

sys.dont_write_bytecode = True
scripts = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(scripts))
loader = importlib.machinery.SourceFileLoader("compare", str(scripts / "compare"))
compare = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
loader.exec_module(compare)

HARD = [
    b'{"a":1.50e0}',
    b'{"x":{"y":[1,2,{"z":"}]\\""}]}}',
    b' /* } */ {"k":"v/*"} ',
    b'{"u":"\\u00e9","n":\n1}',
    b"{}",
    b'{ "bad":"\xff\xfe" }',
    b'{"c":1 // }\n}',
    b'{"s":"a\\\\"}',
    b'\xef\xbb\xbf{"bom":true}',
]


def page(sources, failed=0):
    hits = b",".join(
        b'{"_index":"i","_id":%s,"_score":null,"_source":%s,"sort":[%d]}' % (json.dumps(f'{number}"/').encode(), source, number)
        for number, source in enumerate(sources)
    )
    shards = b'{"total":2,"successful":%d,"failed":%d}' % (2 - failed, failed)
    return (
        b'{"_scroll_id":"q\\u003d","took":1,"timed_out":false,"_shards":%s,"hits":{"total":{"value":%d,"relation":"eq"},'
        b'"max_score":null,"hits":[%s]}}' % (shards, len(sources), hits)
    )


class ScannerTests(unittest.TestCase):
    def check_sources(self, sources):
        scroll, total, lines = compare.read_page(page(sources), "i")
        self.assertEqual((scroll, total, len(lines)), ("q=", len(sources), len(sources)))
        for number, (line, source) in enumerate(zip(lines, sources)):
            expected = ['"i"', json.dumps(f'{number}"/'), "-", hashlib.sha256(source).hexdigest(), str(len(source))]
            self.assertEqual(line.rstrip("\n").split("\t"), expected)

    def test_source_is_cut_untouched(self):
        self.check_sources(HARD)

    def test_random_documents_are_cut_untouched(self):
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)

        def value(depth):
            kind = dice.randrange(6 if depth else 4)
            if kind < 3:
                return json.dumps("".join(dice.choices('\\"{}[],:/* é\n', k=dice.randrange(12))))
            if kind == 3:
                return dice.choice(["1.50e0", "-0.0", "null", "true", "1" * 30])
            space = dice.choice(["", " ", "\n"])
            if kind == 4:
                return "[" + ("," + space).join(value(depth - 1) for _ in range(dice.randrange(4))) + "]"
            return "{" + space + ",".join(f'"k{n}":{space}{value(depth - 1)}' for n in range(dice.randrange(4))) + "}"

        with self.subTest(seed=seed):
            self.check_sources([f'{{"v":{value(4)}}}'.encode() for _ in range(500)])

    def test_incomplete_page_is_refused(self):
        with self.assertRaisesRegex(compare.EngineError, "not complete"):
            compare.read_page(page(HARD, failed=1), "i")


class DiffTests(unittest.TestCase):
    def diff(self, before, after):
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder, name) for name in ("before", "after")]
            for path, lines in zip(paths, (before, after)):
                path.write_text("".join(sorted(f'"i"\t"{key}"\t-\t{digest}\t7\n' for key, digest in lines.items())))
            output = io.StringIO()
            with redirect_stdout(output):
                status = compare.diff(types.SimpleNamespace(before=paths[0], after=paths[1], show=10))
        return status, output.getvalue()

    def test_equal_states_are_equal(self):
        status, text = self.diff({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
        self.assertEqual(status, 0)
        self.assertIn("2 documents compared, 2 equal", text)

    def test_each_kind_of_difference_is_named(self):
        status, text = self.diff({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"})
        self.assertEqual(status, 1)
        for words in ('"b" routing -: _source differs', '"c" routing -: missing', '"d" routing -: only there', "3 DIFFERENT"):
            self.assertIn(words, text)


if __name__ == "__main__":
    unittest.main()
