"""What Sheaf is compared with: curl, as fast as it goes and without a look at a document, and elasticdump."""

import json
import os
import subprocess
import time
from pathlib import Path

BODY_BYTES = 5_000_000
PAGE_BYTES = 5_000_000
CLIENTS = 2


class Failed(Exception):
    """A measurement that is none."""


def curl(jobs, answers):
    """Runs one curl for each list of jobs, all at once; a job is a list of lines of curl's configuration.

    Returns seconds and, for each job, its status and the bytes of its answer.
    """
    folder = Path(answers)
    files = []
    for number, list_of_jobs in enumerate(jobs):
        file = folder / f"curl-{number}"
        common = ["silent", "show-error", "fail-with-body", r'write-out = "%{http_code} %{size_download}\n"']
        file.write_text("\nnext\n".join("\n".join(common + job) for job in list_of_jobs) + "\n")
        files.append(file)
    begun = time.monotonic()
    running = [subprocess.Popen(["curl", "-q", "-K", str(file)], stdout=subprocess.PIPE, text=True) for file in files]
    outputs = [process.communicate()[0] for process in running]
    seconds = time.monotonic() - begun
    if any(process.returncode for process in running):
        raise Failed(f"curl ended with {[process.returncode for process in running]}: {[output[-300:] for output in outputs]}")
    results = [[tuple(map(int, line.split())) for line in output.splitlines()] for output in outputs]
    for number, (list_of_jobs, lines) in enumerate(zip(jobs, results, strict=True)):
        if len(lines) != len(list_of_jobs) or any(status != 200 for status, _ in lines):
            raise Failed(f"curl {number} got {len(lines)} of {len(list_of_jobs)} answers, or one that is not 200")
    return seconds, results


class Drain:
    """Reads all pages of one point in time a shard, each asked for as it was the first time, when `search_after` was learned."""

    def __init__(self, engine, index, shards, folder, document_bytes):
        self.engine, self.folder = engine, Path(folder)
        self.jobs, self.expected, self.views, self.documents = [], [], [], 0
        size = max(1, min(10_000, PAGE_BYTES // document_bytes))
        for shard in range(shards):
            view = engine.json("POST", f"/{index}/_pit?keep_alive=30m&preference=_shards:{shard}")["id"]
            self.views.append(view)
            jobs, sizes, after = [], [], None
            while True:
                body = {"size": size, "pit": {"id": view, "keep_alive": "30m"}, "sort": ["_doc"], "track_total_hits": False}
                if after is not None:
                    body["search_after"] = after
                file = self.folder / f"page-{shard}-{len(jobs)}"
                file.write_text(json.dumps(body))
                answer = engine.bytes("POST", "/_search", file.read_bytes())
                page = json.loads(answer)
                if page["timed_out"] or page["_shards"]["failed"] or page["_shards"]["total"] != 1:
                    raise Failed(f"a page of shard {shard} of {index} is not whole: {answer[:300]!r}")
                jobs.append(
                    [
                        f'url = "{engine.url}/_search"', 'header = "Content-Type: application/json"',
                        f'data-binary = "@{file}"', 'output = "/dev/null"',
                    ]
                )  # fmt: skip
                # `took` has as many digits as it likes.
                sizes.append(len(answer) - len(str(page["took"])))
                hits = page["hits"]["hits"]
                self.documents += len(hits)
                if not hits:
                    break
                after = hits[-1]["sort"]
            self.jobs.append(jobs)
            self.expected.append(sizes)

    def run(self):
        seconds, results = curl(self.jobs, self.folder)
        for wanted, got in zip(self.expected, results, strict=True):
            for bytes_wanted, (_, bytes_got) in zip(wanted, got, strict=True):
                if not 1 <= bytes_got - bytes_wanted <= 6:
                    raise Failed(f"a page had {bytes_got} bytes instead of {bytes_wanted} and a few for `took`")
        return seconds

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for view in self.views:
            self.engine.json("DELETE", "/_pit", {"id": view})


class RawBulk:
    """Posts the same lines in bodies of 5 MB by two clients, into an index without refresh and replicas, and refreshes it."""

    def __init__(self, engine, folder, lines):
        self.engine, self.folder = engine, Path(folder)
        self.bodies, self.documents = [], 0
        body, size = [], 0
        for line in lines:
            if body and size + len(line) > BODY_BYTES:
                self._write(body)
                body, size = [], 0
            body.append(line)
            size += len(line)
            self.documents += 1
        self._write(body)

    def _write(self, body):
        file = self.folder / f"body-{len(self.bodies)}"
        file.write_bytes(b"".join(body))
        self.bodies.append(file)

    def load(self, index):
        """Posts all bodies; the index must be there."""
        replies = [self.folder / f"reply-{number}" for number in range(len(self.bodies))]
        jobs = [[] for _ in range(min(CLIENTS, len(self.bodies)))]
        for number, (body, reply) in enumerate(zip(self.bodies, replies, strict=True)):
            jobs[number % len(jobs)].append(
                [
                    f'url = "{self.engine.url}/{index}/_bulk?filter_path=errors"', 'header = "Content-Type: application/x-ndjson"',
                    'header = "Expect:"', f'data-binary = "@{body}"', f'output = "{reply}"',
                ]
            )  # fmt: skip
        seconds, _ = curl(jobs, self.folder)
        for reply in replies:
            if json.loads(reply.read_bytes()) != {"errors": False}:
                raise Failed(f"raw _bulk was answered {reply.read_bytes()[:300]!r}")
        return seconds

    def run(self, index, definition):
        self.engine.json("PUT", f"/{index}", definition)
        try:
            begun = time.monotonic()
            self.load(index)
            self.engine.refresh(index)
            seconds = time.monotonic() - begun
            count = self.engine.count(index)
            if count != self.documents:
                raise Failed(f"raw _bulk left {count} of {self.documents} documents")
            return seconds
        finally:
            self.engine.json("DELETE", f"/{index}")


def elasticdump(engine, index, folder, documents):
    """Seconds of the program that ELASTICDUMP names, with its defaults."""
    output = Path(folder) / "elasticdump.ndjson"
    output.unlink(missing_ok=True)
    command = [os.environ["ELASTICDUMP"], f"--input={engine.url}/{index}", f"--output={output}", "--type=data", "--quiet"]
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - begun
    if done.returncode:
        raise Failed(f"elasticdump ended with {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    with open(output, "rb") as file:
        written = sum(1 for _ in file)
    output.unlink()
    if written != documents:
        raise Failed(f"elasticdump wrote {written} of {documents} documents")
    return seconds
