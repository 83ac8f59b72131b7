# Needs Python 3.10 or newer with venv, and make. `make` alone lists the targets.

PYTHON ?= python3
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

BIN := .venv/bin
BIN_LOWEST := .venv-lowest/bin
BIN_MLFLOW := .venv-mlflow/bin
EXAMPLES := -e scaffolds/flights -e scaffolds/orchestration -e scaffolds/airports
PROJECTS := pyproject.toml $(wildcard scaffolds/*/pyproject.toml)

# What `make dev` opens: `orchestration`, or `airports` for the example with partitions.
EXAMPLE ?= orchestration

# The pins were made for 3.11 and hold from there on; some of them have left 3.10 behind.
CONSTRAINTS = $(shell $(PYTHON) -c 'import sys; print("-c constraints.txt" if sys.version_info >= (3, 11) else "")')
CONSTRAINTS_MLFLOW = $(shell $(PYTHON) -c 'import sys; print("-c constraints-mlflow.txt" if sys.version_info >= (3, 11) else "")')

# Nothing is sent anywhere, no window is opened. A DAGSTER_HOME of its own keeps Dagster quiet too: see $(DEMO_HOME).
export DO_NOT_TRACK := 1
export KEDRO_DISABLE_TELEMETRY := 1
export MPLBACKEND := Agg
export PIP_DISABLE_PIP_VERSION_CHECK := 1

DEMO_HOME := $(CURDIR)/.demo/dagster_home
DEMO_LOG := $(CURDIR)/.demo/launch.log

# What `make test` asks of the parts without side effects: branches covered, in percent.
PURE := */config/*,*/translate/*,*/manifest.py,*/plan.py,*/naming.py,*/errors.py,*/masking.py,*/introspection/job_factories.py
PURE_PERCENT := 95

# What `make bench` measures beside this package, with the same Dagster and Kedro. It needs Python 3.11.
PEER := kedro-dagster==0.8.1

# More workers than there are cores, since most tests wait for other processes. Files in the order given, from those that take
# long to short ones: pytest-xdist would begin with the files of most tests, and end with long ones side by side with nothing.
PYTEST_OPTIONS ?= -n 4 --dist loadfile --no-loadscope-reorder
PYTEST_OPTIONS_UNIT ?= -n 2 --dist loadfile
PYTEST_OPTIONS_OTHERS ?= -n 3 --dist loadfile --no-loadscope-reorder
INTEGRATION := tests/browser tests/e2e $(addprefix tests/integration/,hooks running datasets test_scaffolder.py component introspection)
LOWEST := $(addprefix tests/integration/,running/test_partitions.py running/test_outputs.py running/test_versions.py \
	running/test_overrides.py introspection component/test_component_places.py) tests/unit


## Try it

.PHONY: demo
demo: .venv/.demo $(DEMO_HOME)/dagster.yaml  ## install, run the example's main job, print what it made
	@echo "Running the job 'everything' of scaffolds/orchestration (log: $(DEMO_LOG)) ..."
	@cd scaffolds/orchestration && export DAGSTER_HOME=$(DEMO_HOME) PATH="$(CURDIR)/$(BIN):$$PATH" && { \
		dg launch --job everything > $(DEMO_LOG) 2>&1 || { tail -n 60 $(DEMO_LOG); echo "The run failed."; exit 1; }; }
	@DAGSTER_HOME=$(DEMO_HOME) $(BIN)/python tools/demo_report.py

.PHONY: dev
dev: .venv/.demo $(DEMO_HOME)/dagster.yaml  ## open the Dagster UI on the example (EXAMPLE=airports: the one with partitions)
	cd scaffolds/$(EXAMPLE) && DAGSTER_HOME=$(DEMO_HOME) PATH="$(CURDIR)/$(BIN):$$PATH" dg dev


## Check it

# The environments are installed side by side, and the checks run meanwhile. Nothing of that may happen beside the tests, and not
# two of the first and the last together: an installation of the examples writes into their folders.
.PHONY: test
test:  ## every check and test, then those on the lowest versions and with MLflow
	$(MAKE) .venv-mlflow/.test & mlflow=$$!; $(MAKE) .venv/.test; $(MAKE) lint & lint=$$!; $(MAKE) .venv-lowest/.test; wait $$lint; wait $$mlflow
	$(MAKE) test-integration
	$(MAKE) test-unit
	$(MAKE) test-others

.PHONY: lint
lint: .venv/.test  ## ruff, mypy and the layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: format
format: .venv/.test  ## let ruff fix and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Most of the tests' processes are told not to write any, and would compile some 150 modules each.
.PHONY: bytecode
bytecode:
	@$(PYTHON) -m compileall -q src tests

.PHONY: test-unit
test-unit: .venv/.test bytecode  ## the unit tests, and what they cover
	$(BIN)/python -m pytest $(PYTEST_OPTIONS_UNIT) tests/unit --cov --cov-report=
	@echo "Coverage of the parts without side effects:"
	$(BIN)/coverage report --include='$(PURE)' --fail-under=$(PURE_PERCENT)

.PHONY: test-integration
test-integration: .venv/.test bytecode  ## integration, e2e and browser tests
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) $(INTEGRATION)

# Side by side: those with MLflow are few files that take long.
.PHONY: test-others
test-others: .venv-lowest/.test .venv-mlflow/.test
	$(MAKE) test-mlflow & mlflow=$$!; failed=0; $(MAKE) test-lowest || failed=1; wait $$mlflow || failed=1; exit $$failed

# OmegaConf 2.3 has no limit of keys, and tells an alias that holds itself in another way: those two tests want 2.4. Structures by
# chance are tried on the current versions alone.
.PHONY: test-lowest
test-lowest: .venv-lowest/.test bytecode  ## the tests that run on the lowest versions
	$(BIN_LOWEST)/python -m pytest $(PYTEST_OPTIONS_OTHERS) $(LOWEST) --ignore-glob='*fuzz*' \
		--deselect tests/integration/introspection/test_dagster_files.py::test_a_file_too_large_for_omegaconf \
		-k "not (test_broken_files and dagster.yml:1:4)"

.PHONY: test-mlflow
test-mlflow: .venv-mlflow/.test bytecode  ## the tests with kedro-mlflow, which acts in every Kedro project of its environment
	$(BIN_MLFLOW)/python -m pytest $(PYTEST_OPTIONS_OTHERS) tests/mlflow

.PHONY: pictures
pictures: .venv/.test  ## take the pictures of the docs again (needs Chromium)
	KEEP_PICTURES=1 $(BIN)/python -m pytest tests/browser

.PHONY: bench
bench: .venv/.test .venv-peer/.peer  ## measure loading and running generated projects, beside kedro-dagster too; write the docs
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.grouping --write
	$(BIN)/python -m benchmarks.metadata --write
	$(BIN)/python -m benchmarks.fan_out --write


## Keep it

.PHONY: constraints
constraints: .venv-constraints/.venv $(PROJECTS)  ## renew the lists of pins (use Python 3.11 on Linux)
	.venv-constraints/bin/pip install --quiet --upgrade --upgrade-strategy eager -e '.[dev,test]' $(EXAMPLES)
	{ sed '/^$$/q' constraints.txt; .venv-constraints/bin/pip freeze --exclude-editable; } > .venv-constraints/new
	mv .venv-constraints/new constraints.txt
	rm -rf .venv-constraints
	$(MAKE) .venv-constraints/.venv
	sed '/^# The rest/,$$d' constraints-lowest.txt > .venv-constraints/floors
	.venv-constraints/bin/pip install --quiet -c .venv-constraints/floors -e '.[dev,test]' $(EXAMPLES)
	{ cat .venv-constraints/floors; echo '# The rest'; .venv-constraints/bin/pip freeze --exclude-editable \
		| grep -vixFf <(grep -v '^#' .venv-constraints/floors | grep .); } > .venv-constraints/new
	mv .venv-constraints/new constraints-lowest.txt
	rm -rf .venv-constraints
	$(MAKE) .venv-constraints/.venv
	.venv-constraints/bin/pip install --quiet -e '.[test-mlflow]'
	{ sed '/^$$/q' constraints-mlflow.txt; .venv-constraints/bin/pip freeze --exclude-editable; } > .venv-constraints/new
	mv .venv-constraints/new constraints-mlflow.txt
	rm -rf .venv-constraints

.PHONY: clean
clean:  ## remove what these targets made
	rm -rf .venv .venv-lowest .venv-mlflow .venv-peer .venv-constraints .demo dist build htmlcov .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests tools scaffolds \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +

.PHONY: help
help:  ## list the targets
	@awk 'BEGIN {FS = ":.*  ## "} /^## / {printf "\n%s\n", substr($$0, 4)} \
		/^[a-z-]+:.*  ## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))


# Virtual environments, each with a file that says when it was last brought up to date

.venv/.venv .venv-lowest/.venv .venv-mlflow/.venv .venv-peer/.venv .venv-constraints/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed; say which: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --upgrade 'pip>=25'
	@touch $@

.venv/.demo: .venv/.venv $(PROJECTS) constraints.txt
	$(BIN)/pip install --quiet $(CONSTRAINTS) -e '.[dev]' $(EXAMPLES)
	@touch $@

.venv/.test: .venv/.venv $(PROJECTS) constraints.txt
	$(BIN)/pip install --quiet $(CONSTRAINTS) -e '.[dev,test]' $(EXAMPLES)
	@touch $@ .venv/.demo

.venv-lowest/.test: .venv-lowest/.venv $(PROJECTS) constraints-lowest.txt
	.venv-lowest/bin/pip install --quiet -c constraints-lowest.txt -e '.[dev,test]' $(EXAMPLES)
	@touch $@

.venv-mlflow/.test: .venv-mlflow/.venv pyproject.toml constraints-mlflow.txt
	.venv-mlflow/bin/pip install --quiet $(CONSTRAINTS_MLFLOW) -e '.[test-mlflow]'
	@touch $@

.venv-peer/.peer: .venv-peer/.venv constraints.txt
	.venv-peer/bin/pip install --quiet $(CONSTRAINTS) '$(PEER)'
	@touch $@

$(DEMO_HOME)/dagster.yaml:
	@mkdir -p $(@D)
	@printf 'telemetry:\n  enabled: false\nnux:\n  enabled: false\n' > $@
