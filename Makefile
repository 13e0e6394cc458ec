# ci-wasm: set-up, demo, tests and checks. `make` alone lists the targets. (GNU make, bash)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
LOCKS := $(patsubst %,requirements/%.txt,setup action edge demo dev)
ANALYZER := ci_wasm/analyzer.wasm

# Every tool of this project is in .venv/bin: also cargo and rustc, where the machine's own will not do.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export BROKEN EXAMPLE SERVE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup setup-parts demo test check lint docs fuzz bench lock clean

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 14

setup: ## .venv with ci-wasm and its tools, the wasm32 target, workerd, the analyzer
	@test -x $(BIN)/python || rm -rf $(VENV)
	@$(MAKE) -j4 setup-parts

demo: setup ## the main job on examples/add, end to end (BROKEN=1, EXAMPLE=name, SERVE=1)
	@$(BIN)/python scripts/demo.py

test: setup ## the whole test suite: the analyzer's with cargo, then pytest (PYTEST_ARGS='-k name')
	@cargo test --manifest-path analyzer/Cargo.toml --locked
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: setup ## ci-wasm on its own module: budgets, contract and calls of analyzer/ (ci-wasm.yml)
	@$(BIN)/ci-wasm check

lint: setup ## formats, types, layers, shell scripts, workflows, Dockerfile
	@scripts/lint.sh

docs: setup ## fill the blocks of the documentation that the code knows best
	@$(BIN)/python scripts/write_docs.py

fuzz: setup ## broken modules through the analyzer, half an hour for each of two targets (FUZZ_SECONDS=1800)
	@scripts/fuzz.sh

bench: setup ## ratios against peers, measured in the same run (BENCH=startup, analysis, check, cold or validate)
	@$(BIN)/python -m bench $(BENCH)

lock: | .cache/machine ## write requirements/*.txt from requirements/*.in (UPGRADE=1: newest versions)
	@test -x .cache/lock/bin/uv || { "$$(<.cache/machine)" -m venv .cache/lock && \
	  .cache/lock/bin/python -m pip install --quiet --require-hashes --requirement requirements/lock.txt; }
	@scripts/lock_requirements.sh "$$PWD/.cache/lock/bin/uv" $(if $(UPGRADE),--upgrade)

clean: ## remove everything that set-up, builds and tests made
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build \
	  *.egg-info analyzer/target $(ANALYZER) ci_wasm/*.cwasm ci_wasm/page/vendor
	find ci_wasm scripts tests -name __pycache__ -prune -exec rm -rf {} +

# ---- the parts of `make setup`, side by side: each leaves a file, and a second run finds them all
# ------------------------------------

# cargo would take make's own job tokens for an offer.
ifneq ($(filter setup-parts,$(MAKECMDGOALS)),)
unexport MAKEFLAGS
endif

setup-parts: $(VENV)/.editable $(VENV)/.wasm32 .cache/npm $(ANALYZER)
	@:

.cache/machine: scripts/check_prerequisites.sh scripts/progress.sh
	@scripts/check_prerequisites.sh $@

$(BIN)/python: | .cache/machine
	@"$$(<.cache/machine)" -m venv $(VENV)

$(VENV)/.packages: $(LOCKS) | $(BIN)/python
	@scripts/install_packages.sh $(BIN)/python $(LOCKS)
	@touch $@

# Without isolation and dependencies, pip downloads nothing here: setuptools is among the packages. "compat"
# puts a plain path into .venv; the other way is a finder that imports pathlib at every start of Python.
$(VENV)/.editable: pyproject.toml $(VENV)/.packages
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --no-index \
	  --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/.wasm32: scripts/provide-wasm32-target.sh scripts/progress.sh scripts/pins.json | $(BIN)/python
	@scripts/provide-wasm32-target.sh --bin $(BIN) --crate analyzer
	@touch $@

.cache/npm: scripts/fetch_npm_tarball.py scripts/download.py scripts/pins.json | $(VENV)/.packages
	@$(BIN)/python scripts/fetch_npm_tarball.py
	@touch $@

$(ANALYZER): $(shell find analyzer -name target -prune -o -type f -print) scripts/build_analyzer.py \
  | $(VENV)/.editable $(VENV)/.wasm32
	@$(BIN)/python scripts/build_analyzer.py
	@touch $@
