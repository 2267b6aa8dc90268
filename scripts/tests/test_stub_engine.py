"""The stub engine under Tests/StubEngine, asked as a worker asks."""

import http.client
import json
import subprocess
import sys
import unittest
from pathlib import Path
from urllib.parse import urlsplit

STUB = Path(__file__).resolve().parents[2] / "Tests" / "StubEngine" / "stub_engine.py"


class StubEngineTests(unittest.TestCase):
    def start(self, *options):
        """Starts a stub, which ends with the test."""
        stub = subprocess.Popen([sys.executable, STUB, *options], stdout=subprocess.PIPE, text=True)
        self.addCleanup(stub.stdout.close)
        self.addCleanup(stub.wait)
        self.addCleanup(stub.kill)
        self.connection = http.client.HTTPConnection(urlsplit(stub.stdout.readline().strip()).netloc, timeout=30)
        self.addCleanup(self.connection.close)

    def ask(self, method, path, body=None):
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        self.connection.request(method, path, text)
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def page(self, view, after=None, size=4):
        asked = {"size": size, "sort": [{"_doc": "asc"}], "pit": {"id": view, "keep_alive": "60000ms"}, "track_total_hits": True}
        if after:
            asked["search_after"] = after
        status, answer = self.ask("POST", "/t1/_search?allow_partial_search_results=false", asked)
        self.assertEqual(status, 200)
        return answer

    def test_a_view_of_a_shard_gives_each_of_its_documents_once(self):
        self.start("--targets", "2", "--shards", "3", "--documents", "10", "--bytes", "100")
        seen = set()
        for shard in range(3):
            _, view = self.ask("POST", f"/t1/docs-0/_pit?keep_alive=5m&preference=_shards:{shard}")
            after, documents = None, 0
            while True:
                answer = self.page(view["id"], after)
                self.assertEqual(answer["hits"]["total"]["value"], 10)
                hits = answer["hits"]["hits"]
                if not hits:
                    break
                documents += len(hits)
                seen.update(hit["_id"] for hit in hits)
                after = hits[-1]["sort"]
            self.assertEqual(documents, 10)
            self.assertEqual(self.ask("DELETE", "/t1/_pit", {"id": view["id"]})[0], 200)
        self.assertEqual(len(seen), 30)
        _, stats = self.ask("GET", "/_stub/stats")
        own = stats["targets"]["t1"]
        for counters in (stats, own):
            self.assertEqual(counters["documentsRead"], 30)
            self.assertEqual((counters["pages"], counters["firstPages"]), (9, 3))
            self.assertEqual((counters["viewsOpened"], counters["viewsOpen"], counters["mostViewsOpen"]), (3, 0, 1))
        self.assertEqual(stats["targets"]["t0"]["requests"], {})

    def test_a_view_ends_with_its_time(self):
        self.start("--targets", "2")
        _, view = self.ask("POST", "/t1/docs-0/_pit?keep_alive=0ms")
        asked = {"size": 1, "pit": {"id": view["id"], "keep_alive": "60000ms"}}
        self.assertEqual(self.ask("POST", "/t1/_search", asked)[0], 404)
        self.assertEqual(self.ask("GET", "/_stub/stats")[1]["viewsOpen"], 0)

    def test_documents_are_loaded_through_an_alias_alone_and_counted_once(self):
        self.start()
        lines = "".join('{"index":{"_id":"%d"}}\n{}\n' % number for number in range(5))
        self.assertTrue(self.ask("POST", "/load/_bulk", lines)[1]["errors"])
        self.assertEqual(self.ask("PUT", "/new", {"settings": {"number_of_shards": 2}, "aliases": {"load": {}}})[0], 200)
        for _ in range(2):
            self.assertEqual(self.ask("POST", "/load/_bulk", lines)[1], {"errors": False, "items": [{"index": {"status": 201}}] * 5})
        self.assertEqual(self.ask("GET", "/new/_count")[1]["count"], 5)
        self.ask("POST", "/_aliases", {"actions": [{"remove": {"index": "new", "alias": "load"}}]})
        refusal = self.ask("POST", "/load/_bulk", lines)[1]["items"][0]["index"]
        self.assertEqual((refusal["status"], refusal["error"]["type"]), (404, "index_not_found_exception"))

    def test_a_journal_document_is_created_once(self):
        self.start()
        self.assertEqual(self.ask("POST", "/.sheaf/_mget", {"ids": ["s/begin"]})[1]["docs"][0]["error"]["type"], "index_not_found_exception")
        self.assertEqual(self.ask("PUT", "/.sheaf/_create/s%2Fbegin", {"nonce": "1"})[0], 201)
        self.assertEqual(self.ask("PUT", "/.sheaf/_create/s%2Fbegin", {"nonce": "2"})[0], 409)
        documents = self.ask("POST", "/.sheaf/_mget", {"ids": ["s/begin", "s/plan"]})[1]["docs"]
        self.assertEqual(documents[0]["_source"], {"nonce": "1"})
        self.assertFalse(documents[1]["found"])

    def test_what_no_worker_asks_is_refused_and_counted(self):
        self.start()
        self.assertEqual(self.ask("POST", "/docs-0/_forcemerge")[0], 400)
        self.assertEqual(self.ask("GET", "/_stub/stats")[1]["requests"]["unknown"], 1)


if __name__ == "__main__":
    unittest.main()
