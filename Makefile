# Every target sets itself up: on a fresh machine `make search` is all it takes.

PYTHON ?= python3
CONFIG ?= configs/digits.yaml
STORAGE ?= $(or $(DNNSEARCH_STORAGE),sqlite:///optuna.db)
PORT ?= 8080

BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup search ui dashboard rerun serve cluster-demo test check proof accept-code size lock clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## virtual environment with the pinned dependencies (the others do it by themselves)
	@echo "Ready. Next: make search (40 trials on handwritten digits). For all commands: . .venv/bin/activate; dnnsearch --help"

# What an interrupted set-up left is made anew. A second make in the same folder waits for the first
# (where there is flock), then finds the work done.
$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) > /dev/null || { echo "error: Python 3.11 or newer is needed, but there is no $(PYTHON) here" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: Python 3.11 or newer is needed, but $(PYTHON) is " + sys.version.split()[0] + "; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@exec 9< Makefile; if command -v flock > /dev/null; then flock 9; fi; \
	if [ -e $@ ] && [ $@ -nt requirements.lock ] && [ $@ -nt pyproject.toml ]; then exit 0; fi; set -e; \
	echo "Setting up .venv from requirements.lock (once, one to five minutes, silently) ..." >&2; \
	if [ -e $@ ]; then clear=; else clear=--clear; fi; \
	$(PYTHON) -m venv $$clear .venv; \
	$(PIP) --no-compile --require-hashes -r requirements.lock; \
	$(PIP) --no-build-isolation --editable .; \
	echo "Compiling what is installed, so that each command starts fast ..." >&2; \
	$(BIN)/python -m compileall -q -j 0 .venv/lib > /dev/null 2>&1 || true; \
	touch $@

search: $(READY) ## run or continue a study   CONFIG=configs/digits.yaml ARGS="--trials 60"
	@$(BIN)/dnnsearch search $(CONFIG) $(ARGS)

ui: $(READY) ## open MLflow on 127.0.0.1 and compare the trials
	@$(BIN)/dnnsearch ui $(ARGS)

dashboard: $(READY) ## optuna-dashboard on the studies, on 127.0.0.1   STORAGE=sqlite:///optuna.db PORT=8080
	@$(BIN)/optuna-dashboard --host 127.0.0.1 --port $(PORT) $(STORAGE)

rerun: $(READY) ## train one trial again and compare   RUN=digits/17
	@if [ -z "$(RUN)" ]; then echo "error: RUN must name a trial, as in: make rerun RUN=digits/17" >&2; exit 2; fi
	@$(BIN)/dnnsearch rerun $(RUN) $(ARGS)

serve: $(READY) ## serve a model on 127.0.0.1   MODEL=digits, digits/17, models:/digits@champion
	@if [ -z "$(MODEL)" ]; then echo "error: MODEL must name a model, as in: make serve MODEL=digits" >&2; exit 2; fi
	@$(BIN)/dnnsearch serve $(MODEL) $(ARGS)

cluster-demo: $(READY) ## a search on Dask, PostgreSQL and an MLflow server, all started here and stopped again
	@PYTHONPATH=. $(BIN)/python experiments/cluster_demo.py $(ARGS)

# Bytecode is kept, whatever the environment says: else each of the many processes that tests start
# compiles the package again.
test: $(READY) ## everything with real parts, in short form   ARGS="-k network"
	@PYTHONDONTWRITEBYTECODE= OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## what is static: format, lint, types, layers
	@$(BIN)/ruff format --check --quiet . || { echo "error: not formatted; run: $(BIN)/ruff format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo

proof: $(READY) ## the long tests: storms, fuzzing with thousands of examples
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -m proof $(ARGS)

accept-code: $(READY) ## run the golden tests; if no bit has moved, studies go on under the code of now
	@PYTHONPATH=. $(BIN)/python experiments/accept_code.py $(ARGS)

size: $(READY) ## how long functions and files are
	@$(BIN)/python experiments/size.py $(ARGS)

lock: ## resolve requirements.lock again, keeping what fits   ARGS=--upgrade
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install -qq --disable-pip-version-check uv
	@build/lock/bin/uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 \
		--fork-strategy fewest --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--output-file requirements.lock $(ARGS)

clean: ## remove what builds and tests leave (never a study)
	@rm -rf build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -path ./.venv -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
