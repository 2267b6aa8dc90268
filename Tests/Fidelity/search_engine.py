"""A server as the oracle sees it: plain HTTP and bytes, nothing of Sheaf."""

import http.client
import json
import urllib.parse


class Refused(Exception):
    def __init__(self, what, status, body):
        super().__init__(f"{what}: {status} {body[:600].decode(errors='replace')}")
        self.status = status


class Number(str):
    """A number as it stands in the text, so that 1.0, 1.00 and 1 differ."""


def parse(body):
    return json.loads(body, parse_float=Number, parse_int=Number)


def encoded(name):
    """A path's part; dots too, since clients and proxies resolve `..`."""
    return urllib.parse.quote(name, safe="").replace(".", "%2E")


class Engine:
    def __init__(self, url):
        self.url = url
        self.host = url.split("//", 1)[1].rstrip("/")
        self.connection = http.client.HTTPConnection(self.host, timeout=120)

    def send(self, method, path, body=None, kind="application/json"):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        headers = {"Content-Type": kind} if body is not None else {}
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # The server closed a connection that was idle, as between two sessions.
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        return response.status, response.read()

    def call(self, method, path, body=None):
        """The answer as JSON; raises unless it is a success."""
        status, answer = self.send(method, path, body)
        if status >= 300:
            raise Refused(f"{method} {path[:200]}", status, answer)
        return parse(answer)

    def get(self, path):
        """The answer as JSON, or None where there is no such thing."""
        status, answer = self.send("GET", path)
        if status == 404:
            return None
        if status >= 300:
            raise Refused(f"GET {path[:200]}", status, answer)
        return parse(answer)

    def put(self, index, document, query=""):
        """Writes one document by itself, so that its bytes may hold anything."""
        parts = [query] if query else []
        if document.routing is not None:
            parts.append("routing=" + encoded(document.routing))
        path = f"/{encoded(index)}/_doc/{encoded(document.id)}" + ("?" + "&".join(parts) if parts else "")
        status, answer = self.send("PUT", path, document.source)
        if status >= 300:
            raise Refused(f"document {document.id[:60]!r} of {index}", status, answer)

    def delete_index(self, name):
        """Deletes an index by its own name, whatever blocks it has; one that is gone is fine."""
        path = "/" + encoded(name)
        status, answer = self.send("DELETE", path)
        if status == 403:
            for block in ("read_only", "metadata", "read_only_allow_delete", "write", "read"):
                self.send("PUT", path + "/_settings", {f"index.blocks.{block}": None})
            status, answer = self.send("DELETE", path)
        if status >= 300 and status != 404:
            raise Refused(f"DELETE {name}", status, answer)
