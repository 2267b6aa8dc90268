"""HTTP/1.1 messages over asyncio streams, whole: as much as a proxy between a worker and an engine needs."""

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Message:
    """A request or a response; `start` is its first line, names of headers are in lower case."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    @property
    def method(self):
        return self.start.split(" ", 2)[0]

    @property
    def target(self):
        return self.start.split(" ", 2)[1]

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def status(self):
        return int(self.start.split(" ", 2)[1])

    def serialized(self, with_body=True):
        skipped = ("content-length", "transfer-encoding", "connection")
        lines = [self.start] + [f"{name}: {value}" for name, value in self.headers if name not in skipped]
        length = self.header("content-length") if not with_body else str(len(self.body))
        if length is not None:
            lines.append(f"content-length: {length}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (self.body if with_body else b"")


def response(status, body, kind="application/json"):
    return Message(f"HTTP/1.1 {status} Answer", [("content-type", kind), ("x-elastic-product", "Elasticsearch")], body)


async def read_message(reader, has_body=True):
    """None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        return None
    start, *lines = head[:-4].split("\r\n")
    headers = [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    message = Message(start, headers)
    if not has_body:
        return message
    if (message.header("transfer-encoding") or "").lower() == "chunked":
        pieces = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readline()
        message.body = b"".join(pieces)
    else:
        message.body = await reader.readexactly(int(message.header("content-length") or 0))
    return message


class Upstream:
    """One kept-alive connection to the engine behind."""

    def __init__(self, url, authority=None, authorization=None):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.context = ssl.create_default_context(cafile=authority) if parts.scheme == "https" else None
        self.authorization = authorization
        self.reader = self.writer = None

    async def ask(self, request):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, ssl=self.context, limit=1 << 20)
        headers = [(name, value) for name, value in request.headers if name not in ("host", "accept-encoding")]
        if self.authorization is not None:
            headers = [(name, value) for name, value in headers if name != "authorization" and not name.startswith("x-amz-")]
            headers.append(("authorization", self.authorization))
        headers.append(("host", f"{self.host}:{self.port}"))
        self.writer.write(Message(request.start, headers, request.body).serialized())
        await self.writer.drain()
        answer = await read_message(self.reader, has_body=request.method != "HEAD")
        if answer is None:
            raise ConnectionError("the engine ended the connection")
        return answer

    def close(self):
        if self.writer is not None:
            self.writer.close()
            self.writer = None


async def serve(handle, context=None):
    """Serves each connection by `handle(reader, writer)` on a free port of loopback, prints the address and runs until it is ended."""

    async def connected(reader, writer):
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client went away, as clients may
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    print(f"{'https' if context else 'http'}://127.0.0.1:{port}", flush=True)
    await server.serve_forever()
