# All set-up is done here: `make demo` and `make test` need nothing but git, make and Python 3.11 (see .ci/run).
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PACKS := camera_programme hong-kong
SCENARIO := examples/hong_kong/events.jsonl
ALERTS := build/hong-kong.alerts.jsonl

.PHONY: demo test check long bench clean venv compiler

demo: $(VENV)/.demo
	@mkdir -p build
	@$(BIN)/oversight run $(SCENARIO) --rules hong-kong --until 2027-06-01T00:00:00+08:00 \
	    --format jsonl --out $(ALERTS) || test $$? -eq 3
	@$(BIN)/oversight run $(SCENARIO) --rules hong-kong --until 2027-06-01T00:00:00+08:00 \
	    --format text || test $$? -eq 3
	@echo
	@echo "The same alerts as JSON Lines: $(ALERTS)"

test: $(VENV)/.test
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-ci} $(BIN)/python -m pytest

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --doctest-modules oversight
	$(BIN)/oversight check $(PACKS)

long: $(VENV)/.test
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

venv: $(VENV)/bin/python

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python is not installed: apt-get install python3.11 python3.11-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed, $(PYTHON) is older: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	    { echo "This Python cannot make virtual environments: apt-get install python3.11-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[cli]'
	@touch $@

$(VENV)/.test: $(VENV)/bin/python setup.cfg pyproject.toml
	@$(MAKE) --no-print-directory compiler
	$(BIN)/python -m pip install --quiet --editable '.[cli,dev,rete,testing]'
	@touch $@ $(VENV)/.demo

# The extra `rete` is published as source only and does not import on Python 3.13, where it is left out.
compiler: $(VENV)/bin/python
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 13))' || \
	    { command -v cc gcc clang > /dev/null && $(BIN)/python -c \
	    'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_paths()["include"] + "/Python.h"))'; } || \
	    { echo "The tests build the extra 'rete', which needs a C compiler and the headers of Python:"; \
	      echo "    apt-get install build-essential python3-dev"; exit 1; }
