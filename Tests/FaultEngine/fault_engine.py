#!/usr/bin/python3
"""A proxy in front of an engine that makes mistakes when it is told to, for tests.

  Tests/FaultEngine/fault_engine.py URL

It prints one line, its address, when it is ready, and runs until it is ended. Until it is given a plan it passes everything on:
`POST /_faults/plan` with {"kinds": [...], "rate": 0.05, "documents": 10, "others": 5}; `POST /_faults/seed` with {"seed": 7} begins anew;
`GET /_faults/counts` tells how many of each kind there were since.
The kinds are the functions of faults.py.
"""

import argparse
import asyncio
import json
import sys

sys.dont_write_bytecode = True
import faults  # noqa: E402
from wire import Upstream, read_message, response, serve  # noqa: E402


class FaultEngine:
    def __init__(self, url):
        self.url = url
        self.schedule = faults.Schedule(1)

    async def handle(self, reader, writer):
        upstream = Upstream(self.url)
        try:
            while (request := await read_message(reader)) is not None:
                try:
                    answer = await self.answer(request, upstream)
                except faults.Cut as cut:
                    writer.write(cut.sent)
                    await writer.drain()
                    await asyncio.sleep(cut.pause)
                    writer.transport.abort()
                    return
                writer.write(answer.serialized(with_body=request.method != "HEAD"))
                await writer.drain()
        finally:
            upstream.close()

    async def answer(self, request, upstream):
        if request.path == "/_faults/plan":
            plan = json.loads(request.body)
            self.schedule.plan(plan["kinds"], plan["rate"], plan["documents"], plan["others"])
            return response(200, b"{}")
        if request.path == "/_faults/seed":
            self.schedule.seed(json.loads(request.body)["seed"])
            return response(200, b"{}")
        if request.path == "/_faults/counts":
            return response(200, json.dumps(self.schedule.counts).encode())
        fault = self.schedule.next(request)
        if fault is None:
            return await upstream.ask(request)
        print(f"{fault.__name__} {request.method} {request.path}", file=sys.stderr, flush=True)
        return await fault(request, upstream.ask, self.schedule.choice)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    asyncio.run(serve(FaultEngine(parser.parse_args().url).handle))
