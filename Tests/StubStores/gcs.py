"""A Google Cloud Storage of the tests' own: the JSON API with generation preconditions and OAuth tokens of a service account.

  Tests/StubStores/gcs.py --port N --account FILE [--bucket NAME] [--token-seconds N]

FILE is the service account's key as Google hands it out; it is made when it is not there. Needs nothing but Python and openssl.
Objects are held in memory. Every request but /token needs a token of that account that has not run out.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import secrets
import subprocess
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

# RFC 8017, section 9.2: what precedes a SHA-256 digest in a signature.
DIGEST_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = {
    "https://www.googleapis.com/auth/devstorage.read_write",
    "https://www.googleapis.com/auth/devstorage.full_control",
    "https://www.googleapis.com/auth/cloud-platform",
}
LONGEST_PAGE = 1000


def openssl(*arguments: str, text: str = "") -> str:
    return subprocess.run(["openssl", *arguments], input=text, text=True, check=True, capture_output=True).stdout


class Account:
    """The service account that may come in, and the tokens that it was given."""

    def __init__(self, path: Path, url: str, seconds: float):
        if not path.exists():
            key = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
            content = {
                "type": "service_account",
                "project_id": "sheaf-tests",
                "private_key_id": secrets.token_hex(20),
                "private_key": key,
                "client_email": "sheaf@sheaf-tests.iam.gserviceaccount.com",
                "token_uri": f"{url}/token",
            }
            draft = path.with_name(f"{path.name}.{os.getpid()}")
            draft.write_text(json.dumps(content, indent=2))
            draft.chmod(0o600)
            draft.replace(path)
        content = json.loads(path.read_text())
        self.email = content["client_email"]
        self.audience = content["token_uri"]
        shown = openssl("rsa", "-noout", "-text", text=content["private_key"])
        self.modulus = int(re.sub(r"[\s:]", "", shown.split("modulus:")[1].split("publicExponent")[0]), 16)
        self.exponent = int(re.search(r"publicExponent: (\d+)", shown).group(1))
        self.seconds = seconds
        self.tokens: dict[str, float] = {}
        self.lock = threading.Lock()

    def is_signed(self, text: str, signature: bytes) -> bool:
        size = (self.modulus.bit_length() + 7) // 8
        if len(signature) != size:
            return False
        plain = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus).to_bytes(size, "big")
        tail = DIGEST_PREFIX + hashlib.sha256(text.encode()).digest()
        return plain == b"\x00\x01" + b"\xff" * (size - 3 - len(tail)) + b"\x00" + tail

    def fault(self, assertion: str) -> str | None:
        """What is wrong with an assertion, None when nothing is."""
        parts = assertion.split(".")
        if len(parts) != 3:
            return "not three parts"
        try:
            head, claims = (json.loads(decoded(part)) for part in parts[:2])
            signature = decoded(parts[2])
        except ValueError as error:
            return f"not readable: {error}"
        now = time.time()
        if head.get("alg") != "RS256":
            return "not RS256"
        if not self.is_signed(".".join(parts[:2]), signature):
            return "Invalid JWT Signature."
        if claims.get("iss") != self.email or claims.get("aud") != self.audience:
            return "another issuer or audience"
        if not set(str(claims.get("scope", "")).split()) & SCOPES:
            return "no scope of storage"
        issued, expires = claims.get("iat", 0), claims.get("exp", 0)
        if not (issued <= now + 60 and now < expires <= issued + 3600):
            return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return None

    def token(self) -> str:
        token = "ya29." + secrets.token_urlsafe(24)
        with self.lock:
            self.tokens[token] = time.time() + self.seconds
        return token

    def knows(self, token: str) -> bool:
        with self.lock:
            return time.time() < self.tokens.get(token, 0)


def decoded(text: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Bucket:
    """Objects by name, each with the generation that it was given."""

    def __init__(self, name: str):
        self.name = name
        self.objects: dict[str, tuple[bytes, dict]] = {}
        self.generation = time.time_ns() // 1000
        self.lock = threading.Lock()

    def insert(self, name: str, content: bytes, expected: int | None) -> dict | None:
        """None: the precondition does not hold."""
        now = time.time()
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03}Z"
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with self.lock:
            there = self.objects.get(name)
            if expected is not None and expected != (int(there[1]["generation"]) if there else 0):
                return None
            self.generation += 1
            about = {
                "kind": "storage#object",
                "bucket": self.name,
                "name": name,
                "generation": str(self.generation),
                "size": str(len(content)),
                "md5Hash": digest,
                "timeCreated": moment,
                "updated": moment,
            }
            self.objects[name] = (content, about)
            return about

    def find(self, name: str) -> tuple[bytes, dict] | None:
        with self.lock:
            return self.objects.get(name)

    def remove(self, name: str, expected: int | None) -> HTTPStatus:
        with self.lock:
            there = self.objects.get(name)
            if there is None:
                return HTTPStatus.NOT_FOUND
            if expected is not None and expected != int(there[1]["generation"]):
                return HTTPStatus.PRECONDITION_FAILED
            del self.objects[name]
            return HTTPStatus.NO_CONTENT

    def page(self, prefix: str, start: str, limit: int) -> tuple[list[dict], str | None]:
        """The objects from `start` on, and the name that the next page starts with."""
        with self.lock:
            # Names are ASCII here: the order of characters is that of their bytes.
            names = sorted(name for name in self.objects if name.startswith(prefix) and name >= start)
            items = [self.objects[name][1] for name in names[:limit]]
            return items, names[limit] if len(names) > limit else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: Account
    bucket: Bucket

    def log_message(self, *_arguments):
        pass

    def answer(self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def say(self, value: dict, status: int = 200):
        self.answer(status, json.dumps(value).encode())

    def refuse(self, status: HTTPStatus, reason: str, message: str):
        errors = [{"domain": "global", "reason": reason, "message": message}]
        self.say({"error": {"code": status.value, "message": message, "errors": errors}}, status.value)

    def handle_request(self):
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if address.path == "/":
            return self.say({"stub": "gcs"})
        if address.path == "/token" and self.command == "POST":
            return self.hand_out(content)
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not self.account.knows(token):
            return self.refuse(HTTPStatus.UNAUTHORIZED, "authError", "Invalid Credentials")
        match = re.fullmatch(r"(/upload)?/storage/v1/b/([^/]+)/o(?:/([^/]+))?", address.path)
        if match is None:
            return self.refuse(HTTPStatus.NOT_FOUND, "notFound", "Not Found")
        upload, bucket, name = match.group(1), unquote(match.group(2)), unquote(match.group(3) or "")
        if bucket != self.bucket.name:
            return self.refuse(HTTPStatus.NOT_FOUND, "notFound", "The specified bucket does not exist.")
        expected = int(query["ifGenerationMatch"]) if "ifGenerationMatch" in query else None
        if upload and self.command == "POST" and query.get("uploadType") == "media":
            return self.insert(query.get("name", ""), content, expected)
        if not upload and self.command == "GET" and not name:
            return self.list(query)
        if not upload and self.command == "GET":
            return self.show(name, query)
        if not upload and self.command == "DELETE" and name:
            status = self.bucket.remove(name, expected)
            if status == HTTPStatus.NO_CONTENT:
                return self.answer(status)
            return self.refuse(status, status.phrase, f"{status.phrase}: {bucket}/{name}")
        return self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, "methodNotAllowed", "This stub does not know that request")

    def hand_out(self, content: bytes):
        form = {name: values[-1] for name, values in parse_qs(content.decode()).items()}
        fault = "another grant type" if form.get("grant_type") != GRANT else self.account.fault(form.get("assertion", ""))
        if fault is not None:
            return self.say({"error": "invalid_grant", "error_description": fault}, 400)
        seconds = int(self.account.seconds)
        return self.say({"access_token": self.account.token(), "expires_in": seconds, "token_type": "Bearer"})

    def insert(self, name: str, content: bytes, expected: int | None):
        if not name:
            return self.refuse(HTTPStatus.BAD_REQUEST, "required", "Required parameter: name")
        about = self.bucket.insert(name, content, expected)
        if about is None:
            message = "At least one of the pre-conditions you specified did not hold."
            return self.refuse(HTTPStatus.PRECONDITION_FAILED, "conditionNotMet", message)
        return self.say(about)

    def show(self, name: str, query: dict):
        found = self.bucket.find(name)
        if found is None:
            return self.refuse(HTTPStatus.NOT_FOUND, "notFound", f"No such object: {self.bucket.name}/{name}")
        content, about = found
        if query.get("alt") != "media":
            return self.say(about)
        size = len(content)
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if span is None:
            return self.answer(200, content, "application/octet-stream")
        start, end = int(span.group(1)), min(int(span.group(2) or size - 1), size - 1)
        if start >= size:
            return self.answer(416, b"", Content_Range=f"bytes */{size}")
        piece = content[start : end + 1]
        return self.answer(206, piece, "application/octet-stream", Content_Range=f"bytes {start}-{end}/{size}")

    def list(self, query: dict):
        start = query.get("startOffset", "")
        if "pageToken" in query:
            start = decoded(query["pageToken"]).decode()
        limit = min(int(query.get("maxResults", LONGEST_PAGE)), LONGEST_PAGE)
        items, following = self.bucket.page(query.get("prefix", ""), start, limit)
        answer: dict = {"kind": "storage#objects", "items": items} if items else {"kind": "storage#objects"}
        if following is not None:
            answer["nextPageToken"] = base64.urlsafe_b64encode(following.encode()).decode().rstrip("=")
        return self.say(answer)

    do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = handle_request


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", type=Path, required=True)
    parser.add_argument("--bucket", default="sheaf")
    parser.add_argument("--token-seconds", type=float, default=3600)
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    Handler.account = Account(options.account, url, options.token_seconds)
    Handler.bucket = Bucket(options.bucket)
    print(f"gcs: {url}, bucket {options.bucket}, account {options.account}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
