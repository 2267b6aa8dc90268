"""Manifests of plans and restores, and the real program's commands that run them."""

import json
import subprocess

BINDING = "appcatalog.appscode.com/v1alpha1"
STORAGE = "fid-storage"


def manifest(version, kind, name, **parts):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **parts}


def binding(dialect, url):
    spec = {"type": "elasticsearch", "clientConfig": {"url": url}}
    return manifest(BINDING, "AppBinding", f"fid-{dialect}", spec=spec)


def repository(name, path):
    spec = {"backend": {"local": {"mountPath": path}, "storageSecretName": STORAGE}}
    return manifest("stash.appscode.com/v1alpha1", "Repository", name, spec=spec)


def password():
    return manifest("v1", "Secret", STORAGE, stringData={"RESTIC_PASSWORD": "fidelity"})


def session(dialect, repository_name, task, parameters):
    reference = {"apiVersion": BINDING, "kind": "AppBinding", "name": f"fid-{dialect}"}
    params = [{"name": name, "value": value} for name, value in parameters.items()]
    return {"target": {"ref": reference}, "repository": {"name": repository_name}, "task": {"name": task, "params": params}}


def plan(name, dialect, repository_name, parameters):
    spec = session(dialect, repository_name, "elasticsearch-backup-8.2.0", parameters)
    return manifest("stash.appscode.com/v1beta1", "BackupConfiguration", name, spec=spec)


def restore(name, dialect, repository_name, snapshot, parameters):
    spec = session(dialect, repository_name, "elasticsearch-restore-8.2.0", parameters)
    spec["rules"] = [{"snapshots": [snapshot]}]
    return manifest("stash.appscode.com/v1beta1", "RestoreSession", name, spec=spec)


class Ended:
    """How a session ended and all that it said."""

    def __init__(self, line):
        self.phase = line["phase"]
        self.snapshot = line.get("snapshot")
        self.documents = line.get("documents")
        conditions = line.get("conditions") or []
        self.text = "\n".join(
            [line.get("error") or ""] + [f"{c['type']}: {c.get('message') or ''}" for c in conditions]
        )


def run(sheaf, *words):
    command = [sheaf, *words, "--wait", "--output", "json"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    if not lines or lines[-1].get("type") != "session":
        raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}: {result.stdout[-800:]} {result.stderr[-800:]}")
    return Ended(lines[-1])
