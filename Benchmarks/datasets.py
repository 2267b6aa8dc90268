"""The five data sets, as bulk lines: real flights, and four that are made up from a seed, with the entropy that such documents have."""

import json
import random
import runpy
from pathlib import Path

FLIGHTS = Path(__file__).resolve().parent.parent / "scripts" / "flights"
SEED = 20260727
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HEX = "0123456789abcdef"


class DataSet:
    """Name, index definition, and `lines(bytes)`: pairs of lines until that many bytes are reached."""

    def __init__(self, name, properties, make, settings=None):
        self.name = name
        self.properties = properties
        self.make = make
        self.settings = settings or {}

    def definition(self, shards):
        settings = {"number_of_shards": shards, "number_of_replicas": 0, "refresh_interval": "-1"} | self.settings
        return {"settings": settings, "mappings": {"properties": self.properties}}

    def lines(self, limit):
        size = 0
        for number, line in enumerate(self.make(random.Random(f"{SEED} {self.name}")), 1):
            document = b'{"index":{"_id":"%d"}}\n%s\n' % (number, line)
            size += len(document)
            yield document
            if size >= limit:
                return


def encoded(document):
    return json.dumps(document, separators=(",", ":")).encode()


def vocabulary(rng, count):
    """Words whose frequency falls with their rank, as in a language."""
    words = ["".join(rng.choices(LETTERS, k=2 + int(rng.expovariate(0.22)))) for _ in range(count)]
    weights, total = [], 0.0
    for rank in range(count):
        total += 1 / (rank + 2.7)
        weights.append(total)
    return words, weights


def digits(rng, count):
    return "".join(rng.choices(HEX, k=count))


def flights(_):
    for pair in runpy.run_path(str(FLIGHTS), run_name="flights")["documents"]("flights"):
        yield pair.split(b"\n")[1]


def logs(rng):
    words, weights = vocabulary(rng, 3_000)
    hosts = [f"node-{digits(rng, 6)}.eu-central-1.example.net" for _ in range(400)]
    paths = ["/" + "/".join(rng.choices(words, k=3)) for _ in range(2_000)]
    agents = ["Mozilla/5.0 (" + " ".join(rng.choices(words, k=9)) + ")" for _ in range(150)]
    time = 1_764_000_000_000
    while True:
        time += int(rng.expovariate(0.2))
        yield encoded(
            {
                "@timestamp": time,
                "level": rng.choices(("INFO", "WARN", "ERROR", "DEBUG"), (80, 8, 2, 10))[0],
                "host": rng.choice(hosts),
                "request": digits(rng, 32),
                "client": ".".join(str(rng.randrange(256)) for _ in range(4)),
                "path": rng.choice(paths),
                "status": rng.choices((200, 204, 301, 404, 500), (80, 5, 5, 8, 2))[0],
                "bytes": int(rng.lognormvariate(8, 2)),
                "seconds": round(rng.lognormvariate(-4, 1.5), 6),
                "agent": rng.choice(agents),
                "message": " ".join(rng.choices(words, cum_weights=weights, k=22)),
            }
        )


def orders(rng):
    words, weights = vocabulary(rng, 8_000)
    products = [(digits(rng, 12), " ".join(rng.choices(words, k=4)), round(rng.lognormvariate(3, 1), 2)) for _ in range(5_000)]
    while True:
        items = []
        for sku, title, price in rng.choices(products, k=rng.randint(6, 14)):
            items.append({"sku": sku, "title": title, "price": price, "quantity": rng.randint(1, 5), "batch": digits(rng, 16)})
        yield encoded(
            {
                "order": digits(rng, 24),
                "placed": 1_764_000_000_000 + rng.randrange(10**10),
                "customer": {
                    "id": rng.randrange(10**7),
                    "name": " ".join(rng.choices(words, k=2)).title(),
                    "mail": f"{rng.choice(words)}.{digits(rng, 4)}@example.org",
                    "address": {
                        "street": f"{rng.choice(words).title()} {rng.randrange(200)}",
                        "city": rng.choice(words).title(),
                        "location": {"lat": round(rng.uniform(-60, 70), 5), "lon": round(rng.uniform(-180, 180), 5)},
                    },
                },
                "items": items,
                "note": " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(20, 60))),
            }
        )


def texts(rng):
    words, weights = vocabulary(rng, 40_000)
    while True:
        yield encoded({"title": " ".join(rng.choices(words, k=7)), "text": " ".join(rng.choices(words, cum_weights=weights, k=3_400))})


def wide(rng):
    words, _ = vocabulary(rng, 2_000)
    while True:
        numbers = [f'"i{place:03d}":{rng.randrange(10**6)}' for place in range(400)]
        numbers += [f'"d{place:03d}":{rng.gauss(0, 1000):.4f}' for place in range(300)]
        names = [f'"k{place:03d}":"{word}-{rng.randrange(1000)}"' for place, word in enumerate(rng.choices(words, k=300))]
        yield ("{" + ",".join(numbers + names) + "}").encode()


KEYWORD, LONG, DOUBLE, TEXT, DATE = ({"type": kind} for kind in ("keyword", "long", "double", "text", "date"))

SETS = [
    DataSet(
        "flights",
        {name: KEYWORD for name in ("carrier", "tailnum", "origin", "dest")} | {"time_hour": DATE},
        flights,
    ),
    DataSet(
        "logs",
        {
            "@timestamp": DATE, "level": KEYWORD, "host": KEYWORD, "request": KEYWORD, "client": {"type": "ip"}, "path": KEYWORD,
            "status": LONG, "bytes": LONG, "seconds": DOUBLE, "agent": KEYWORD, "message": TEXT,
        },
        logs,
    ),
    DataSet(
        "orders",
        {
            "order": KEYWORD, "placed": DATE, "note": TEXT,
            "customer": {
                "properties": {
                    "id": LONG, "name": TEXT, "mail": KEYWORD,
                    "address": {"properties": {"street": TEXT, "city": KEYWORD, "location": {"type": "geo_point"}}},
                }
            },
            "items": {
                "type": "nested",
                "properties": {"sku": KEYWORD, "title": TEXT, "price": DOUBLE, "quantity": LONG, "batch": KEYWORD},
            },
        },
        orders,
    ),
    DataSet("texts", {"title": TEXT, "text": TEXT}, texts),
    DataSet(
        "wide",
        {f"i{place:03d}": LONG for place in range(400)}
        | {f"d{place:03d}": DOUBLE for place in range(300)}
        | {f"k{place:03d}": KEYWORD for place in range(300)},
        wide,
        {"index.mapping.total_fields.limit": 2_000},
    ),
]  # fmt: skip
