"""The index cases: settings, mappings and aliases (es-dump.md, sections 2, 3.4, 3.7 and 3.8)."""

from case import ES7, ES8, OS, PREFIX, Case, Document


def docs(count, **fields):
    return [Document(f"d{n}", (f'{{"n":{n}' + "".join(f',"{k}":{v}' for k, v in fields.items()) + "}").encode()) for n in range(count)]


def doc(source, id="1", routing=None):
    return [Document(id, source.encode(), routing)]


KEYWORD = {"type": "keyword"}

SETTINGS = [
    Case("plain", "no refresh_interval: the server's default with search idle, not 1s", documents=docs(3)),
    Case("refresh-off", "refresh_interval -1", settings={"refresh_interval": "-1"}, documents=docs(3)),
    Case("refresh-explicit", "refresh_interval 7s", settings={"refresh_interval": "7s"}, documents=docs(3)),
    Case("replicas", "two replicas", settings={"number_of_replicas": 2}, documents=docs(3)),
    Case("replicas-expand", "auto_expand_replicas", settings={"auto_expand_replicas": "0-3"}, documents=docs(3)),
    Case(
        "durability",
        "asynchronous translog",
        settings={"translog.durability": "async", "translog.sync_interval": "9s"},
        documents=docs(3),
    ),
    Case("small-window", "max_result_window 7 with 40 documents", settings={"max_result_window": 7}, documents=docs(40)),
    Case("compression", "codec best_compression", settings={"codec": "best_compression"}, documents=docs(3)),
    Case(
        "codec-lz4",
        "a codec that OpenSearch alone names",
        on=(OS,),
        settings={"codec": "lz4"},
        documents=docs(3),
        lost={ES8: ("index.codec",)},
    ),
    Case("retention", "soft_deletes.retention", settings={"soft_deletes.retention.operations": 1000}, documents=docs(3)),
    Case(
        "no-soft-deletes",
        "soft deletes off, which newer servers refuse",
        on=(ES7,),
        settings={"soft_deletes.enabled": False},
        documents=docs(3),
        lost={OS: ("index.soft_deletes.enabled",)},
    ),
    Case(
        "various",
        "slow logs, limits, merge policy, lists",
        settings={
            "priority": 7,
            "gc_deletes": "30s",
            "search.idle.after": "20s",
            "search.slowlog.threshold.query.warn": "10s",
            "indexing.slowlog.source": "100",
            "merge.policy.max_merged_segment": "2gb",
            "unassigned.node_left.delayed_timeout": "5m",
            "query.default_field": ["a", "b*"],
            "mapping.total_fields.limit": 1500,
            "mapping.nested_objects.limit": 99,
            "highlight.max_analyzed_offset": 5000,
            "max_ngram_diff": 5,
            "store.preload": ["nvd"],
        },
        documents=docs(3),
    ),
    Case(
        "opensearch-only",
        "settings that OpenSearch alone has",
        on=(OS,),
        settings={"merge_on_flush.enabled": False},
        documents=docs(3),
        lost={ES8: ("index.merge_on_flush.enabled",)},
    ),
    Case(
        "allocation",
        "rules that name nodes of the old cluster are left out and told",
        settings={"routing.allocation.exclude._name": "nobody"},
        documents=docs(3),
        backup_says=("{index}", "index.routing.allocation.exclude._name"),
    ),
    Case("block-write", "blocks.write", documents=docs(3), steps=[("PUT", "/{index}/_settings", {"index.blocks.write": True})]),
    Case("block-read-only", "blocks.read_only", documents=docs(3), steps=[("PUT", "/{index}/_settings", {"index.blocks.read_only": True})]),
    Case(
        "block-allow-delete",
        "blocks.read_only_allow_delete",
        documents=docs(3),
        steps=[("PUT", "/{index}/_settings", {"index.blocks.read_only_allow_delete": True})],
    ),
    Case(
        "default-pipeline",
        "a default pipeline must not run again: it is not even there",
        settings={"default_pipeline": "fid-not-there"},
        documents=docs(3),
        writing="pipeline=_none",
    ),
    Case(
        "final-pipeline",
        "a final pipeline must not run: it is not even there",
        documents=docs(3),
        steps=[("PUT", "/{index}/_settings", {"index.final_pipeline": "fid-not-there"})],
    ),
    Case("hidden", "a hidden index", settings={"hidden": True}, documents=docs(3)),
    Case("dot-asked", "a name with a leading dot that a pattern asks for", index=".asked", settings={"hidden": True}, documents=docs(2)),
    Case("dot-unasked", "a name with a leading dot that nobody asks for", index=".unasked", settings={"hidden": True}, documents=docs(2), is_left_out=True),
    Case("empty", "no document", settings={"number_of_shards": 1}),
    Case("empty-shards", "no document in twelve shards", settings={"number_of_shards": 12}),
    Case("odd-name", "a name of signs and accents", index="odd+%&=;@!~'()[]{}é", documents=docs(2)),
    Case("date-math-name", "a name like date math", index="{now-1d}", documents=docs(2)),
    Case("long-name", "a name of 255 bytes", index="l" * (255 - len(PREFIX)), documents=docs(2)),
    Case(
        "clone",
        "private settings of a clone are left out",
        documents=docs(5),
        settings={"number_of_shards": 1},
        steps=[
            ("PUT", "/{index}/_settings", {"index.blocks.write": True}),
            ("POST", "/{index}/_clone/{index}-of", {"settings": {"index.blocks.write": None}}),
            ("POST", "/{index}-of/_refresh", None),
        ],
        also=("{index}-of",),
    ),
]

ROUTED = [Document(f"r{n}", f'{{"n":{n}}}'.encode(), f"route {n % 7}") for n in range(60)]

SHARDS = [
    Case(
        "routing-shards",
        "number_of_routing_shards settles where documents live",
        settings={"number_of_shards": 3, "number_of_routing_shards": 30},
        documents=docs(60) + ROUTED,
    ),
    Case(
        "routing-partition",
        "routing_partition_size",
        settings={"number_of_shards": 4, "routing_partition_size": 2},
        mappings={"_routing": {"required": True}},
        documents=ROUTED,
    ),
    Case("routing-required", "required routing", mappings={"_routing": {"required": True}}, settings={"number_of_shards": 2}, documents=ROUTED),
    Case(
        "sorted",
        "an index sort",
        settings={"sort.field": ["k", "n"], "sort.order": ["desc", "asc"], "sort.missing": ["_last", "_first"]},
        mappings={"properties": {"k": KEYWORD, "n": {"type": "integer"}}},
        documents=docs(20, k='"a"') + doc('{"k":"z","n":1}', "z"),
    ),
    Case(
        "updated-and-deleted",
        "updates, deletes and versions",
        settings={"number_of_shards": 2},
        documents=docs(30),
        steps=[("PUT", "/{index}/_doc/d%d" % n, {"n": n, "again": True}) for n in range(0, 30, 3)]
        + [("DELETE", "/{index}/_doc/d%d" % n, None) for n in range(1, 30, 3)],
    ),
    Case("many-documents", "more than a unit: 1,000 documents of 1 KB", settings={"number_of_shards": 3}, mappings={"dynamic": False}, documents=docs(1000, text='"' + "lorem ipsum " * 80 + '"')),
]

ALIASES = [
    Case(
        "alias-filter",
        "a filter with numbers, both routings",
        mappings={"properties": {"k": KEYWORD, "n": {"type": "double"}}},
        aliases={
            "{index}-some": {"filter": {"bool": {"must": [{"term": {"k": "é"}}, {"range": {"n": {"gte": 1.5}}}]}}},
            "{index}-routed": {"index_routing": "one", "search_routing": "one,six"},
            "{index}-plain": {},
        },
        documents=docs(3),
    ),
    Case("alias-write", "the write index of an alias of two", aliases={"fid-shared": {"is_write_index": True}}, documents=docs(2)),
    Case("alias-no-write", "the other index of that alias", aliases={"fid-shared": {"is_write_index": False}}, documents=docs(2)),
    Case("alias-hidden", "a hidden alias", aliases={"{index}-h": {"is_hidden": True}}, documents=docs(2)),
    Case("alias-odd", "an alias of signs", aliases={"{index}+%&=é": {}}, documents=docs(2)),
]

CASES = SETTINGS + SHARDS + ALIASES
