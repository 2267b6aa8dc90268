# The commands of this repository; `make` alone prints them. Each is a script or one tool, so that nothing here needs a second look.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo build test unit integration e2e crash-matrix chaos flood scale idle moving fidelity access faults conformance store-faults simulate golden cron-oracle slots ledger api secrets bench bench-archive lint format clean services-start services-stop services-status

python := .venv/bin/python
shell_scripts := scripts/bench scripts/bench-archive scripts/demo scripts/install scripts/proof scripts/rabbitmq scripts/services scripts/test compose/make-secrets examples/trigger-and-follow .ci/run
python_scripts := scripts/compare scripts/contract scripts/dashboards scripts/flights $(wildcard Benchmarks/*.py scripts/*.py scripts/tests/*.py examples/*.py Tests/StubStores/*.py Tests/Fidelity/*.py Tests/Interop/*.py Sources/Archive/Recovery/*.py Tests/StubEngine/*.py Tests/FaultEngine/*.py)

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## back up, delete and restore 336,776 flights with two workers; installs what is missing
	@scripts/demo

test: ## everything that CI runs: install, lint, servers, all tests; stops the servers again
	@scripts/install
	@$(MAKE) --no-print-directory lint
	@scripts/test all

build: ## build the program (release), .build/release/sheaf
	swift build -c release --product sheaf --static-swift-stdlib

unit: ## tests that need no server
	@scripts/test unit

integration: ## modules against the servers of `make services-start`
	@scripts/test integration

e2e: ## the real program against the servers of `make services-start`
	@scripts/test e2e

crash-matrix: ## proof: the program is killed at each of its steps; its last line is the figure, as of those below
	@scripts/proof crash-matrix

chaos: ## proof: the broker is restarted, cut off and stalled at random under four workers
	@scripts/proof chaos

flood: ## proof: 1,000 sessions at once over 50 targets while workers are killed and replaced
	@scripts/proof flood

scale: ## proof: the throughput of 1, 2 and 4 workers against a slow engine
	@scripts/proof scale

idle: ## proof: memory and CPU of a worker and a Scheduler that have nothing to do
	@scripts/proof idle

moving: ## proof: a dump during writes, deletes and merges is of one moment a shard
	@scripts/proof moving

fidelity: ## proof: a nasty corpus is backed up and restored in five directions between Elasticsearch 8, 7 and OpenSearch
	@scripts/proof fidelity

bench: ## dump and load against curl (and elasticdump: ELASTICDUMP) on five data sets, with the worker's memory; bounds as its exit status
	@scripts/bench

bench-archive: ## pack, encrypt and store NDJSON side by side with restic, with the memory it takes; bounds as its exit status
	@scripts/bench-archive

access: ## proof: every login and certificate, right and wrong, on a secured engine
	@scripts/proof access

faults: ## proof: engines that answer wrongly lose no document without a word
	@scripts/proof faults

golden: ## proof: what was stored in format 1 is read as recorded, by sheaf and by recover.py; parsers are fuzzed
	@scripts/proof golden

conformance: ## proof: every kind of store keeps the one contract, and stores that overwrite are refused
	@scripts/proof conformance

store-faults: ## proof: every call that backup, retention, garbage collection and key rotation make of a store goes wrong in every way
	@scripts/proof store-faults

simulate: ## proof: garbage collection deletes nothing that is needed, in 200 seeds of 14 simulated days
	@scripts/proof simulate

api: ## proof: schemathesis on the API, the page in Chromium, promtool on the alerts
	@scripts/proof api

secrets: ## proof: planted passwords, tokens and documents are in no log, metric, page, process list or message
	@scripts/proof secrets

cron-oracle: ## proof: schedules fire when the PyPI package croniter says, over 10 years in 5 zones
	@scripts/proof cron-oracle

slots: ## proof: 500 plans of one slot are all published within its minute
	@scripts/proof slots

ledger: ## proof: the Scheduler is killed at any step and moment, then its ledger is deleted and rebuilt by asking workers
	@scripts/proof ledger

lint: ## formatting, shell, Python and YAML
	swift format lint --strict --recursive Package.swift Sources Tests
	@if command -v shellcheck >/dev/null; then (set -x; shellcheck $(shell_scripts)); \
	elif [ "$${CI-}" = true ]; then echo "shellcheck is missing; scripts/install installs it" >&2; exit 1; \
	else echo "shellcheck is not installed and left out"; fi
	@for file in $(python_scripts); do \
	    $(python) -c 'import sys; compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec")' "$$file"; done
	.venv/bin/yamllint --strict -c compose/.yamllint.yaml compose
	scripts/dashboards --check
	@if command -v promtool >/dev/null; then (set -x; promtool test rules compose/prometheus/tests/*.yml); \
	elif [ "$${CI-}" = true ]; then echo "promtool is missing; scripts/install installs it" >&2; exit 1; \
	else echo "promtool is not installed and left out"; fi

format: ## format Swift in place
	swift format --in-place --recursive Package.swift Sources Tests

services-start: ## start broker, engines and object stores for the tests (.services/)
	@scripts/services start

services-stop: ## stop them
	@scripts/services stop

services-status: ## show them
	@scripts/services status

clean: ## stop the servers and remove all that was built or downloaded
	@scripts/services stop
	rm -rf .build .build-* .services .demo .venv
