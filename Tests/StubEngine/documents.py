"""The documents that the stub makes up: the same bytes each time, so that a page is rendered once."""

import hashlib
from functools import lru_cache


@lru_cache(maxsize=1024)
def render_hits(index, first, count, documents_a_shard, size):
    """The hits from document `first` of an index on, as the inside of a JSON array.

    Documents are numbered through all shards of the index, and the number is the sort value too, as a point in time's `_shard_doc` is.
    """
    return b",".join(render_hit(index, number, documents_a_shard, size) for number in range(first, first + count))


def render_hit(index, number, documents_a_shard, size):
    shard = number // documents_a_shard
    seed = hashlib.sha256(b"%d" % number).hexdigest()
    text = (seed * (size // 64 + 1))[: max(0, size - 40)]
    source = f'{{"number":{number},"shard":{shard},"text":"{text}"}}'
    return f'{{"_index":"{index}","_id":"d{number}","_score":null,"_source":{source},"sort":[{number}]}}'.encode()


@lru_cache(maxsize=64)
def render_bulk_answer(count):
    """The answer to `count` documents that were all accepted, as `filter_path=errors,items.*.status,items.*.error` leaves it."""
    return b'{"errors":false,"items":[' + b",".join([b'{"index":{"status":201}}'] * count) + b"]}"
