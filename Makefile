# Everything sets up what it needs by itself: `make demo` or `make test` is the first command.
# A second run installs nothing: stamps in .venv are newer than what they were made from.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench soak serve pins clean

VENV := .venv
BIN := $(VENV)/bin
# Another server to measure against: in an environment of its own, nothing of it in ours.
PEER := .venv-bench-opentaxii
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
WHEELS := --require-hashes --only-binary :all:

# Public data that tests read where it is present; tests that need it are skipped without it.
COMITY_TEST_DATA ?= $(wildcard $(abspath ../shared/data))
export COMITY_TEST_DATA

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.with-tests ## install the core, the tests' and the checks' tools into .venv

demo: $(VENV)/.with-core ## three nodes live through one story (HEADLESS=1 ends after it)
	$(BIN)/comity demo $(if $(filter-out 0,$(HEADLESS)),--headless)

test: $(VENV)/.with-tests ## run the tests (ARGS="-k name" narrows them)
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.with-tests ## lint, format, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src tests tools $(wildcard bench)
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.with-tests $(PEER)/.ready ## measure; fails where a promised figure is missed
	$(BIN)/python bench/run.py $(ARGS)

soak: $(VENV)/.with-tests ## run the tests with the large and repeated cases in full
	COMITY_SOAK=1 $(BIN)/python -m pytest $(ARGS)

serve: $(VENV)/.with-core ## serve a node: make serve DIR=my-node
	@test -n "$(DIR)" || { echo "Say which node: make serve DIR=my-node (made by: $(BIN)/comity init my-node ...)"; exit 2; }
	$(BIN)/comity serve "$(DIR)" $(ARGS)

pins: ## write requirements*.txt anew from pyproject.toml (ARGS=--upgrade moves to the newest)
	python3 -m venv .venv-pins
	.venv-pins/bin/python -m pip --disable-pip-version-check --quiet install --upgrade uv
	PATH="$(CURDIR)/.venv-pins/bin:$$PATH" .venv-pins/bin/python tools/pin.py $(ARGS)

clean: ## remove what the commands above made, the installed packages included
	rm -rf .venv .venv-pins $(PEER) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The first Python that is new enough. Running it also passes over a shim that leads nowhere.
$(BIN)/python:
	@for python in python3.11 python3 python3.12 python3.13 python3.14; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    $$python -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); exit 1; \
	  fi; \
	done; \
	echo "Comity needs Python 3.11 or newer: python3.11 and python3 are older or not there." >&2; \
	exit 1

# The pinned set holds the build backend, so the package itself is installed without a download.
$(VENV)/.with-core: requirements.txt pyproject.toml | $(BIN)/python
	$(PIP) $(WHEELS) -r requirements.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.with-tests: requirements-test.txt $(VENV)/.with-core
	$(PIP) $(WHEELS) -r requirements-test.txt
	@touch $@

$(PEER)/.ready: bench/requirements-opentaxii.txt | $(BIN)/python
	$(BIN)/python -m venv $(PEER)
	$(PEER)/bin/python -m pip --disable-pip-version-check --quiet install $(WHEELS) -r $<
	@touch $@
