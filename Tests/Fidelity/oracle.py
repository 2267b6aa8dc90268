"""Reads what a server holds, by requests that Sheaf does not make: each source alone by `_source`, which answers with its stored bytes."""

import hashlib

from search_engine import encoded

# What the server makes by itself or names the one server; docs/fidelity.md explains each.
SERVER_MADE = (
    "index.uuid",
    "index.creation_date",
    "index.provided_name",
    "index.version.",
    "index.history.uuid",
    # Written out by the restore: the number that the server had chosen by itself, which settles where documents live.
    "index.number_of_routing_shards",
    # Names nodes and tiers of the old cluster.
    "index.routing.allocation.",
    # The name of an index that this one was cloned from.
    "index.resize.",
    # OpenSearch 2.19 writes it into every index.
    "index.replication.type",
)


def settings_of(engine, index):
    answer = engine.call("GET", f"/{encoded(index)}/_settings?flat_settings=true&expand_wildcards=all")
    settings = answer[index]["settings"]
    # A setting that is null is none; a clone shows one that it did not take over in this way.
    return {name: value for name, value in settings.items() if value is not None and not name.startswith(SERVER_MADE)}


def definition_of(engine, index):
    name = encoded(index)
    return {
        "settings": settings_of(engine, index),
        "mappings": engine.call("GET", f"/{name}/_mapping?expand_wildcards=all")[index]["mappings"],
        "aliases": (engine.get(f"/{name}/_alias?expand_wildcards=all") or {}).get(index, {}).get("aliases", {}),
        "shards": int(engine.call("GET", f"/{name}/_settings?flat_settings=true")[index]["settings"]["index.number_of_shards"]),
    }


def hits_of(engine, index, shard, size):
    """Id, routing and ignored fields of every document of a shard, in pages by sequence number."""
    after = None
    while True:
        body = {"size": size, "_source": False, "sort": [{"_seq_no": {"order": "asc", "unmapped_type": "long"}}]}
        if after is not None:
            body["search_after"] = after
        answer = engine.call("POST", f"/{encoded(index)}/_search?preference=_shards:{shard}", body)
        if answer["_shards"]["failed"] != "0" or answer["timed_out"]:
            raise RuntimeError(f"{index}, shard {shard}: a search failed in part")
        hits = answer["hits"]["hits"]
        yield from hits
        if len(hits) < size:
            return
        after = [int(hits[-1]["sort"][0])]


def documents_of(engine, index, shards, size=1000):
    """Each document of an index by (shard, id, routing): the bytes of its source and the fields that were ignored."""
    documents = {}
    for shard in range(shards):
        for hit in hits_of(engine, index, shard, size):
            routing = hit.get("_routing")
            key = (shard, hit["_id"], routing)
            if key in documents:
                raise RuntimeError(f"{index}: {key} came twice")
            query = "" if routing is None else f"?routing={encoded(routing)}"
            status, source = engine.send("GET", f"/{encoded(index)}/_source/{encoded(hit['_id'])}{query}")
            if status != 200:
                raise RuntimeError(f"{index}: the source of {hit['_id'][:60]!r} answers {status}")
            documents[key] = (source, tuple(sorted(hit.get("_ignored", []))))
    return documents


def index_of(engine, index):
    """All that is compared of an index; None when there is none."""
    status, _ = engine.send("HEAD", f"/{encoded(index)}?expand_wildcards=all")
    if status == 404:
        return None
    found = definition_of(engine, index)
    window = int(found["settings"].get("index.max_result_window", 10000))
    found["documents"] = documents_of(engine, index, found["shards"], min(1000, window))
    found["count"] = int(engine.call("GET", f"/{encoded(index)}/_count")["count"])
    return found


def shown(source, limit=160):
    if len(source) <= limit:
        return repr(source)
    return f"{source[:limit]!r}… ({len(source)} bytes, SHA-256 {hashlib.sha256(source).hexdigest()[:12]})"
