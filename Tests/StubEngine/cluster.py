"""One cluster as a worker sees it: indices, points in time, aliases, and the documents that are written."""

import json
import time
from collections import namedtuple

from answers import failure, flattened, no_index, seconds, shard_of, success
from connection import Response
from documents import render_bulk_answer, render_hits

# Of each index that a cluster is born with; documents are those of a shard, size is in bytes of a document.
Shape = namedtuple("Shape", "indices shards documents size page_limit")


class Index:
    __slots__ = ("name", "uuid", "settings", "mappings", "aliases", "shards", "made_up", "written")

    def __init__(self, name, uuid, settings, mappings, aliases, shards, made_up=0):
        self.name = name
        self.uuid = uuid
        self.settings = settings
        self.mappings = mappings
        self.aliases = aliases
        self.shards = shards
        # Documents of each shard that the stub makes up.
        self.made_up = made_up
        # Journal documents by id, with their bytes; of loaded documents the action lines alone, which name them.
        self.written = {}

    @property
    def documents(self):
        return self.shards * self.made_up + len(self.written)


class View:
    __slots__ = ("index", "first", "end", "shards", "expires")

    def __init__(self, index, shard):
        self.index = index
        self.first = 0 if shard is None else shard * index.made_up
        self.end = index.shards * index.made_up if shard is None else self.first + index.made_up
        self.shards = index.shards if shard is None else 1
        self.expires = 0


class Cluster:
    def __init__(self, shape, counters):
        self.shape = shape
        self.counters = counters
        self.made = 0
        self.views = {}
        self.view_count = 0
        self.indices = {}
        mappings = {"properties": {"number": {"type": "long"}, "shard": {"type": "integer"}, "text": {"type": "keyword"}}}
        settings = {"index.number_of_shards": str(shape.shards), "index.number_of_replicas": "1"}
        settings["index.max_result_window"] = str(shape.page_limit)
        for number in range(shape.indices):
            self.make_index(f"docs-{number}", settings, mappings, {}, shape.documents)

    def make_index(self, name, settings, mappings, aliases, made_up=0):
        self.made += 1
        shards = int(settings.get("index.number_of_shards", 1))
        self.indices[name] = Index(name, f"uuid{self.made:018d}", settings, mappings, aliases, shards, made_up)

    def resolved(self, name):
        """The index of that name, or the one that the alias points at; None when there is neither."""
        return self.indices.get(name) or next((index for index in self.indices.values() if name in index.aliases), None)

    def answer(self, method, path, query, body):
        """None for what a worker does not ask."""
        words = path.strip("/").split("/")
        if words[0].startswith("_") or words == [""]:
            return self.answer_cluster(method, words, query, body)
        name = words[0]
        if len(words) == 1:
            return self.answer_index(method, name, body)
        # Ids of journal entries have slashes, which the client encodes.
        identifier = path.strip("/").split("/", 2)[2] if len(words) > 2 else ""
        return self.answer_inside(method, name, words[1], identifier, query, body)

    def answer_cluster(self, method, words, query, body):
        match (method, *words):
            case ("GET", ""):
                self.counters.count("root")
                version = {"number": "8.15.0", "build_flavor": "default"}
                return success({"cluster_name": "stub", "cluster_uuid": "stub", "version": version, "tagline": "You Know, for Tests"})
            case ("POST", "_search"):
                return self.search(json.loads(body))
            case ("DELETE", "_pit"):
                self.counters.count("closeView")
                found = self.views.pop(json.loads(body)["id"], None)
                if found:
                    self.counters.view_closed()
                return success({"succeeded": bool(found), "num_freed": int(bool(found))}, 200 if found else 404)
            case ("GET", "_cat", "indices"):
                self.counters.count("list")
                return success([self.row(index) for index in self.indices.values()])
            case ("GET", "_cluster", "state", "metadata"):
                self.counters.count("state")
                return success({"metadata": {"indices": {name: {"routing_num_shards": 1024} for name in self.indices}}})
            case ("GET", "_scripts", _):
                self.counters.count("probe")
                return success({"found": False}, 404)
            case ("POST", "_data_stream", "_modify"):
                self.counters.count("probe")
                return success({"error": "no handler found", "status": 400}, 400)
            case ("GET", "_nodes", _, "http"):
                self.counters.count("probe")
                return success({"nodes": {"stub": {"http": {"max_content_length_in_bytes": 100 << 20}}}})
            case ("GET", "_nodes", _, "stats", "jvm"):
                self.counters.count("probe")
                return success({"nodes": {"stub": {"timestamp": int(time.time() * 1000)}}})
            case ("GET", "_cluster", "settings"):
                self.counters.count("objects")
                return success({"persistent": {}, "transient": {}})
            case ("GET", "_ilm", "policy") | ("GET", "_ingest", "pipeline") | ("GET", "_template"):
                self.counters.count("objects")
                return success({})
            case ("GET", "_component_template") | ("GET", "_index_template"):
                self.counters.count("objects")
                return success({words[0][1:] + "s": []})
            case ("PUT" | "DELETE", "_index_template", _):
                self.counters.count("template")
                return success({"acknowledged": True})
            case ("GET", "_data_stream", *_):
                self.counters.count("objects")
                return success({"data_streams": []})
            case ("GET", "_alias"):
                self.counters.count("alias")
                return success({index.name: {"aliases": index.aliases} for index in self.indices.values()})
            case ("GET", "_alias", alias):
                self.counters.count("alias")
                found = {index.name: {"aliases": {alias: {}}} for index in self.indices.values() if alias in index.aliases}
                return success(found) if found else success({"error": f"alias [{alias}] missing", "status": 404}, 404)
            case ("POST", "_aliases"):
                return self.change_aliases(json.loads(body)["actions"])
        return None

    def answer_index(self, method, name, body):
        index = self.indices.get(name)
        if method == "PUT":
            self.counters.count("createIndex")
            if index:
                return failure(400, "resource_already_exists_exception", f"index [{name}/{index.uuid}] already exists")
            asked = json.loads(body or b"{}")
            self.make_index(name, flattened(asked.get("settings", {})), asked.get("mappings", {}), asked.get("aliases", {}))
            return success({"acknowledged": True, "shards_acknowledged": True, "index": name})
        self.counters.count({"HEAD": "exists", "GET": "describe", "DELETE": "deleteIndex"}.get(method, "unknown"))
        # A description follows aliases, a deletion does not.
        index = index or (None if method == "DELETE" else self.resolved(name))
        if not index:
            return no_index(name)
        if method == "HEAD":
            return Response(200, b"")
        if method == "DELETE":
            del self.indices[name]
            return success({"acknowledged": True})
        if method != "GET":
            return None
        own = {"index.uuid": index.uuid, "index.provided_name": index.name, "index.creation_date": "1700000000000"}
        described = {"aliases": index.aliases, "mappings": index.mappings, "settings": {**index.settings, **own}}
        return success({index.name: described})

    def answer_inside(self, method, name, what, identifier, query, body):
        match (method, what):
            case ("PUT" | "POST", "_create"):
                return self.create_document(name, identifier, body)
            case ("POST", "_mget"):
                return self.get_documents(name, json.loads(body)["ids"])
            case ("POST", "_bulk"):
                return self.load(name, body)
            case ("PUT", "_doc"):
                return self.load(name, b'{"index":{"_id":%s}}\n\n' % json.dumps(identifier).encode(), is_bulk=False)
        index = self.resolved(name)
        if not index:
            self.counters.count("missing")
            return no_index(name)
        shards = {"total": index.shards, "successful": index.shards, "skipped": 0, "failed": 0}
        match (method, what):
            case ("POST", "_refresh"):
                self.counters.count("refresh")
                return success({"_shards": shards})
            case ("GET", "_count"):
                self.counters.count("count")
                count = index.documents if shard_of(query) is None else index.made_up
                return success({"count": count, "_shards": shards})
            case ("GET", "_search_shards"):
                self.counters.count("shards")
                return success({"shards": [[{"index": index.name, "shard": shard_of(query) or 0}]]})
            case ("POST", "_pit"):
                self.counters.count("openView")
                return self.open_view(index, query)
            case ("GET", "_alias"):
                self.counters.count("alias")
                return success({index.name: {"aliases": index.aliases}})
            case ("PUT", "_settings"):
                self.counters.count("settings")
                settings = {**index.settings, **flattened(json.loads(body))}
                index.settings = {key: value for key, value in settings.items() if value is not None}
                return success({"acknowledged": True})
        return None

    def row(self, index):
        size = str(index.documents * self.shape.size)
        return {"index": index.name, "status": "open", "uuid": index.uuid, "pri": str(index.shards), "pri.store.size": size}

    def open_view(self, index, query):
        if index.written:
            return failure(400, "illegal_argument_exception", "the stub keeps no documents of an index that was loaded")
        self.view_count += 1
        identifier = f"view-{self.view_count}"
        view = self.views[identifier] = View(index, shard_of(query))
        view.expires = time.monotonic() + seconds(query.partition("keep_alive=")[2].partition("&")[0])
        self.counters.view_opened()
        return success({"id": identifier})

    def forget_expired_views(self):
        now = time.monotonic()
        for identifier in [name for name, view in self.views.items() if view.expires < now]:
            del self.views[identifier]
            self.counters.view_closed()

    def search(self, asked):
        identifier = asked["pit"]["id"]
        view = self.views.get(identifier)
        self.counters.count("page" if asked["size"] else "countView")
        if not view or view.expires < time.monotonic():
            return failure(404, "search_context_missing_exception", f"No search context found for id [{identifier}]")
        view.expires = time.monotonic() + seconds(asked["pit"]["keep_alive"])
        total = b'"total":{"value":%d,"relation":"eq"},' % (view.end - view.first) if asked.get("track_total_hits") else b""
        first = asked["search_after"][0] + 1 if "search_after" in asked else view.first
        count = max(0, min(asked["size"], view.end - first))
        self.counters.read(count, is_first=first == view.first)
        hits = render_hits(view.index.name, first, count, view.index.made_up, self.shape.size) if count else b""
        opening = b'{"pit_id":"%s","took":1,"timed_out":false,"_shards":{"total":%d,"successful":%d,"skipped":0,"failed":0},"hits":{' % (
            identifier.encode(),
            view.shards,
            view.shards,
        )
        return Response(200, b"%s%s%s%s%s" % (opening, total, b'"max_score":null,"hits":[', hits, b"]}}"))

    def load(self, alias, lines, is_bulk=True):
        """Takes actions of the kind `index`, each with its source, through an alias alone, as `require_alias=true` demands."""
        self.counters.count("bulk" if is_bulk else "writeDocument")
        actions = lines.split(b"\n")[0:-1:2]
        index = next((index for index in self.indices.values() if alias in index.aliases), None)
        if not index:
            reason = f"no such index [{alias}] and [require_alias] request flag is [true] and [{alias}] is not an alias"
            if not is_bulk:
                return failure(404, "index_not_found_exception", reason)
            refusal = {"index": {"status": 404, "error": {"type": "index_not_found_exception", "reason": reason}}}
            return success({"errors": True, "items": [refusal] * len(actions)})
        index.written.update(dict.fromkeys(actions))
        self.counters.wrote(len(actions))
        return Response(200, render_bulk_answer(len(actions))) if is_bulk else success({"result": "created"}, 201)

    def create_document(self, name, identifier, body):
        self.counters.count("createDocument")
        if name not in self.indices:
            self.make_index(name, {}, {}, {})
        written = self.indices[name].written
        if identifier in written:
            return failure(409, "version_conflict_engine_exception", f"[{identifier}]: version conflict, document already exists")
        written[identifier] = body
        return success({"_index": name, "_id": identifier, "result": "created"}, 201)

    def get_documents(self, name, identifiers):
        self.counters.count("getDocuments")
        index = self.indices.get(name)
        answers = []
        for identifier in identifiers:
            answer = {"_index": name, "_id": identifier}
            if not index:
                answer["error"] = {"type": "index_not_found_exception", "reason": f"no such index [{name}]"}
            elif identifier in index.written:
                answer |= {"found": True, "_source": json.loads(index.written[identifier])}
            else:
                answer["found"] = False
            answers.append(answer)
        return success({"docs": answers})

    def change_aliases(self, actions):
        self.counters.count("changeAliases")
        for action in actions:
            for kind, what in action.items():
                index = self.indices.get(what["index"])
                if not index:
                    return no_index(what["index"])
                if kind == "add":
                    details = {key: value for key, value in what.items() if key not in ("index", "alias")}
                    index.aliases[what["alias"]] = details
                elif kind == "remove":
                    if index.aliases.pop(what["alias"], None) is None:
                        return failure(404, "aliases_not_found_exception", f"aliases [{what['alias']}] missing")
                else:
                    del self.indices[what["index"]]
        return success({"acknowledged": True})
