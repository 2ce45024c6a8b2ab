# Everything runs from .venv, which `make install` fills and which is made again when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MINUTES ?= 10
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench soak opinion

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(STAMP)  ## Install everything into .venv

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed: name one with make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

demo: $(STAMP)  ## Start an invented clinic on http://127.0.0.1:8080 (RESET=1 begins anew)
	$(BIN)/messaging-server demo

test: $(STAMP)  ## Run all tests (REQUIRE=all fails where Chromium or PostgreSQL is missing; ARGS=… goes to pytest)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(STAMP)  ## Lint, types, import contracts, and the table of requirements that tests cite
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.house.coverage

bench: $(STAMP)  ## Measure, and print ratios (FULL=1 adds the million)
	$(BIN)/python -m bench

opinion: $(STAMP)  ## Teach the second opinion anew from tests/corpus/taught
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[teaching]"
	$(BIN)/python -m bench.teaching

soak: $(STAMP)  ## Kill rounds, faults and the theft for MINUTES=10, then every test once from a new seed
	MINUTES=$(MINUTES) $(BIN)/python -m pytest -q --timeout=0 tests/journeys/faults $(ARGS)
	@seed=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); echo "seed $$seed"; \
	env -u MINUTES $(BIN)/python -m pytest -q -n $(WORKERS) --hypothesis-seed=$$seed $(ARGS)
