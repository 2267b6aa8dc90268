"""What can go wrong between a worker and an engine, each as a change to one request or to its answer."""

import json
import random

from wire import Message, response


def error(status, kind, reason):
    cause = {"type": kind, "reason": reason}
    return response(status, json.dumps({"error": {"root_cause": [cause], **cause}, "status": status}).encode())


BUSY = error(429, "es_rejected_execution_exception", "rejected execution of the fault engine")
BREAKER = error(429, "circuit_breaking_exception", "[parent] Data too large, says the fault engine")
UNAVAILABLE = error(503, "unavailable_shards_exception", "no shard is available, says the fault engine")
PAGE_OF_A_PROXY = response(200, b"<html><body>Please log in to the fault engine</body></html>", "text/html")
TOO_LARGE = response(413, b"<html><body>413 Request Entity Too Large</body></html>", "text/html")


class Cut(Exception):
    """The connection is to end after these bytes, and after that many seconds."""

    def __init__(self, sent=b"", pause=0.0):
        self.sent = sent
        self.pause = pause


def kind_of(request):
    """`page`, `bulk`, `document` (one that no bulk line holds), or `other`."""
    if request.path == "/_search" and request.method == "POST":
        return "page" if json.loads(request.body).get("size") != 0 else "other"
    if request.path.endswith(("/_search", "/_search/scroll")) and request.method == "POST":
        return "page" if "scroll" in request.target else "other"
    if request.path.endswith("/_bulk"):
        return "bulk"
    if "/_doc/" in request.path and request.method == "PUT":
        return "document"
    return "other"


async def busy(request, ask, choice):
    return BUSY


async def unavailable(request, ask, choice):
    return UNAVAILABLE


async def breaker(request, ask, choice):
    return BREAKER


async def proxy_page(request, ask, choice):
    return PAGE_OF_A_PROXY


async def reset_before(request, ask, choice):
    raise Cut()


async def reset_after(request, ask, choice):
    """The engine has done it, and the client cannot know."""
    await ask(request)
    raise Cut()


async def torn(request, ask, choice):
    """The answer breaks off within."""
    sent = (await ask(request)).serialized(with_body=request.method != "HEAD")
    raise Cut(sent[: choice.randrange(len(sent))])


async def torn_neatly(request, ask, choice):
    """The answer is cut, and its length says so: no HTTP client can tell."""
    answer = await ask(request)
    if request.method == "HEAD" or len(answer.body) < 2:
        return UNAVAILABLE
    return Message(answer.start, answer.headers, answer.body[: choice.randrange(1, len(answer.body))])


async def stalled(request, ask, choice):
    """Half of the answer, a while of nothing, and the end."""
    sent = (await ask(request)).serialized(with_body=request.method != "HEAD")
    raise Cut(sent[: len(sent) // 2], pause=1.5)


async def changed_page(request, ask, change):
    answer = await ask(request)
    if answer.status != 200:
        return answer
    page = json.loads(answer.body)
    change(page)
    return Message(answer.start, answer.headers, json.dumps(page).encode())


async def failed_shard(request, ask, choice):
    """HTTP 200, and fewer documents than there are, with the reason in `_shards`."""

    def change(page):
        shards = page["_shards"]
        shards["failed"], shards["successful"] = 1, shards["total"] - 1
        shards["failures"] = [{"shard": 0, "reason": {"type": "query_shard_exception", "reason": "the fault engine"}}]
        page["hits"]["hits"] = page["hits"]["hits"][::2]

    return await changed_page(request, ask, change)


async def failed_shard_at_the_end(request, ask, choice):
    """The same, with `_shards` behind the hits: the documents are with the reader by then."""

    def change(page):
        shards = page.pop("_shards")
        shards["failed"], shards["successful"] = 1, shards["total"] - 1
        page["hits"]["hits"] = page["hits"]["hits"][::2]
        page["_shards"] = shards

    return await changed_page(request, ask, change)


async def timed_out(request, ask, choice):
    def change(page):
        page["timed_out"] = True
        page["hits"]["hits"] = page["hits"]["hits"][: len(page["hits"]["hits"]) // 2]

    return await changed_page(request, ask, change)


async def lost_view(request, ask, choice):
    """The point in time, or the scroll, is deleted in front of the page that needs it."""
    asked = json.loads(request.body)
    if "pit" not in asked:
        ways = [("/_search/scroll", {"scroll_id": [asked["scroll_id"]]})] if "scroll_id" in asked else []
    else:
        view = asked["pit"]["id"]
        ways = [("/_pit", {"id": view}), ("/_search/point_in_time", {"pit_id": [view]})]
    for path, body in ways:
        await ask(Message(f"DELETE {path} HTTP/1.1", [("content-type", "application/json")], json.dumps(body).encode()))
    return await ask(request)


async def left_out(request, ask, choice):
    """A page that looks whole and lacks a document: only the count of the view can tell."""

    def change(page):
        hits = page["hits"]["hits"]
        if len(hits) > 1:
            del hits[choice.randrange(len(hits) - 1)]

    return await changed_page(request, ask, change)


async def doubled(request, ask, choice):
    """A page that has a document twice."""

    def change(page):
        hits = page["hits"]["hits"]
        if hits:
            hits.insert(0, hits[0])

    return await changed_page(request, ask, change)


async def swapped(request, ask, choice):
    """A page that has a document twice in place of another: no count can tell."""

    def change(page):
        hits = page["hits"]["hits"]
        if len(hits) > 1:
            place = choice.randrange(len(hits) - 1)
            hits[place] = hits[place + 1]

    return await changed_page(request, ask, change)


def bulk_lines(body):
    lines = [line + b"\n" for line in body.removesuffix(b"\n").split(b"\n")]  # not splitlines: a line may hold a carriage return
    return [(lines[number], lines[number + 1]) for number in range(0, len(lines) - 1, 2)]


async def refused_items(request, ask, choice, status=429):
    """Some documents are loaded, the others are refused by themselves."""
    pairs = bulk_lines(request.body)
    refused = [choice.random() < 0.3 for _ in pairs]
    passed = [pair for pair, is_refused in zip(pairs, refused) if not is_refused]
    items = []
    if passed:
        # Without the filter that leaves nothing but statuses: each item must say which it is.
        answer = await ask(Message(request.start, request.headers, b"".join(a + s for a, s in passed)))
        if answer.status != 200:
            return answer
        items = json.loads(answer.body)["items"]
    kind = "es_rejected_execution_exception" if status == 429 else "document_parsing_exception"
    reason = {"type": kind, "reason": "the fault engine does not take it"}
    remaining = iter(items)
    merged = []
    for (action, _), is_refused in zip(pairs, refused):
        name = next(iter(json.loads(action)))
        merged.append({name: {"status": status, "error": reason}} if is_refused else next(remaining))
    return response(200, json.dumps({"errors": True, "items": merged}, separators=(",", ":")).encode())


async def refused_for_good(request, ask, choice):
    """The same, and sending them again is of no use."""
    return await refused_items(request, ask, choice, status=400)


async def too_large(request, ask, choice):
    """As a gateway with a limit of 2 KB, which documents that are alone pass."""
    return TOO_LARGE if len(request.body) > 2_000 and len(bulk_lines(request.body)) > 1 else await ask(request)


FOR_ALL = [busy, unavailable, breaker, proxy_page, reset_before, torn, torn_neatly, stalled]
FOR_PAGES = [failed_shard, failed_shard_at_the_end, timed_out, lost_view]
LIES = [left_out, doubled, swapped]
FOR_BULK = [refused_items, refused_for_good, too_large]
BY_NAME = {fault.__name__: fault for fault in FOR_ALL + FOR_PAGES + LIES + FOR_BULK + [reset_after]}


class Schedule:
    """Decides which request meets which fault, by a seed; concurrent clients make their order vary."""

    def __init__(self, seed):
        self.seed(seed)
        self.plan([], 0, 0, 0)

    def seed(self, seed):
        self.choice = random.Random(seed)
        self.counts = {}

    def plan(self, names, rate, documents, others):
        """Each request meets one of the faults with that probability: those that move documents until so many have, the others until so
        many of them have. The rest of a burst comes on top."""
        self.faults = [BY_NAME[name] for name in names]
        self.rate = rate
        self.left = {"documents": documents, "others": others}
        self.burst = 0

    def next(self, request):
        """The fault for a request; None lets it pass."""
        kind = kind_of(request)
        if self.burst > 0:
            self.burst -= 1
            return self.taken(busy)
        budget = "others" if kind == "other" else "documents"
        fitting = [fault for fault in self.faults if self.fits(fault, kind)]
        if not fitting or self.left[budget] <= 0 or self.choice.random() >= self.rate:
            return None
        self.left[budget] -= 1
        fault = self.choice.choice(fitting)
        if fault is busy:
            self.burst = self.choice.randrange(4)
        return self.taken(fault)

    def fits(self, fault, kind):
        if fault in FOR_PAGES or fault in LIES:
            return kind == "page"
        if fault in FOR_BULK:
            return kind == "bulk"
        if fault is reset_after:
            return kind in ("bulk", "document")
        # A session has few other requests, and each is repeated: not all of them, or most rounds would end before the first page.
        return kind != "other" or self.choice.random() < 0.2

    def taken(self, fault):
        self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1
        return fault
