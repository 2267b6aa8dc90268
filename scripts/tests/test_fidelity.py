"""The corpus of `make fidelity` against docs/fidelity.md, and the rules that compare; no server."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
root = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(root / "Tests" / "Fidelity"))

import checks  # noqa: E402
import corpus  # noqa: E402
import table  # noqa: E402


class Corpus(unittest.TestCase):
    def test_the_documentation_lists_every_case(self):
        text = (root / "docs" / "fidelity.md").read_text(encoding="utf-8")
        self.assertIn(table.markdown(), text, "run: python3 Tests/Fidelity/fidelity.py table")

    def test_names_are_unique(self):
        names = [name for name, _ in corpus.names()]
        self.assertEqual(sorted(set(names)), sorted(names))
        self.assertGreaterEqual(len(names), 60)


class Rules(unittest.TestCase):
    key = (0, "a", None)

    def failures(self, was, now, is_canonical=False):
        found = checks.Checks("a→b")
        checks.check_documents(found, "case", {self.key: (was, ())}, {self.key: (now, ())}, is_canonical)
        return found.failures

    def test_a_changed_byte_is_told_with_both_sources(self):
        (failure,) = self.failures(b'{"a":1.50e0}', b'{"a":1.5}')
        self.assertIn("1.50e0", failure)
        self.assertIn('{"a":1.5}', failure)

    def test_a_lost_document_is_told(self):
        found = checks.Checks("a→b")
        checks.check_documents(found, "case", {self.key: (b"{}", ())}, {})
        self.assertEqual(len(found.failures), 1)

    def test_a_document_in_another_shard_is_told(self):
        found = checks.Checks("a→b")
        checks.check_documents(found, "case", {self.key: (b"{}", ())}, {(1, "a", None): (b"{}", ())})
        self.assertEqual(len(found.failures), 1)

    def test_equal_by_value(self):
        self.assertEqual(self.failures(b'{"a.b":1.50e0,"c":[1]}', b'{"c":[1.0],"a":{"b":1.5}}', True), [])
        self.assertEqual(len(self.failures(b'{"a":[1,2]}', b'{"a":[2,1]}', True)), 1)
        self.assertEqual(len(self.failures(b'{"a":1}', b'{"a":"1"}', True)), 1)

    def test_words_must_stand_in_one_line(self):
        found = checks.Checks("a→b")
        found.says("Note: index a: x\nNote: index b: y", ("a", "x"), "case", "the backup")
        self.assertEqual(found.failures, [])
        found.says("Note: index a: x\nNote: index b: y", ("index a", "y"), "case", "the backup")
        self.assertEqual(len(found.failures), 1)

    def test_numbers_of_definitions_are_compared_as_written(self):
        found = checks.Checks("a→b")
        found.equal({"f": "1.0"}, {"f": "1"}, "case", "mappings")
        self.assertEqual(len(found.failures), 1)


if __name__ == "__main__":
    unittest.main()
