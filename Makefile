# Two commands on a fresh machine with Python 3.11+ and make: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
STAMP := $(VENV)/.ready
# One more than there are processors: many tests wait for a server of theirs.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
# With this variable set, Python caches no bytecode, and each of a thousand test processes compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser check torture bench bench-kafka bench-sizes schema mutate clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## create the environment from the lock file (the other commands run it when needed)

$(STAMP): pyproject.toml uv.lock
	@echo "Setting up Hallway's environment in $(VENV) (once) ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --locked --quiet --inexact --extra local-kafka --python $(BIN)/python
	@touch $@

demo: $(STAMP) ## play a conference day on the pages; it prints the addresses to open
	@$(BIN)/hallway demo

test: $(STAMP) browser ## run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

browser: # Debian's Chromium, in which the pages are tested
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	  && echo "Installing Chromium for the tests of the pages (once) ..." \
	  && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "Chromium is missing and this user cannot install it, so the tests of the pages cannot run. Install the package chromium."

check: $(STAMP) ## check format, lint, types, import rules and schemas, and run the fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hallway schema --check
	@$(BIN)/python -m pytest -q -n auto -m "not slow and not corpus and not torture"

torture: $(STAMP) ## kill the service and its store under load, with many more seeds (long)
	@$(BIN)/python -m pytest -m torture

bench: $(STAMP) ## compare speed and memory with named peers (medians, as ratios)
	@$(BIN)/python -m tests.bench

bench-kafka: $(STAMP) ## compare the workers on a real Kafka with plain Faust, Quix Streams, Bytewax and a bare client
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --locked --quiet --inexact --group peers --python $(BIN)/python
	@$(BIN)/python -m tests.bench_kafka

bench-sizes: $(STAMP) ## measure what a conference needs, and how long a matcher's restart takes (ten minutes)
	@$(BIN)/python -m tests.bench_kafka.sizes

schema: $(STAMP) ## write the JSON Schema of the events, the topics and the contract's table
	@$(BIN)/hallway schema

mutate: $(STAMP) ## change the engine line by line and count the changes that no test notices (an hour)
	@$(BIN)/python -m tests.mutation

clean: ## remove everything that the commands created
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
