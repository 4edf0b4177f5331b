# The developer's commands. `make help` lists them; everything lives in .venv and nothing else is touched.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
TESTS ?= tests
WORKERS ?= auto

.PHONY: help setup run test soak bench check transcripts pictures format lock clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(STAMP)  ## make .venv with handrail and its tools in it

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Handrail needs Python 3.11 or newer; this is %d.%d. Try: make PYTHON=python3.12 setup" % sys.version_info[:2])'
	@echo "1/3  making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "2/3  installing the pinned libraries, each checked against its hash (a minute or two the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.lock
	@echo "3/3  installing handrail itself"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP)  ## serve the bot on http://127.0.0.1:3978 with SQLite, no account anywhere
	@$(BIN)/handrail serve

test: $(STAMP)  ## run the tests (what needs a browser or Node says why it is skipped)
	@echo "the tests: a few minutes; what is skipped is listed at the end, with the reason"
	@$(BIN)/python -m pytest -rs -n $(WORKERS) $(TESTS)

soak: $(STAMP)  ## the long runs of tests/faults: kills, crowds, storms, a failing disk (an hour and a half)
	@$(BIN)/python -m tests.faults.soak

bench: $(STAMP)  ## measure the bot and its peers, turn by turn (a quarter of an hour; needs Linux, Node for one peer)
	@$(BIN)/python -m tests.bench

check: $(STAMP)  ## lint, types, and the guides
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/handrail check

transcripts: $(STAMP)  ## write the golden conversations as they come out today; read the diff
	@UPDATE_TRANSCRIPTS=1 $(BIN)/python -m pytest -n0 tests/transcripts || true
	@git diff --stat -- tests/transcripts

pictures: $(STAMP)  ## make the README's pictures from the running pages (needs Chromium)
	@$(BIN)/python -m tests.browser.pictures

format: $(STAMP)  ## put the code into the one shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

lock:  ## pin all libraries anew, with hashes and no addresses (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra postgres pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --all-extras --group dev pyproject.toml -o requirements-dev.lock

clean:  ## remove what the commands above made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
