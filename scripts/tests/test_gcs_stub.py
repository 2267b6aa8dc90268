"""The Google Cloud Storage under Tests/StubStores, asked with assertions that the package cryptography signs."""

import base64
import http.client
import json
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

STUB = Path(__file__).resolve().parents[2] / "Tests" / "StubStores" / "gcs.py"
OBJECTS = "/storage/v1/b/sheaf/o"
UPLOADS = f"/upload{OBJECTS}?uploadType=media&name="


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class GCSStubTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        path = Path(folder.name) / "account.json"
        stub = subprocess.Popen([sys.executable, STUB, "--port", "0", "--account", path], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(stub.stdout.close)
        cls.addClassCleanup(stub.wait)
        cls.addClassCleanup(stub.kill)
        cls.address = urlsplit(stub.stdout.readline().split()[1].rstrip(",")).netloc
        cls.account = json.loads(path.read_text())
        cls.key = serialization.load_pem_private_key(cls.account["private_key"].encode(), None)

    def setUp(self):
        self.connection = http.client.HTTPConnection(self.address, timeout=30)
        self.addCleanup(self.connection.close)

    def ask(self, method, path, body=None, token=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def token(self, key=None, head=None, **changes):
        now = int(time.time())
        claims = {
            "iss": self.account["client_email"],
            "aud": self.account["token_uri"],
            "scope": "https://www.googleapis.com/auth/devstorage.read_write",
            "iat": now,
            "exp": now + 3600,
        } | changes
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head or {"alg": "RS256"}, claims))
        signature = (key or self.key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": f"{text}.{encoded(signature)}"}
        status, content = self.ask("POST", "/token", urlencode(form))
        return status, json.loads(content).get("access_token")

    def test_only_the_accounts_own_fresh_assertion_is_taken(self):
        self.assertEqual(self.token()[0], 200)
        now = int(time.time())
        for changes in (
            {"key": rsa.generate_private_key(65537, 2048)},
            {"head": {"alg": "none"}},
            {"iss": "somebody@else.example"},
            {"aud": "https://elsewhere.example/token"},
            {"scope": "https://www.googleapis.com/auth/devstorage.read_only"},
            {"iat": now - 7200, "exp": now - 3600},
            {"iat": now + 600, "exp": now + 3600},
            {"exp": now + 36000},
        ):
            with self.subTest(changes):
                self.assertEqual(self.token(**changes), (400, None))

    def test_nothing_is_told_without_a_token(self):
        for token in (None, "ya29.made-up"):
            self.assertEqual(self.ask("GET", OBJECTS, token=token)[0], 401)
            self.assertEqual(self.ask("POST", f"{UPLOADS}x", b"1", token=token)[0], 401)

    def test_a_generation_is_a_condition(self):
        _, token = self.token()
        status, content = self.ask("POST", f"{UPLOADS}once&ifGenerationMatch=0", b"first", token)
        self.assertEqual(status, 200)
        generation = json.loads(content)["generation"]
        self.assertEqual(self.ask("POST", f"{UPLOADS}once&ifGenerationMatch=0", b"second", token)[0], 412)
        self.assertEqual(self.ask("GET", f"{OBJECTS}/once?alt=media", token=token), (200, b"first"))
        self.assertEqual(self.ask("DELETE", f"{OBJECTS}/once?ifGenerationMatch=1", token=token)[0], 412)
        self.assertEqual(self.ask("DELETE", f"{OBJECTS}/once?ifGenerationMatch={generation}", token=token)[0], 204)
        self.assertEqual(self.ask("GET", f"{OBJECTS}/once", token=token)[0], 404)

    def test_ranges_and_pages(self):
        _, token = self.token()
        for number in range(5):
            self.ask("POST", f"{UPLOADS}page%2F{number}", bytes(range(10)), token)
        self.assertEqual(self.ask("GET", f"{OBJECTS}/page%2F1?alt=media", token=token, Range="bytes=2-4"), (206, b"\2\3\4"))
        self.assertEqual(self.ask("GET", f"{OBJECTS}/page%2F1?alt=media", token=token, Range="bytes=8-99"), (206, b"\x08\x09"))
        self.assertEqual(self.ask("GET", f"{OBJECTS}/page%2F1?alt=media", token=token, Range="bytes=10-11")[0], 416)
        names, page = [], ""
        while page is not None:
            _, content = self.ask("GET", f"{OBJECTS}?prefix=page/&startOffset=page/1&maxResults=3{page}", token=token)
            answer = json.loads(content)
            names += [item["name"] for item in answer["items"]]
            page = f"&pageToken={answer['nextPageToken']}" if "nextPageToken" in answer else None
        self.assertEqual(names, [f"page/{number}" for number in range(1, 5)])

    def test_another_bucket_is_not_there(self):
        _, token = self.token()
        status, content = self.ask("GET", "/storage/v1/b/other/o", token=token)
        self.assertEqual((status, json.loads(content)["error"]["message"]), (404, "The specified bucket does not exist."))


if __name__ == "__main__":
    unittest.main()
