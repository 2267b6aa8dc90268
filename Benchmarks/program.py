"""The real program: one Scheduler, and a worker of its own for every dump and load, so that each has its own peak of memory."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from peers import Failed

TICKS = os.sysconf("SC_CLK_TCK")


class Run(NamedTuple):
    """One session: how long it took, its last line, and what its worker used."""

    seconds: float
    session: dict
    peak: int  # of resident memory, in bytes
    processor: float  # seconds, user and system, from the worker's being ready on


class Program:
    def __init__(self, binary, engine_url, folder):
        self.binary, self.folder = binary, Path(folder)
        self.name = f"bench-{os.getpid()}"
        self.resources, self.plans = self.folder / "resources", self.folder / "plans"
        for made in (self.resources, self.plans, self.folder / "repository", self.folder / "state"):
            made.mkdir(parents=True)
        binding = {"type": "elasticsearch", "clientConfig": {"url": engine_url}}
        store = {"backend": {"local": {"mountPath": str(self.folder / "repository")}, "storageSecretName": f"{self.name}-storage"}}
        for target in (self.resources, self.plans):
            self._write(target, "appcatalog.appscode.com/v1alpha1", "AppBinding", f"{self.name}-cluster", binding)
            self._write(target, "stash.appscode.com/v1alpha1", "Repository", f"{self.name}-repository", store)
        password = {"kind": "Secret", "apiVersion": "v1", "stringData": {"RESTIC_PASSWORD": self.name}}
        password["metadata"] = {"name": f"{self.name}-storage", "namespace": self.name}
        (self.resources / "Secret.json").write_text(json.dumps(password))
        self.restores = 0
        self.scheduler = None

    def _write(self, folder, version, kind, name, spec):
        manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": self.name}, "spec": spec}
        path = folder / f"{kind}-{name}.json"
        path.write_text(json.dumps(manifest))
        return path

    def _session(self, task, indices):
        reference = {"apiVersion": "appcatalog.appscode.com/v1alpha1", "kind": "AppBinding", "name": f"{self.name}-cluster"}
        return {
            "target": {"ref": reference},
            "repository": {"name": f"{self.name}-repository"},
            "task": {"name": task, "params": [{"name": "indices", "value": indices}]},
        }

    def declare(self, name, index):
        spec = self._session("elasticsearch-backup", index) | {"schedule": "0 2 1 1 *"}
        self._write(self.plans, "stash.appscode.com/v1beta1", "BackupConfiguration", name, spec)

    def start(self):
        """The Scheduler; plans must have been declared."""
        subprocess.run([self.binary, "topology", "apply"], check=True, stdout=subprocess.DEVNULL)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.scheduler = self._spawn(
            "scheduler", ["--resources", self.plans, "--state", self.folder / "state", "--listen", f"127.0.0.1:{port}"]
        )
        for _ in range(150):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return
            except OSError:
                if self.scheduler.poll() is not None:
                    raise Failed(f"the Scheduler ended: {self._log('scheduler')}") from None
                time.sleep(0.1)
        raise Failed("the Scheduler does not listen")

    def _spawn(self, role, options):
        with open(self.folder / f"{role}.log", "ab") as log:
            return subprocess.Popen([self.binary, role, *map(str, options)], stdout=log, stderr=log)

    def _log(self, role):
        return (self.folder / f"{role}.log").read_text()[-2000:]

    def _run(self, command, level):
        """The `Run` of a command that starts a session."""
        spool = self.folder / "spool"
        worker = self._spawn(
            "worker", ["--resources", self.resources, "--spool", spool, "--level", level, "--name", f"{self.name}-{time.monotonic_ns()}"]
        )
        try:
            # A worker that is connected has its memory's base and waits.
            self._await_worker(worker)
            idle = processor(worker.pid)
            begun = time.monotonic()
            done = subprocess.run(
                [self.binary, *map(str, command), "--wait", "--output", "json"], capture_output=True, text=True
            )
            seconds = time.monotonic() - begun
            if done.returncode:
                raise Failed(f"sheaf {command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}\n{self._log('worker')}")
            session = json.loads(done.stdout.splitlines()[-1])
            if session["phase"] != "Succeeded":
                raise Failed(f"sheaf {command[0]}: {session}")
            status = Path(f"/proc/{worker.pid}/status").read_text()
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10
            return Run(seconds, session, peak, processor(worker.pid) - idle)
        finally:
            worker.send_signal(signal.SIGTERM)
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            shutil.rmtree(spool, ignore_errors=True)

    def _await_worker(self, worker):
        for _ in range(150):
            if worker.poll() is not None:
                raise Failed(f"the worker ended: {self._log('worker')}")
            if is_connected(worker.pid):
                return
            time.sleep(0.1)
        raise Failed(f"the worker does not connect: {self._log('worker')}")

    def dump(self, plan, level, documents):
        run = self._run(["backup", plan, "--namespace", self.name], level)
        if run.session["documents"] != documents:
            raise Failed(f"the dump has {run.session['documents']} of {documents} documents")
        return run

    def load(self, index, snapshot, documents):
        self.restores += 1
        spec = self._session("elasticsearch-restore", index) | {"rules": [{"snapshots": [snapshot]}]}
        file = self._write(self.folder, "stash.appscode.com/v1beta1", "RestoreSession", f"load-{self.restores}", spec)
        run = self._run(["restore", "-f", file], 3)
        if run.session["documents"] != documents:
            raise Failed(f"the load has {run.session['documents']} of {documents} documents")
        return run

    def stop(self):
        if self.scheduler and self.scheduler.poll() is None:
            self.scheduler.send_signal(signal.SIGTERM)
            try:
                self.scheduler.wait(30)
            except subprocess.TimeoutExpired:
                self.scheduler.kill()
                self.scheduler.wait()


def processor(process):
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def is_connected(process):
    """Whether one of its TCP connections is established."""
    inodes = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            inodes.add(os.readlink(link))
        except FileNotFoundError:
            continue  # closed meanwhile
    lines = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    return any(f"socket:[{fields[9]}]" in inodes for fields in lines if fields[3] == "01")
