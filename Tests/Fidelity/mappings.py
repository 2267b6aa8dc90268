"""The mapping cases: types, dynamic rules, sources that are not kept as they came (es-dump.md, sections 3.5 and 3.8)."""

from case import ES7, ES8, OS, Case, Document, Solo
from indices import KEYWORD, doc, docs

ANALYSIS = {
    "analyzer": {
        "mine": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "halt"]},
        "short": {"type": "standard", "max_token_length": 5, "stopwords": ["x", "ö"]},
    },
    "filter": {"halt": {"type": "stop", "stopwords": ["a", "ö"]}, "pairs": {"type": "shingle", "min_shingle_size": 2}},
    "normalizer": {"low": {"type": "custom", "filter": ["lowercase"]}},
}

TEXT = [
    Case(
        "analysis",
        "analyzers, filters and normalizers of the index's own",
        settings={"analysis": ANALYSIS},
        mappings={"properties": {"t": {"type": "text", "analyzer": "mine"}, "k": {"type": "keyword", "normalizer": "low"}}},
        documents=doc('{"t":"Ein ö a Test","k":"LOW"}'),
    ),
    Case(
        "similarity",
        "similarities of the index's own",
        settings={
            "similarity": {
                "mine": {"type": "BM25", "k1": 1.4, "b": 0.2},
                "dfr": {"type": "DFR", "basic_model": "g", "after_effect": "l", "normalization": "h2", "normalization.h2.c": "3.0"},
            }
        },
        mappings={"properties": {"t": {"type": "text", "similarity": "mine"}, "u": {"type": "text", "similarity": "dfr"}}},
        documents=doc('{"t":"x","u":"y"}'),
    ),
    Case(
        "multi-fields",
        "fields, copy_to, null_value, ignore_above, boost of dynamic text",
        mappings={
            "properties": {
                "t": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 10}}, "copy_to": ["all"]},
                "all": {"type": "text", "index_options": "offsets", "term_vector": "with_positions"},
                "k": {"type": "keyword", "null_value": "NULL", "doc_values": False},
                "o": {"type": "object", "enabled": False},
                "al": {"type": "alias", "path": "k"},
            }
        },
        documents=doc('{"t":"more than ten letters","k":null,"o":{"a":[1,"x",{}]}}') + doc('{"o":"not an object"}', "2"),
    ),
    Case(
        "dynamic-templates",
        "dynamic templates in their order",
        mappings={
            "dynamic_templates": [
                {"z": {"match_mapping_type": "string", "match": "*_k", "mapping": {"type": "keyword", "ignore_above": 10}}},
                {"a": {"path_match": "o.*", "mapping": {"type": "text", "analyzer": "simple"}}},
            ]
        },
        documents=doc('{"x_k":"y","o":{"p":"q"}}'),
    ),
    Case(
        "dynamic-rules",
        "detection of dates and numbers",
        on=(ES8, ES7),
        mappings={"date_detection": True, "numeric_detection": True, "dynamic_date_formats": ["yyyy/MM"]},
        documents=doc('{"d":"2024/05","n":"1.50","s":"x"}'),
    ),
    Case(
        "dynamic-rules-opensearch",
        "the same on OpenSearch, which notes print_format in the mapping",
        on=(OS,),
        mappings={"date_detection": True, "numeric_detection": True, "dynamic_date_formats": ["yyyy/MM"]},
        documents=doc('{"d":"2024/05","n":"1.50","s":"x"}'),
        solo={ES8: Solo(restore="Failed", restore_says=("{index}", "print_format"))},
    ),
    Case("strict", "dynamic strict", mappings={"dynamic": "strict", "properties": {"n": {"type": "long"}}}, documents=docs(3)),
    Case(
        "meta-numbers",
        "_meta with numbers of all kinds, as the server holds them",
        mappings={"_meta": {"f": 1.5, "one": 1.0, "big": 12345678901234567890, "deep": {"z": 1, "a": [], "n": None}, "é": "\u2028"}},
    ),
    Case(
        "field-limit",
        "1,200 mapped fields",
        settings={"mapping.total_fields.limit": 1500},
        mappings={"properties": {f"f{n}": KEYWORD for n in range(1200)}},
        documents=doc('{"f0":"x","f1199":"y"}'),
    ),
    Case(
        "depth-limit",
        "40 levels where 20 are the default",
        settings={"mapping.depth.limit": 60},
        documents=doc('{"a":' * 40 + "1" + "}" * 40),
    ),
]

VALUES = [
    Case(
        "types",
        "dates, ranges, addresses, binaries, completion",
        mappings={
            "properties": {
                "d": {"type": "date", "format": "yyyy-MM-dd||epoch_millis"},
                "dn": {"type": "date_nanos"},
                "ir": {"type": "integer_range"},
                "dr": {"type": "date_range"},
                "ip": {"type": "ip"},
                "ipr": {"type": "ip_range"},
                "b": {"type": "binary"},
                "c": {"type": "completion"},
                "bool": {"type": "boolean"},
                "h": {"type": "half_float"},
                "by": {"type": "byte"},
            }
        },
        documents=doc(
            '{"d":[1, "2024-02-29"],"dn":"2024-02-29T00:00:00.123456789Z","ir":{"gt":1,"lte":5.0},"dr":{"gte":"2024"},"ip":"::1",'
            '"ipr":"10.0.0.0/8","b":"SGVsbG8=","c":{"input":["a","b"],"weight":3},"bool":"false","h":"1.10","by":"7"}'
        ),
    ),
    Case(
        "geo",
        "points in all their spellings",
        mappings={"properties": {"p": {"type": "geo_point"}}},
        documents=doc('{"p":[2.3500,48.85000000000001]}', "array")
        + doc('{"p":"48.850,2.35"}', "text")
        + doc('{"p":{"lat":48.85,"lon":2.350}}', "object")
        + doc('{"p":"u09tvw0"}', "hash")
        + doc('{"p":"POINT (2.350 48.85)"}', "wkt"),
    ),
    Case(
        "nested-documents",
        "nested objects count as no documents",
        settings={"number_of_shards": 2},
        mappings={"properties": {"items": {"type": "nested", "properties": {"a": KEYWORD, "in": {"type": "nested"}}}}},
        documents=[Document(f"n{n}", ('{"items":[' + ",".join(['{"a":"x","in":[{"b":1},{"b":2}]}'] * n) + "]}").encode()) for n in range(12)],
    ),
    Case(
        "malformed",
        "values that were ignored stay, and are ignored again",
        settings={"mapping.ignore_malformed": True},
        mappings={"properties": {"n": {"type": "integer"}, "d": {"type": "date"}, "k": {"type": "keyword", "ignore_above": 3}}},
        documents=doc('{"n":"no number","d":"no date","k":"too long"}') + doc('{"n":1}', "2"),
    ),
    Case(
        "dense-vector",
        "vectors in the source",
        on=(ES8,),
        mappings={"properties": {"v": {"type": "dense_vector", "dims": 3}}},
        documents=doc('{"v":[1.50e0, -0.0 ,0.10]}'),
        solo={OS: Solo(restore="Failed", restore_says=("{index}", "dense_vector"))},
    ),
    Case(
        "sparse-vector",
        "a sparse vector in the source",
        on=(ES8,),
        mappings={"properties": {"v": {"type": "sparse_vector"}}},
        documents=doc('{"v":{"b":1.50e0,"a":2}}'),
        solo={OS: Solo(restore="Failed", restore_says=("{index}", "sparse_vector"))},
    ),
    Case(
        "flattened",
        "a type that Elasticsearch alone has",
        on=(ES8,),
        mappings={"properties": {"f": {"type": "flattened"}}},
        documents=doc('{"f":{"a":1.0,"b":{"c":"d"}}}'),
        solo={OS: Solo(restore="Failed", restore_says=("{index}", "flattened"))},
    ),
    Case(
        "opensearch-types",
        "types that OpenSearch alone has here",
        on=(OS,),
        mappings={"properties": {"w": {"type": "wildcard"}, "f": {"type": "flat_object"}, "u": {"type": "unsigned_long"}, "m": {"type": "match_only_text"}}},
        documents=doc('{"w":"a*b","f":{"a":{"b":1.0}},"u":18446744073709551615,"m":"some text"}'),
        solo={ES8: Solo(restore="Failed", restore_says=("{index}", "flat_object"))},
    ),
    Case(
        "runtime-fields",
        "runtime fields",
        on=(ES8,),
        mappings={"dynamic": "runtime", "runtime": {"r": {"type": "keyword"}}, "properties": {"n": {"type": "long"}}},
        documents=docs(3, x='"y"'),
        solo={OS: Solo(restore="Failed", restore_says=("{index}", "runtime"))},
    ),
    Case(
        "derived-fields",
        "derived fields",
        on=(OS,),
        mappings={"derived": {"d": {"type": "keyword", "script": {"source": "emit('a')"}}}},
        documents=docs(3),
        solo={ES8: Solo(restore="Failed", restore_says=("{index}", "derived"))},
    ),
    Case(
        "subobjects",
        "dots that make no objects",
        on=(ES8,),
        mappings={"subobjects": False},
        documents=doc('{"a":1,"a.b":2}'),
        solo={OS: Solo(restore="Failed", restore_says=("{index}", "subobjects"))},
    ),
    Case(
        "no-field-names",
        "_field_names off, which Elasticsearch 8 refuses",
        on=(OS, ES7),
        mappings={"_field_names": {"enabled": False}},
        documents=docs(3),
        solo={ES8: Solo(restore="Failed", restore_says=("{index}", "_field_names"))},
    ),
]

SOURCES = [
    Case(
        "source-excludes",
        "fields that the source leaves out are gone, and the backup says so",
        mappings={"_source": {"excludes": ["secret.*", "x"]}},
        documents=doc('{"a":1,"x":2,"secret":{"y":3}}'),
        canonical=True,
        backup_says=("{index}", "_source", "secret.*"),
    ),
    Case(
        "source-includes",
        "a source of some fields alone",
        mappings={"_source": {"includes": ["a"]}},
        documents=doc('{"a":1,"x":2}'),
        canonical=True,
        backup_says=("{index}", "_source"),
    ),
    Case(
        "synthetic",
        "a source that the server makes from its fields",
        on=(ES8,),
        settings={"mapping.source.mode": "synthetic"},
        mappings={"properties": {"k": KEYWORD, "n": {"type": "double"}, "o": {"properties": {"z": KEYWORD, "a": {"type": "long"}}}}},
        documents=doc('{"o":{"z":"y","a":3},"n":1.50e0,"k":"x"}') + doc('{"o.z":"dotted","k":["b","a"]}', "2"),
        canonical=True,
        lost={OS: ("index.mapping.source.mode",)},
        backup_says=("{index}", "synthetic"),
    ),
    Case(
        "logsdb",
        "index.mode logsdb",
        on=(ES8,),
        settings={"mode": "logsdb"},
        mappings={"properties": {"@timestamp": {"type": "date"}, "host.name": KEYWORD, "n": {"type": "long"}}},
        documents=doc('{"n":1,"host":{"name":"h"},"@timestamp":"2024-01-01T00:00:00.000Z"}'),
        canonical=True,
        backup_says=("{index}", "synthetic"),
        lost={OS: ("index.mode",)},
    ),
    Case(
        "time-series",
        "index.mode time_series, where the server derives ids",
        on=(ES8,),
        settings={
            "mode": "time_series",
            "routing_path": ["host"],
            "time_series.start_time": "2024-01-01T00:00:00Z",
            "time_series.end_time": "2024-02-01T00:00:00Z",
        },
        mappings={
            "properties": {
                "@timestamp": {"type": "date"},
                "host": {"type": "keyword", "time_series_dimension": True},
                "n": {"type": "double", "time_series_metric": "gauge"},
            }
        },
        steps=[
            ("POST", "/{index}/_doc?refresh=true", {"@timestamp": "2024-01-02T00:00:00.000Z", "host": "h", "n": 1.5}),
            ("POST", "/{index}/_doc?refresh=true", {"@timestamp": "2024-01-03T00:00:00.000Z", "host": "i", "n": 2.5}),
        ],
        canonical=True,
        backup_says=("{index}", "synthetic"),
        solo={OS: Solo(restore="Failed", restore_says=("{index}", "time_series_dimension"))},
    ),
]

CASES = TEXT + VALUES + SOURCES
