"""Asks restic which snapshots its policies keep, and why: the data of RetentionOracleTests.

    restic_retention.py --seed 7 > Golden/retention.json

Three hosts have snapshots of their own: by hand (ends of years, months, ISO weeks and days), a dense and a sparse one by the seed. Each policy is asked
for once and answered for every host. Where a policy says -1 ("all"), which restic before 0.16 took for none, restic is given 1000.
"""

import argparse
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

UTC = datetime.timezone.utc
OPTIONS = {"keepLast": "last", "keepHourly": "hourly", "keepDaily": "daily", "keepWeekly": "weekly",
           "keepMonthly": "monthly", "keepYearly": "yearly"}

BY_HAND = [
    # The last ISO week of 2020 is its 53rd and reaches into 2021; that of 2024 belongs to 2025.
    "2020-12-27T23:59:59", "2020-12-28T00:00:00", "2020-12-31T23:59:59", "2021-01-01T00:00:00", "2021-01-03T23:59:59",
    "2021-01-04T00:00:00", "2023-12-31T12:00:00", "2024-01-01T00:00:00", "2024-02-28T08:30:00", "2024-02-29T08:30:00",
    "2024-03-01T08:30:00", "2024-12-29T22:00:00", "2024-12-30T00:00:01", "2024-12-31T23:00:00", "2025-01-01T01:00:00",
    "2025-03-30T00:30:00", "2025-03-30T01:30:00", "2025-03-30T02:30:00", "2025-10-26T00:30:00", "2025-10-26T01:10:00",
    "2025-10-26T01:50:00", "2026-10-31T23:59:59", "2026-11-01T00:00:00", "2026-11-20T10:00:00", "2026-11-20T10:59:59",
    "2026-11-20T11:00:00", "2026-11-21T09:00:00", "2026-11-22T23:59:59", "2026-11-23T00:00:00", "2026-11-23T14:02:11",
]

POLICIES = [
    {"keepLast": 1}, {"keepLast": 3}, {"keepLast": -1}, {"keepLast": 100}, {"keepHourly": 4}, {"keepHourly": -1}, {"keepDaily": 1},
    {"keepDaily": 7}, {"keepDaily": -1}, {"keepWeekly": 1}, {"keepWeekly": 5}, {"keepWeekly": -1}, {"keepMonthly": 3},
    {"keepMonthly": -1}, {"keepYearly": 2}, {"keepYearly": 50}, {"keepYearly": -1}, {"keepTags": ["weekly"]},
    {"keepTags": ["weekly,audit"]}, {"keepTags": ["weekly", "audit"], "keepLast": 2}, {"keepTags": ["nobody-has-it"], "keepLast": 1},
    {"keepLast": 2, "keepDaily": 3, "keepWeekly": 4, "keepMonthly": 5, "keepYearly": 2},
    {"keepHourly": 24, "keepDaily": 7, "keepWeekly": 4, "keepMonthly": 12, "keepYearly": 75},
]


def seeded(rng):
    """Snapshots and policies that nobody chose."""
    end = datetime.datetime(2026, 11, 23, tzinfo=UTC)
    hosts = {}
    for host, count, days in (("dense", 50, 40), ("sparse", 20, 3000)):
        times = {end - datetime.timedelta(seconds=rng.randrange(days * 86_400)) for _ in range(count)}
        hosts[host] = [{"time": t.strftime("%Y-%m-%dT%H:%M:%S"), "tags": rng.sample(["weekly", "audit", "x"], rng.choice((0, 0, 1, 2)))}
                       for t in sorted(times)]
    policies = []
    for _ in range(12):
        rules = rng.sample(sorted(OPTIONS), rng.randint(1, 4))
        policy = {rule: rng.choice((-1, 1, 2, 3, 5, 8, 13)) for rule in rules}
        if rng.random() < 0.3:
            policy["keepTags"] = [rng.choice(("weekly", "audit", "weekly,x"))]
        policies.append(policy)
    return hosts, policies


def restic(*words):
    return subprocess.run(["restic", "--no-cache", *words], check=True, stdout=subprocess.PIPE).stdout


def arguments(policy):
    words = [f"--keep-{OPTIONS[rule]}={1000 if count == -1 else count}" for rule, count in policy.items() if rule in OPTIONS]
    return words + [f"--keep-tag={tags}" for tags in policy.get("keepTags", [])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    seed = parser.parse_args().seed
    rng = random.Random(seed)
    hosts, drawn = seeded(rng)
    hosts["hand"] = [{"time": t, "tags": ["weekly"] * (i % 5 == 0) + ["audit"] * (i % 3 == 0)} for i, t in enumerate(BY_HAND)]
    policies = POLICIES + drawn
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(RESTIC_REPOSITORY=f"{folder}/repository", RESTIC_PASSWORD="x", TZ="UTC")
        with open(f"{folder}/file", "w", encoding="utf-8") as file:
            file.write("x")
        restic("init", "--quiet")
        for host, snapshots in hosts.items():
            for snapshot in snapshots:
                tags = [word for tag in snapshot["tags"] for word in ("--tag", tag)]
                restic("backup", "--quiet", "--force", "--host", host, "--time", snapshot["time"].replace("T", " "), *tags,
                       f"{folder}/file")
        scenarios = []
        for policy in policies:
            groups = json.loads(restic("forget", "--dry-run", "--json", "--group-by", "host", *arguments(policy)))
            for group in groups:
                reasons = {r["snapshot"]["time"]: r["matches"] for r in group["reasons"] or []}
                scenarios.append({"host": group["host"], "policy": policy, "keep": dict(sorted(reasons.items()))})
        version = restic("version").decode().split()[1]
    json.dump({"restic": version, "seed": seed, "snapshots": dict(sorted(hosts.items())), "scenarios": scenarios}, sys.stdout,
              indent=None, separators=(",", ":"))
    print()


main()
