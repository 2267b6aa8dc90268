"""The whole corpus: what of it goes in which direction, and how it is made, read and deleted on a server."""

import json

import documents
import indices
import mappings
import objects
import oracle
import streams
import verdicts
from case import ES7, PREFIX, SOLO
from search_engine import encoded

INDICES = indices.CASES + mappings.CASES
DOCUMENTS = PREFIX + documents.INDEX


def names():
    """Every case once, with what it is about."""
    listed = [(case.name, case.what) for case in documents.CASES + INDICES + verdicts.CASES + objects.CASES]
    return listed + [(streams.NAME, streams.WHAT)]


def together(source, target):
    """Index cases that share the one backup and the one restore of a direction."""
    return [case for case in INDICES if source in case.on and target not in case.solo]


def alone(source, target):
    """Cases with sessions of their own; verdicts are the source's, so that each source has its turn once."""
    own = [case for case in INDICES if source in case.on and target in case.solo]
    return own + [case for case in verdicts.CASES if source in case.on and (source == target or source == ES7)]


def documents_on(dialect):
    return [case for case in documents.CASES if dialect in case.on]


def objects_on(dialect):
    return [case for case in objects.CASES if dialect in case.on]


def write(engine, index, case_documents, query=""):
    """Writes documents one by one, or by `_bulk` where they are many and plain."""
    if len(case_documents) <= 100:
        for document in case_documents:
            engine.put(index, document, query)
        return
    lines = []
    for document in case_documents:
        action = {"_id": document.id} | ({} if document.routing is None else {"routing": document.routing})
        lines += [json.dumps({"index": action}).encode(), document.source]
    status, answer = engine.send("POST", f"/{encoded(index)}/_bulk", b"\n".join(lines) + b"\n", "application/x-ndjson")
    if status != 200 or json.loads(answer)["errors"]:
        raise RuntimeError(f"bulk into {index}: {status} {answer[:400]!r}")


def make_index(engine, case, prefix):
    index = case.index_name(prefix)
    aliases = {name.format(index=index): alias for name, alias in case.aliases.items()}
    settings = {"number_of_shards": 1, "number_of_replicas": 0} | case.settings
    if "auto_expand_replicas" in settings:
        del settings["number_of_replicas"]
    engine.call("PUT", "/" + encoded(index), {"settings": {"index": settings}, "mappings": case.mappings, "aliases": aliases})
    write(engine, index, case.documents, case.writing)
    engine.call("POST", f"/{encoded(index)}/_refresh")
    for method, path, body in case.steps:
        engine.call(method, path.format(index=encoded(index)), body)
        if "/_doc" in path:
            engine.call("POST", f"/{encoded(index)}/_refresh")


def make(engine, source, target):
    body = {"settings": documents.SETTINGS, "mappings": documents.MAPPINGS}
    engine.call("PUT", "/" + DOCUMENTS, body)
    for case in documents_on(source):
        write(engine, DOCUMENTS, case.documents)
    engine.call("POST", f"/{DOCUMENTS}/_refresh")
    for case in together(source, target):
        make_index(engine, case, PREFIX)
    for case in objects_on(source):
        objects.make(engine, case)
    if has_stream(source, target):
        streams.make(engine)


def has_stream(source, target):
    return source in streams.ON and target in streams.ON


def read(engine, source, target):
    """What a server holds of the corpus: indices and objects by their names, the data stream."""
    held = {index: oracle.index_of(engine, index) for index in index_names(source, target)}
    return {
        "indices": held,
        "objects": {case.name: objects.read(engine, case) for case in objects_on(source)},
        "stream": streams.read(engine) if has_stream(source, target) else None,
    }


def index_names(source, target):
    return [DOCUMENTS] + [index for case in together(source, target) for index in case.indices(PREFIX)]


def delete(engine):
    """Deletes every name that the corpus ever uses, and no other."""
    there = {row["index"] for row in engine.call("GET", "/_cat/indices?format=json&expand_wildcards=all&h=index")}
    ours = {index for case in INDICES + verdicts.CASES for prefix in (PREFIX, SOLO) for index in case.indices(prefix)}
    streams.delete(engine)
    # A restore without data streams would leave the backing indices as plain ones.
    backing = {index for index in there if index.startswith(f".ds-{streams.STREAM}-")}
    for index in sorted(there & (ours | backing | {DOCUMENTS})):
        engine.delete_index(index)
    objects.delete(engine, objects.CASES)
