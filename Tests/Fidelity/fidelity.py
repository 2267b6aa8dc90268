#!/usr/bin/env python3
"""Makes the corpus on real servers, has Sheaf back it up and restore it in five directions, and compares what the servers then hold.

fidelity.py prepare FOLDER ES8=URL OS=URL ES7=URL --resources DIR…    manifests for the Scheduler and the workers, before they start
fidelity.py run FOLDER es8=URL os=URL es7=URL --sheaf PROGRAM [--direction es8:os]… [--case NAME]…
fidelity.py table                                                     the cases as docs/fidelity.md lists them

Each failed check is a line "FAILED direction case: what: expected …, found …". The last line is the figure. AMQP_URL names the broker.
Deletes and makes only what begins with "fid-" or "fidsolo-" on those servers.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import checks as rules
import corpus
import objects
import oracle
import sessions
import table
from case import DIRECTIONS, ES7, OS, PREFIX, SOLO
from search_engine import Engine, Refused, encoded

# How servers list no templates and no pipelines.
EMPTY = (b'{"index_templates":[]}', b"{}")

# One pattern of names; a second for the one name with a dot that is asked for.
INDICES = f"{PREFIX}*,.{PREFIX}asked"


def plan_name(source, target, case=None):
    return f"fid-{source}-{target}" + (f"-{case.name}" if case else "")


def plans(directions):
    for source, target in directions:
        repository = plan_name(source, target)
        everything = {"indices": INDICES, "objects": objects.SELECTION}
        yield sessions.plan(plan_name(source, target), source, repository, everything)
        for case in corpus.alone(source, target):
            parameters = {"indices": case.index_name(SOLO), "objects": "none"} | case.solo[target].parameters
            yield sessions.plan(plan_name(source, target, case), source, repository, parameters)


def prepare(folder, servers, directions, resources):
    manifests = [sessions.password()] + [sessions.binding(dialect, url) for dialect, url in servers.items()]
    for source, target in directions:
        path = os.path.join(folder, plan_name(source, target))
        os.makedirs(path, exist_ok=True)
        manifests.append(sessions.repository(plan_name(source, target), path))
    manifests += plans(directions)
    for place in resources:
        for manifest in manifests:
            file = f"{manifest['kind']}-{manifest['metadata']['name']}.json".lower()
            with open(os.path.join(place, file), "w", encoding="utf-8") as out:
                json.dump(manifest, out)


def is_same_product(source, target):
    return source == target or {source, target} == {OS, ES7}


class Direction:
    def __init__(self, source, target, engines, folder, sheaf):
        self.source, self.target = source, target
        self.name = f"{source}→{target}"
        self.engines, self.folder, self.sheaf = engines, folder, sheaf
        self.checks = rules.Checks(self.name, is_same_product(source, target))
        self.laps, self.started = [], time.monotonic()

    @property
    def from_engine(self):
        return self.engines[self.source]

    @property
    def to_engine(self):
        return self.engines[self.target]

    def clean(self):
        for dialect in {self.source, self.target}:
            corpus.delete(self.engines[dialect])

    def restore(self, name, snapshot, parameters):
        manifest = sessions.restore(name, self.target, plan_name(self.source, self.target), snapshot, parameters)
        path = os.path.join(self.folder, f"restore-{name}.json")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(manifest, out)
        return sessions.run(self.sheaf, "restore", "-f", path)

    def run_together(self):
        self.lap("clean")
        corpus.make(self.from_engine, self.source, self.target)
        self.lap("make")
        before = corpus.read(self.from_engine, self.source, self.target)
        self.lap("read")
        backup = sessions.run(self.sheaf, "backup", plan_name(self.source, self.target))
        self.lap("backup")
        if not backup.snapshot or backup.phase != "Succeeded":
            return self.checks.equal("Succeeded", f"{backup.phase}: {backup.text}", "backup", "phase")
        if self.source == self.target:
            corpus.delete(self.to_engine)
            self.lap("delete")
        self.check_refused_objects(backup.snapshot)
        restore = self.restore(plan_name(self.source, self.target), backup.snapshot, {"objects": objects.selection(self.target)})
        self.lap("restore")
        after = corpus.read(self.to_engine, self.source, self.target)
        rules.check_all(self.checks, self.source, self.target, before, after, backup, restore)
        self.check_leftovers()
        self.lap("compare")

    def lap(self, phase):
        """Keeps how long a phase took, in seconds."""
        now = time.monotonic()
        self.laps.append(f"{phase} {now - self.started:.0f}")
        self.started = now

    def check_refused_objects(self, snapshot):
        """An object that the target refuses: a restore that asks for it fails by its name, before it makes an index."""
        for case in corpus.objects_on(self.source):
            if self.target not in case.refused:
                continue
            parameters = {"indices": f"{PREFIX}empty", "objects": f"{case.kind}:{case.path}"}
            restore = self.restore(f"{plan_name(self.source, self.target)}-{case.name}", snapshot, parameters)
            self.checks.equal("Failed", restore.phase, case.name, "phase of a restore that asks for it")
            self.checks.says(restore.text, case.refused[self.target], case.name, "a restore that asks for it")
            status, _ = self.to_engine.send("HEAD", f"/{PREFIX}empty")
            self.checks.check(status == 404, case.name, "index beside it", "none", f"HEAD answers {status}")

    def check_leftovers(self):
        """No alias of a load, no index that nobody expects."""
        aliases = [
            f"{index}: {alias}"
            for index, found in self.to_engine.call("GET", "/_alias?expand_wildcards=all").items()
            for alias in found["aliases"]
            if alias.startswith("sheaf-") and index.lstrip(".").startswith(PREFIX)
        ]
        self.checks.equal([], aliases, "restore", "aliases left of the load")
        for kind, path in (("templates", "/_index_template/"), ("pipelines", "/_ingest/pipeline/")):
            status, answer = self.to_engine.send("GET", path + ".sheaf-*")
            self.checks.check(status == 404 or answer in EMPTY, "restore", f"{kind} left of the load", "none", answer[:300].decode())

    def run_alone(self, case):
        solo, index = case.solo[self.target], case.index_name(SOLO)
        fill = lambda words: [word.format(index=index) for word in words]
        corpus.make_index(self.from_engine, case, SOLO)
        backup = sessions.run(self.sheaf, "backup", plan_name(self.source, self.target, case))
        self.checks.check(backup.phase == solo.backup, case.name, "phase of the backup", solo.backup, f"{backup.phase}: {backup.text[:300]}")
        if solo.backup_says:
            self.checks.says(backup.text, fill(solo.backup_says), case.name, "the backup")
        if solo.restore is None or not backup.snapshot:
            return
        if self.source == self.target:
            self.to_engine.delete_index(index)
        for method, path, body in solo.meanwhile:
            self.to_engine.call(method, path.format(index=encoded(index)), body)
        name = plan_name(self.source, self.target, case)
        restore = self.restore(name, backup.snapshot, solo.restore_parameters)
        self.checks.check(restore.phase == solo.restore, case.name, "phase of the restore", solo.restore, f"{restore.phase}: {restore.text[:300]}")
        if solo.restore_says:
            self.checks.says(restore.text, fill(solo.restore_says), case.name, "the restore")
        self.check_left(case, index, {name.format(index=index): count for name, count in solo.leaves.items()})

    def check_left(self, case, index, leaves):
        status, _ = self.to_engine.send("HEAD", f"/{encoded(index)}?expand_wildcards=all")
        expected = leaves.get(index)
        if expected is None:
            self.checks.check(status == 404 or case.solo[self.target].meanwhile, case.name, "what the restore left", "no index", f"HEAD answers {status}")
            return
        if status == 404:
            return self.checks.check(False, case.name, "what the restore left", f"{expected} documents", "no index")
        answer = self.to_engine.call("GET", f"/{encoded(index)}")[index]["settings"]["index"]
        if answer.get("verified_before_close") == "true":
            return self.checks.equal(0, expected, case.name, "documents of a closed index")
        count = int(self.to_engine.call("GET", f"/{encoded(index)}/_count")["count"])
        self.checks.equal(expected, count, case.name, "documents that the restore left")

    def run(self, only):
        self.clean()
        try:
            if not only:
                self.run_together()
            for case in corpus.alone(self.source, self.target):
                if only and case.name not in only:
                    continue
                try:
                    self.run_alone(case)
                finally:
                    for dialect in {self.source, self.target}:
                        self.engines[dialect].delete_index(case.index_name(SOLO))
            self.lap("alone")
        finally:
            self.clean()


def run(folder, servers, directions, sheaf, only):
    engines = {dialect: Engine(url) for dialect, url in servers.items()}
    count, failures = 0, []
    for source, target in directions:
        direction = Direction(source, target, engines, folder, sheaf)
        try:
            direction.run(only)
        except (Refused, RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            # What the other directions show is worth having all the same.
            direction.checks.check(False, "direction", f"it broke off: {error}")
        count += direction.checks.count
        failures += direction.checks.failures
        for failure in direction.checks.failures:
            print("FAILED " + " ".join(failure.split()))
        indices = len(corpus.index_names(source, target)) + len(corpus.alone(source, target))
        print(
            f"{direction.name}: {direction.checks.count} checks of {indices} indices, {len(corpus.documents_on(source))} document cases and "
            f"{len(corpus.objects_on(source))} objects, {len(direction.checks.failures)} failed; seconds: "
            + ", ".join(direction.laps),
            flush=True,
        )
    result = "all hold" if not failures else f"{len(failures)} failed"
    print(f"FIGURE fidelity: {len(corpus.names())} cases, {len(directions)} directions, {count} checks, {result}")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["prepare", "run", "table"])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("servers", nargs="*", metavar="DIALECT=URL")
    parser.add_argument("--resources", action="append", default=[])
    parser.add_argument("--sheaf", default="sheaf")
    parser.add_argument("--direction", action="append", default=[], metavar="SOURCE:TARGET")
    parser.add_argument("--case", action="append", default=[])
    options = parser.parse_args()
    if options.action == "table":
        print(table.markdown(), end="")
        return 0
    servers = dict(word.split("=", 1) for word in options.servers)
    directions = [tuple(word.split(":")) for word in options.direction] or DIRECTIONS
    if options.action == "prepare":
        prepare(options.folder, servers, directions, options.resources)
        return 0
    return run(options.folder, servers, directions, options.sheaf, options.case)


if __name__ == "__main__":
    sys.exit(main())
