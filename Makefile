# `make up` and `make test` are all that a fresh Debian needs; each installs what is missing, and nothing twice.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export DEBIAN_FRONTEND := noninteractive
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Debian's own Python where there is one: the console runs without root, and may not look into root's home.
PYTHON := $(firstword $(wildcard /usr/bin/python3) python3)
BIN := .venv/bin
UV := .cache/uv/bin/uv

RUN_READY := .venv/run.ready
DEV_READY := .venv/dev.ready
NPM_READY := node_modules/.ready
FRONT_END := dist/.ready
FRONT_END_SOURCES := $(shell find static -type f) package.json

.PHONY: help up engine test check lint lock bench debian-run debian-test debian-bench clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

up: debian-run $(RUN_READY) $(FRONT_END)  ## set up what is missing and run everything, until Ctrl-C
	@exec $(BIN)/python -m supervisor

engine: debian-run $(RUN_READY)  ## set up what is missing and run the engine alone, until Ctrl-C
	@exec $(BIN)/python -m supervisor engine

test: debian-test $(DEV_READY) $(FRONT_END) lint  ## set up what is missing and run the whole suite
	$(BIN)/pytest

check: $(DEV_READY) lint  ## lint, types, import contracts and the fast tests
	$(BIN)/pytest -q -m "not root and not browser"

lint: $(DEV_READY)  ## lint, types and import contracts
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy engine dashboard workers supervisor tests benchmarks manage.py
	$(BIN)/lint-imports

bench: debian-bench $(DEV_READY)  ## time `docker run --rm busybox true` beside dockerd; NAME=images, build … for others
	$(BIN)/python -m benchmarks.$(or $(NAME),run_true)

lock: $(UV)  ## resolve requirements/*.in anew
	$(UV) pip compile -q --python $(PYTHON) --upgrade --generate-hashes requirements/run.in -o requirements/run.lock
	$(UV) pip compile -q --python $(PYTHON) --upgrade --generate-hashes -c requirements/run.lock requirements/dev.in -o requirements/dev.lock
	npm install --package-lock-only --ignore-scripts

clean:  ## remove what the checkout's make has made
	rm -rf .venv .cache node_modules dist

debian-run:
	@sh requirements/debian.sh requirements/debian-run.txt

debian-test:
	@sh requirements/debian.sh requirements/debian-run.txt requirements/debian-test.txt

debian-bench:
	@sh requirements/debian.sh requirements/debian-run.txt requirements/debian-test.txt requirements/debian-bench.txt

.venv/bin/python: | debian-run
	$(PYTHON) -m venv --clear .venv

$(RUN_READY): requirements/run.lock | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r $<
	@touch $@

# dev.lock holds all of run.lock.
$(DEV_READY): requirements/dev.lock requirements/run.lock | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r $<
	@touch $(RUN_READY) $@

$(NPM_READY): package-lock.json | debian-run
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(FRONT_END): $(NPM_READY) $(FRONT_END_SOURCES)
	npm run --silent build
	@touch $@

$(UV):
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/pip install --quiet uv
