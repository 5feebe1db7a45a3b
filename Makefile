# Two commands do everything from a bare clone: `make run` and `make test`.
# Needs Python 3.11 or newer, a C compiler and make.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

COMPILED_FROM := setup.py \
	$(shell find atlas_perf -name '*.pyx' -o -name '*.pxd') \
	$(shell find csrc -type f -name '*.[ch]')

.DEFAULT_GOAL := help
.PHONY: help run test bench build clean

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# make itself ends with 2 whenever a command fails, so the verdict's own code is printed.
run: build  ## Smoke and api against the embedded target, in about a minute
	@$(BIN)/atlas-perf run smoke api --environment embedded --duration-scale 0.045; \
	code=$$?; echo "exit code of the verdict: $$code"; exit $$code

# Three at once on any machine: most tests start processes and wait for load to pass. They start
# more than a thousand interpreters, none of which should compile the same modules again.
test: build  ## The whole suite; style, types and packaging are part of it
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadfile

bench: build  ## The benchmarks: a table here, JSON in benchmarks/results
	@mkdir -p benchmarks/results
	$(BIN)/python -m benchmarks --json benchmarks/results/latest.json

build: $(VENV)/built.stamp

clean:  ## Remove whatever can be made again
	rm -rf $(VENV) build dist .nox .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find atlas_perf scenarios tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
	rm -rf atlas_perf/report/html/charts
	find atlas_perf \( -name '*.so' -o -name '*.c' -o -name '*.html' \) -delete

$(VENV)/installed.stamp: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "atlas-perf needs Python 3.11 or newer, and $(PYTHON) is" \
	       "$$($(PYTHON) -V 2>&1): run 'make PYTHON=python3.12' or the like" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# Compiled in place: an edit of one file compiles that file only.
$(VENV)/built.stamp: $(VENV)/installed.stamp $(COMPILED_FROM)
	$(BIN)/python setup.py --quiet pack_charts build_ext --inplace
	@touch $@
