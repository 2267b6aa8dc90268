#!/usr/bin/python3
"""A stub of Elasticsearch 8 for tests under load: it answers all that a worker asks in a backup and in a restore.

  Tests/StubEngine/stub_engine.py [--port N] [--latency SECONDS] [--targets N] [--indices N] [--shards N] [--documents N] [--bytes N]

It keeps no documents of the indices that it is born with, it makes them up, always the same, and caches the pages: so it takes next to
no CPU, and 10,000 shards cost nothing. What a restore loads is kept as the names of documents alone, enough to count them. It prints
one line, its address, when it is ready, and runs until it is ended.

With --targets 50 it is 50 clusters, at ADDRESS/t0 to ADDRESS/t49; without, it is one, at ADDRESS. `GET /_stub/stats` tells as JSON what
was asked so far, over all targets and of each: see `Counters`.
"""

import argparse
import asyncio
import json
import sys

sys.dont_write_bytecode = True
from cluster import Cluster, Shape  # noqa: E402
from connection import Connection, Response  # noqa: E402
from counters import Counters  # noqa: E402


class StubEngine:
    """All clusters of one process; the first part of a path chooses among them."""

    def __init__(self, shape, targets):
        self.counters = Counters()
        names = [f"t{number}" for number in range(targets)] or [""]
        self.clusters = {name: Cluster(shape, Counters(self.counters)) for name in names}
        self.is_one = targets == 0

    def answer(self, method, path, query, body):
        if path == "/_stub/stats":
            return Response(200, json.dumps(self.stats()).encode(), is_delayed=False)
        name, rest = "", path
        if not self.is_one:
            name, _, rest = path[1:].partition("/")
            rest = "/" + rest
        cluster = self.clusters.get(name)
        if cluster is None:
            return Response(404, b'{"error":"the stub has no target of that name","status":404}')
        response = cluster.answer(method, rest, query, body)
        if response is None:
            cluster.counters.count("unknown")
            print(f"the stub does not know {method} {path}?{query}", file=sys.stderr, flush=True)
            reason = {"type": "illegal_argument_exception", "reason": f"the stub does not know {method} {path}"}
            return Response(400, json.dumps({"error": reason, "status": 400}).encode())
        return response

    def stats(self):
        for cluster in self.clusters.values():
            cluster.forget_expired_views()
        targets = {name: cluster.counters.json() for name, cluster in self.clusters.items()}
        return {**self.counters.json(), "targets": targets}


async def serve(options):
    shape = Shape(options.indices, options.shards, options.documents, options.bytes, options.page_limit)
    engine = StubEngine(shape, options.targets)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(engine.answer, options.latency), "127.0.0.1", options.port, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: one that is free")
    parser.add_argument("--latency", type=float, default=0, help="seconds from each request to its answer")
    parser.add_argument("--targets", type=int, default=0, help="clusters at /t0, /t1, ...; 0: one, without a prefix")
    parser.add_argument("--indices", type=int, default=1, help="in each cluster, named docs-0, docs-1, ...")
    parser.add_argument("--shards", type=int, default=1, help="of each index")
    parser.add_argument("--documents", type=int, default=1000, help="of each shard")
    parser.add_argument("--bytes", type=int, default=200, help="of each document's source, roughly")
    parser.add_argument("--page-limit", type=int, default=10_000, help="each index's max_result_window")
    try:
        asyncio.run(serve(parser.parse_args()))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
