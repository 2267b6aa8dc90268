"""As much of HTTP/1.1 as a client needs that keeps its connections alive: one request after the other, bodies by Content-Length."""

import asyncio
from urllib.parse import unquote

REASONS = {200: b"OK", 201: b"Created", 400: b"Bad Request", 404: b"Not Found", 409: b"Conflict"}


class Response:
    __slots__ = ("status", "body", "is_delayed")

    def __init__(self, status, body, is_delayed=True):
        self.status = status
        self.body = body
        self.is_delayed = is_delayed


class Connection(asyncio.Protocol):
    """One client. A request is answered `latency` seconds after its last byte came, by a timer and not by a thread."""

    def __init__(self, answer, latency):
        self.answer = answer
        self.latency = latency
        self.received = bytearray()
        self.is_answering = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        if not self.is_answering:
            self.take_request()

    def take_request(self):
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.received[:end]).decode("latin-1")
        length = 0
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
        if len(self.received) < end + 4 + length:
            return
        body = bytes(self.received[end + 4 : end + 4 + length])
        del self.received[: end + 4 + length]
        method, target, _ = head.split(" ", 2)
        path, _, query = target.partition("?")
        response = self.answer(method, unquote(path) if "%" in path else path, unquote(query), body)
        status = b"%d %s" % (response.status, REASONS[response.status])
        text = b"HTTP/1.1 %s\r\nX-elastic-product: Elasticsearch\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (
            status,
            len(response.body),
        )
        if method != "HEAD":
            text += response.body
        if self.latency > 0 and response.is_delayed:
            self.is_answering = True
            asyncio.get_running_loop().call_later(self.latency, self.send, text)
        else:
            self.send(text)

    def send(self, text):
        self.is_answering = False
        if not self.transport.is_closing():
            self.transport.write(text)
            if self.received:
                self.take_request()
