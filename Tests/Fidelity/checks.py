"""What must hold after a backup and a restore, each rule counted as a check and told by case, expectation and finding."""

import json
from decimal import Decimal

import corpus
import documents
import streams
from case import PREFIX
from search_engine import Number
from oracle import shown


# OpenSearch shows it only where it is not the default, Elasticsearch 8 also where a mode of the index sets it.
DEFAULTS = {"ignore_malformed": False}


class Checks:
    def __init__(self, direction, is_same_product=True):
        self.direction = direction
        self.is_same_product = is_same_product
        self.count = 0
        self.failures = []

    def check(self, holds, case, what, expected="", found=""):
        self.count += 1
        if not holds:
            line = f"{self.direction} {case}: {what}"
            self.failures.append(line + (f": expected {expected}, found {found}" if expected or found else ""))

    def equal(self, expected, found, case, what):
        if isinstance(expected, dict) and isinstance(found, dict):
            left = {key: value for key, value in expected.items() if key not in found or found[key] != value}
            right = {key: value for key, value in found.items() if key not in expected or expected[key] != value}
            self.check(not left and not right, case, what, text(left), text(right))
        else:
            self.check(expected == found, case, what, text(expected), text(found))

    def says(self, session_text, words, case, what):
        lines = session_text.lower().splitlines()
        holds = any(all(word.lower() in line for word in words) for line in lines)
        found = [line for line in lines if words[0].lower() in line]
        self.check(holds, case, f"{what} names it", " and ".join(f'"{word}"' for word in words), text("; ".join(found) or "no such word"))


def text(value, limit=700):
    shown_value = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return shown_value if len(shown_value) <= limit else shown_value[:limit] + "…"


def canonical(source):
    """A document by value: numbers as numbers, dots as objects, keys in order."""

    def place(target, key, value):
        first, _, rest = key.partition(".")
        if rest:
            target = target.setdefault(first, {})
            place(target, rest, value)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            target[key].update(value)
        else:
            target[key] = value

    def build(value):
        if isinstance(value, dict):
            result = {}
            for key, member in value.items():
                place(result, key, build(member))
            return result
        if isinstance(value, list):
            return [build(member) for member in value]
        return Decimal(value).normalize() if isinstance(value, Number) else value

    return build(json.loads(source, parse_float=Number, parse_int=Number))


def without_defaults(mapping):
    if not isinstance(mapping, dict):
        return mapping
    kept = {key: value for key, value in mapping.items() if key not in DEFAULTS or value != DEFAULTS[key]}
    return {key: without_defaults(value) for key, value in kept.items()}


def check_documents(checks, case, before, after, is_canonical=False, what="documents"):
    """The same documents in the same shards under the same routings, each with its source."""
    names = lambda found: sorted(f"shard {shard}, {identifier[:60]!r}, routing {routing!r}"[:120] for shard, identifier, routing in found)
    missing, surplus = before.keys() - after.keys(), after.keys() - before.keys()
    checks.check(not missing and not surplus, case, f"{what}: each in its shard", f"{len(before)} of them, missing {names(missing)[:4]}", f"surplus {names(surplus)[:4]}")
    both = sorted(before.keys() & after.keys(), key=repr)
    same = lambda was, now: was == now or (is_canonical and canonical(was) == canonical(now))
    different = [key for key in both if not same(before[key][0], after[key][0])]
    first = different[0] if different else None
    checks.check(
        not different,
        case,
        f"{what}: each source" + (f", of which {len(different)} differ, the first {first[1][:60]!r}" if different else ""),
        shown(before[first][0]) if first else "",
        shown(after[first][0]) if first else "",
    )
    if not checks.is_same_product:
        return  # Elasticsearch 8 lists more kinds of values than the others.
    ignored = [{key[1]: value[1] for key, value in found.items() if value[1]} for found in (before, after)]
    if ignored[0] or ignored[1]:
        checks.equal(ignored[0], ignored[1], case, f"{what}: fields that were ignored")


def of_case(case, found):
    """The documents of a document case among those of their index."""
    wanted = {(document.id, document.routing) for document in case.documents}
    return {key: value for key, value in found.items() if (key[1], key[2]) in wanted}


def check_document_cases(checks, source, before, after):
    held, there = before["indices"][corpus.DOCUMENTS], after["indices"][corpus.DOCUMENTS]
    if there is None:
        return checks.check(False, "documents", "index of the document cases", "restored", "no index")
    for case in corpus.documents_on(source):
        mine = of_case(case, held["documents"])
        sent = {(document.id, document.routing): document.source for document in case.documents}
        checks.check(
            {(key[1], key[2]): value[0] for key, value in mine.items()} == sent,
            case.name,
            "the server holds what was sent",
            [shown(value) for value in sent.values()],
            [shown(value[0]) for value in mine.values()],
        )
        check_documents(checks, case.name, mine, of_case(case, there["documents"]))
    checks.equal(held["count"], there["count"], "documents", "number of documents")
    checks.equal(held["mappings"], there["mappings"], "documents", "mappings")


def check_index_case(checks, case, target, before, after, backup, restore):
    for index in case.indices(PREFIX):
        was, now = before["indices"][index], after["indices"][index]
        if case.is_left_out:
            checks.check(now is None, case.name, f"index {index}", "not restored", "an index")
            continue
        if now is None:
            checks.check(False, case.name, f"index {index}", "restored", "no index")
            continue
        lost = case.lost.get(target, ())
        kept = {name: value for name, value in was["settings"].items() if name not in lost}
        checks.equal(kept, now["settings"], case.name, "settings")
        mappings = [found["mappings"] if checks.is_same_product else without_defaults(found["mappings"]) for found in (was, now)]
        checks.equal(*mappings, case.name, "mappings")
        checks.equal(was["aliases"], now["aliases"], case.name, "aliases")
        checks.equal(was["count"], now["count"], case.name, "number of documents")
        check_documents(checks, case.name, was["documents"], now["documents"], case.canonical)
        for setting in lost:
            checks.says(backup.text + "\n" + restore.text, (index, setting), case.name, f"the loss of {setting}: a session")
        if case.backup_says and index == case.index_name(PREFIX):
            checks.says(backup.text, [word.format(index=index) for word in case.backup_says], case.name, "the backup")


def check_objects(checks, source, target, before, after, restore):
    for case in corpus.objects_on(source):
        was, now = before["objects"][case.name], after["objects"][case.name]
        words = case.absent.get(target)
        if target in case.adapted:
            was, words = case.adapted[target]
        if words:
            checks.says(restore.text, words, case.name, "the restore")
        if target in case.absent or target in case.refused:
            checks.check(now is None, case.name, "object that the target cannot have", "none", text(now))
        else:
            checks.check(was is not None, case.name, "the source has it", "an object", "none")
            checks.equal(was, now, case.name, case.kind)


def check_stream(checks, before, after):
    was, now = before["stream"], after["stream"]
    if now is None:
        return checks.check(False, streams.NAME, "data stream", "restored", "none")
    checks.equal((was["field"], was["template"]), (now["field"], now["template"]), streams.NAME, "field and template")
    checks.equal(len(was["generations"]), len(now["generations"]), streams.NAME, "number of generations")
    for number, (earlier, later) in enumerate(zip(was["generations"], now["generations"]), 1):
        # A restore marks the generations that it makes by `_meta`, of which an empty one cannot be taken away.
        mappings = [{key: value for key, value in found["mappings"].items() if key != "_meta" or value} for found in (earlier, later)]
        checks.equal(*mappings, streams.NAME, f"mappings of generation {number}")
        check_documents(checks, streams.NAME, earlier["documents"], later["documents"], what=f"documents of generation {number}")


def check_all(checks, source, target, before, after, backup, restore):
    expected = sum(index["count"] for index in before["indices"].values() if index)
    left_out = sum(before["indices"][name]["count"] for case in corpus.together(source, target) if case.is_left_out for name in case.indices(PREFIX))
    if corpus.has_stream(source, target):
        expected += streams.DOCUMENTS
    for name, session in (("backup", backup), ("restore", restore)):
        checks.equal("Succeeded", session.phase, name, f"phase ({text(session.text, 300) if session.phase != 'Succeeded' else 'as expected'})")
        checks.equal(expected - left_out, session.documents, name, "documents in all")
    check_document_cases(checks, source, before, after)
    for case in corpus.together(source, target):
        check_index_case(checks, case, target, before, after, backup, restore)
    check_objects(checks, source, target, before, after, restore)
    if corpus.has_stream(source, target):
        check_stream(checks, before, after)
