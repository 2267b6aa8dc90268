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

from peers import Failed


class Program:
    def __init__(self, binary, engine_url, folder):
        self.binary, self.folder = binary, Path(folder)
        self.name = f"bench-{os.getpid()}"
        self.resources, self.plans = self.folder / "resources", self.folder / "plans"
        for made in (self.resources, self.plans, self.folder / "repository", self.folder / "state"):
            made.mkdir(parents=True)
        binding = {"type": "elasticsearch", "clientConfig": {"url": engine_url}}
        store = {"backend": {"local": {"mountPath": str(self.folder / "repository")}}}
        for target in (self.resources, self.plans):
            self._write(target, "appcatalog.appscode.com/v1alpha1", "AppBinding", f"{self.name}-cluster", binding)
            self._write(target, "stash.appscode.com/v1alpha1", "Repository", f"{self.name}-repository", store)
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
        """Seconds, the session's last line, and the worker's peak of resident memory in bytes."""
        spool = self.folder / "spool"
        worker = self._spawn(
            "worker", ["--resources", self.resources, "--spool", spool, "--level", level, "--name", f"{self.name}-{time.monotonic_ns()}"]
        )
        try:
            # A worker that is connected has its memory's base and waits.
            self._await_worker(worker)
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
            return seconds, session, int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10
        finally:
            worker.send_signal(signal.SIGTERM)
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            shutil.rmtree(spool, ignore_errors=True)

    def _await_worker(self, worker):
        before = Path(f"/proc/{worker.pid}/net/tcp")
        for _ in range(150):
            if worker.poll() is not None:
                raise Failed(f"the worker ended: {self._log('worker')}")
            inodes = {os.readlink(link) for link in Path(f"/proc/{worker.pid}/fd").iterdir() if os.path.islink(link)}
            established = {f"socket:[{line.split()[9]}]" for line in before.read_text().splitlines()[1:] if line.split()[3] == "01"}
            if inodes & established:
                return
            time.sleep(0.1)
        raise Failed(f"the worker does not connect: {self._log('worker')}")

    def dump(self, plan, level, documents):
        seconds, session, peak = self._run(["backup", plan, "--namespace", self.name], level)
        if session["documents"] != documents:
            raise Failed(f"the dump has {session['documents']} of {documents} documents")
        return seconds, session, peak

    def load(self, index, snapshot, documents):
        self.restores += 1
        spec = self._session("elasticsearch-restore", index) | {"rules": [{"snapshots": [snapshot]}]}
        file = self._write(self.folder, "stash.appscode.com/v1beta1", "RestoreSession", f"load-{self.restores}", spec)
        seconds, session, peak = self._run(["restore", "-f", file], 3)
        if session["documents"] != documents:
            raise Failed(f"the load has {session['documents']} of {documents} documents")
        return seconds, session, peak

    def stop(self):
        if self.scheduler and self.scheduler.poll() is None:
            self.scheduler.send_signal(signal.SIGTERM)
            try:
                self.scheduler.wait(30)
            except subprocess.TimeoutExpired:
                self.scheduler.kill()
                self.scheduler.wait()
