"""The cases as Markdown, so that docs/fidelity.md and the corpus cannot drift apart (scripts/tests compares them)."""

import corpus
import documents
import objects
import streams
import verdicts
from case import ES7, ES8, NAMES, OS


def where(dialects):
    return "all" if len(dialects) == 3 else ", ".join(NAMES[dialect] for dialect in (ES8, OS, ES7) if dialect in dialects)


def index_verdict(case):
    parts = []
    if case.is_left_out:
        parts.append("left out")
    elif case.canonical:
        parts.append("equal, sources by value")
    else:
        parts.append("equal")
    if case.backup_says:
        parts.append("the backup says so")
    parts += [f"on {NAMES[target]} without `{'`, `'.join(names)}`, told" for target, names in case.lost.items()]
    for target, solo in case.solo.items():
        parts.append(f"refused by name on {NAMES[target]}")
    return "; ".join(parts)


def verdict(case):
    solo = next(iter(case.solo.values()))
    parts = [f"backup {solo.backup}"]
    if solo.restore:
        parts.append(f"restore {solo.restore}")
    if solo.backup_says or solo.restore_says:
        parts.append("names it")
    return ", ".join(parts)


def object_verdict(case):
    parts = ["equal"] + [f"told by name on {NAMES[target]}, where the kind is not there" for target in case.absent]
    parts += [f"refused by name on {NAMES[target]}" for target in case.refused]
    parts += [f"on {NAMES[target]} without {words[-1]}, told" for target, (_, words) in case.adapted.items()]
    return "; ".join(parts)


def rows(title, found):
    lines = [f"### {title}", "", "| case | what | on | afterwards |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {what.replace('|', chr(92) + '|')} | {on} | {after} |" for name, what, on, after in found]
    return lines + [""]


def markdown():
    lines = rows("Documents", [(c.name, c.what, where(c.on), "byte for byte") for c in documents.CASES])
    lines += rows("Indices", [(c.name, c.what, where(c.on), index_verdict(c)) for c in corpus.INDICES])
    lines += rows("Verdicts", [(c.name, c.what, where(c.on), verdict(c)) for c in verdicts.CASES])
    found = [(c.name, c.what, where(c.on), object_verdict(c)) for c in objects.CASES]
    found.append((streams.NAME, streams.WHAT, where(streams.ON), "equal, generation by generation"))
    lines += rows("Objects", found)
    return "\n".join(lines)
