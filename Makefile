# All set-up is done here: `make demo` needs nothing but make and Python 3.11, `make test` a C compiler as well.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PACKS := camera_programme hong-kong
SCENARIO := examples/hong_kong/events.jsonl
ALERTS := build/hong-kong.alerts.jsonl
JUDGED := --rules hong-kong --until 2027-06-01T00:00:00+08:00
RUN := $(BIN)/oversight run $(SCENARIO) $(JUDGED)
# How many histories or examples a property is tried on (tests/conftest.py): quick 50, ci 500, long 20,000.
export HYPOTHESIS_PROFILE ?= $(if $(CI),ci,quick)

# The language server that editors run, and the published schema of SARIF: where npm is, the tests use them.
EDITOR := $(if $(shell command -v npm),tests/editor/node_modules/.package-lock.json)
# What drives the browser that is installed, and what checks how a page is shown.
BROWSER := $(if $(shell command -v npm),tests/browser/node_modules/.package-lock.json)

.PHONY: demo test check long bench bench-smoke crash city coverage-page check-pages editor browser clean venv compiler

# A run of 46 events takes a moment, so the JSON Lines are a run of their own, whose words are shown only if it fails.
demo: $(VENV)/.demo
	@mkdir -p build
	@$(RUN) --out $(ALERTS) 2> build/demo.log || test $$? -eq 3 || { cat build/demo.log; exit 1; }
	@$(RUN) --format text || test $$? -eq 3
	@echo
	@echo "The same alerts as JSON Lines: $(ALERTS)"
	@echo "Why one of them was raised, with the events behind it:"
	@echo "    $(BIN)/oversight explain ALERT --events $(SCENARIO) $(JUDGED)"

# On every processor there is; those that are done take over from the others.
test: $(VENV)/.test $(EDITOR) $(BROWSER)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

editor: tests/editor/node_modules/.package-lock.json

browser: tests/browser/node_modules/.package-lock.json

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	-cd tests/$* && npm ci --ignore-scripts --no-audit --no-fund

# Where Python is 3.13 or later, `rete` cannot be imported.
check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --doctest-modules oversight --ignore oversight/engine/rete.py
	$(BIN)/oversight check $(PACKS)

# About three hours of processor time: some ninety minutes on two processors that have nothing else to do.
long: $(VENV)/.test
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest --numprocesses auto --dist worksteal
	$(BIN)/python -m benchmarks.reach

bench: $(VENV)/.peers
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.late
	$(BIN)/python -m benchmarks.jobs
	$(BIN)/python -m benchmarks.ahead
	$(BIN)/python -m benchmarks.peers --growth
	$(BIN)/python -m benchmarks.record

# A small round of the comparison: prints ratios, and ends with an error only where an alert of oversight is wrong.
bench-smoke: $(VENV)/.test
	$(BIN)/python -m benchmarks.peers --events 20000 --cameras 6000 --rounds 1 --most 30

$(VENV)/.peers: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[peers]'
	@touch $@

# A recorded run, killed again and again on either store; a quarter of an hour.
crash: $(VENV)/.test
	$(BIN)/python -m benchmarks.crash --store sqlite
	$(BIN)/python -m benchmarks.crash --store postgres
	$(BIN)/python -m benchmarks.crash --store sqlite --follow

# A year of a programme over a city; ends with an error where a planted breach is missed or anything else alleged.
city: $(VENV)/.test
	$(BIN)/python -m benchmarks.city

# docs/coverage.md, from docs/coverage.yaml and the rules.
coverage-page: $(VENV)/.test
	$(BIN)/python -m docs.coverage

# docs/checks, from docs/check_pages.yaml, the register of codes and the examples among the tests.
check-pages: $(VENV)/.test
	$(BIN)/python -m docs.check_pages

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

venv: $(VENV)/bin/python

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python is not installed: apt-get install python3.11 python3.11-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed, $(PYTHON) is older: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@if $(PYTHON) -c 'import ensurepip' 2> /dev/null; \
	    then $(PYTHON) -m venv $(VENV); \
	    else $(PYTHON) -m venv --without-pip $(VENV) && $(BIN)/python .ci/pip.py; fi || \
	    { rm -rf $(VENV); echo "No virtual environment could be made: apt-get install python3-venv"; exit 1; }

$(VENV)/.demo: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli]'
	@touch $@

$(VENV)/.test: $(VENV)/bin/python setup.cfg pyproject.toml
	@$(MAKE) --no-print-directory compiler
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli,dev,postgres,rete,seal,testing]'
	@touch $@ $(VENV)/.demo

# The extra `rete` is published as source only and does not import on Python 3.13, where it is left out.
compiler: $(VENV)/bin/python
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))' || \
	    { command -v cc gcc clang > /dev/null && $(BIN)/python -c \
	    'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_paths()["include"] + "/Python.h"))'; } || \
	    { echo "The tests build the extra 'rete', which needs a C compiler and the headers of Python:"; \
	      echo "    apt-get install build-essential python3-dev"; exit 1; }
