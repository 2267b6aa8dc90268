"""A search engine's REST API, as far as the scripts beside this file need it. Uses the standard library alone and nothing of Sheaf."""

import base64
import http.client
import json
import os
import ssl
from urllib.parse import quote, urlsplit


class EngineError(Exception):
    """What was asked of which engine, and what it answered."""


class Engine:
    """One engine behind one kept-alive connection.

    A user comes from ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, a private CA from `ca_file` or ELASTICSEARCH_CA.
    """

    def __init__(self, url, ca_file=None):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EngineError(f"'{url}' is no engine address; expected http://HOST:PORT or https://HOST:PORT")
        if parts.username:
            raise EngineError("an engine address must not carry a password; set ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD")
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path.rstrip("/")
        self.headers = {}
        user = os.environ.get("ELASTICSEARCH_USERNAME")
        if user:
            secret = f"{user}:{os.environ.get('ELASTICSEARCH_PASSWORD', '')}"
            self.headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=ca_file or os.environ.get("ELASTICSEARCH_CA"))
            self.connection = http.client.HTTPSConnection(parts.hostname, parts.port or 443, timeout=300, context=trust)
        else:
            self.connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=300)

    def raw(self, method, path, body=None, content_type="application/json"):
        """The status and the bytes of the answer, untouched."""
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = content_type
        try:
            self.connection.request(method, self.prefix + path, body=body, headers=headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self.connection.close()
            raise EngineError(f"{method} {self.url}{path}: {problem}") from problem

    def bytes(self, method, path, body=None, content_type="application/json", accept=()):
        """The bytes of a 2xx answer (or one of the statuses in `accept`); any other is an error with the engine's own text."""
        status, answer = self.raw(method, path, body, content_type)
        if status // 100 != 2 and status not in accept:
            raise EngineError(f"{method} {self.url}{path} answered {status}: {answer[:500].decode('utf-8', 'replace')}")
        return answer

    def json(self, method, path, body=None, **options):
        answer = self.bytes(method, path, None if body is None else json.dumps(body).encode(), **options)
        return json.loads(answer) if answer else {}

    def exists(self, index):
        status, _ = self.raw("HEAD", "/" + quote(index, safe=""))
        return status == 200

    def count(self, index):
        return self.json("GET", f"/{quote(index, safe='')}/_count")["count"]

    def refresh(self, index):
        self.json("POST", f"/{quote(index, safe='')}/_refresh")
