# Everything one does in this repository. `make help` lists it; CONTRIBUTING.md says more.

PYTHON ?= python3.11
INCIDENTS ?= 1000
STORE ?= all
SEEDS ?= 20000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PLUGIN := $(wildcard tests/plugin/pyproject.toml)
CODE := src tests examples $(wildcard benchmarks)

# Without byte code every start of Python compiles all libraries again.
export PYTHONDONTWRITEBYTECODE :=
export PATH := $(CURDIR)/$(BIN):$(PATH)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo engines test lint format docs bench chaos clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(STAMP) ## make .venv with everything that the other targets need

$(STAMP): pyproject.toml constraints.txt $(PLUGIN)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
	    -c constraints.txt --build-constraints constraints.txt -e '.[dev]' $(if $(PLUGIN),-e tests/plugin)
	touch $(STAMP)

demo: setup ## run both example checkpoints and show what they print and store
	@examples/demo.sh

engines: setup ## make the environments in which engines over other libraries are tested
	@python -m tests.libraries.environments

test: setup lint engines ## everything that CI runs: lint, all tests in WORKERS processes, the documentation
	pytest -n $(WORKERS) tests/unit tests/contract tests/integration tests/simulation tests/chaos
	@$(MAKE) --no-print-directory docs

lint: setup ## ruff, mypy and the import contracts
	ruff check $(CODE)
	ruff format --check $(CODE)
	mypy
	lint-imports --no-logo

format: setup ## mend what ruff can mend
	ruff check --fix $(CODE)
	ruff format $(CODE)

docs: setup ## build the documentation into site/, warnings as errors
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

bench: setup ## measure speed and memory against the same work by hand and other libraries
	python -m benchmarks

chaos: setup ## kill workers that send INCIDENTS through each STORE, then simulate SEEDS days of trouble
	python -m tests.chaos --incidents $(INCIDENTS) --store $(STORE)
	$(if $(filter 0,$(SEEDS)),,python -m veriport.testing.simulation --seeds $(SEEDS))

clean: ## remove what the other targets made, .venv included
	rm -rf $(VENV) site dist build examples/results .mypy_cache .ruff_cache .pytest_cache \
	    .import_linter_cache .grimp_cache .hypothesis
