"""The data stream case: OpenSearch alone, since the other engines here have no API that lists streams (engines/README.md)."""

from case import OS
from search_engine import encoded
from oracle import documents_of

NAME = "data-stream"
WHAT = "a data stream of three generations with ids that occur in two of them"
STREAM = "fid-stream"
TEMPLATE = "fid-stream"
ON = (OS,)

MAPPINGS = {"properties": {"n": {"type": "integer"}}}
GENERATIONS = [
    [("a", b'{"@timestamp":"2024-01-01T00:00:00Z" ,"n":1.0e0}'), ("b", b'{"@timestamp":"2024-01-02","n":2}')],
    [("a", b'{"@timestamp":"2024-01-03","n":3,"x":1.50e0}'), ("c", b'{"n":4,"@timestamp":1704499200000}')],
    [("d", b'{"@timestamp":"2024-01-05","n":5}')],
]
DOCUMENTS = sum(len(generation) for generation in GENERATIONS)


def make(engine):
    template = {
        "index_patterns": [STREAM],
        "data_stream": {},
        "priority": 700,
        "template": {"settings": {"number_of_shards": 2, "number_of_replicas": 0}, "mappings": MAPPINGS},
    }
    engine.call("PUT", f"/_index_template/{TEMPLATE}", template)
    engine.call("PUT", f"/_data_stream/{STREAM}")
    for number, generation in enumerate(GENERATIONS):
        if number:
            engine.call("POST", f"/{STREAM}/_rollover")
        for identifier, source in generation:
            path = f"/{STREAM}/_create/{encoded(identifier)}"
            status, answer = engine.send("PUT", path, source)
            if status >= 300:
                raise RuntimeError(f"{path}: {status} {answer[:300]!r}")
    engine.call("POST", f"/{STREAM}/_refresh")


def read(engine):
    """Field, settings of the template's and documents, generation after generation; None without the stream."""
    status, _ = engine.send("GET", f"/_data_stream/{STREAM}")
    if status != 200:
        return None
    stream = engine.get(f"/_data_stream/{STREAM}")["data_streams"][0]
    generations = []
    for index in stream["indices"]:
        name = index["index_name"]
        shards = int(engine.call("GET", f"/{name}/_settings?flat_settings=true")[name]["settings"]["index.number_of_shards"])
        generations.append(
            {
                "documents": documents_of(engine, name, shards),
                "mappings": engine.call("GET", f"/{name}/_mapping")[name]["mappings"],
                "shards": shards,
            }
        )
    return {"field": stream["timestamp_field"]["name"], "template": stream.get("template"), "generations": generations}


def delete(engine):
    engine.send("DELETE", f"/_data_stream/{STREAM}")
    engine.send("DELETE", f"/_index_template/{TEMPLATE}")
