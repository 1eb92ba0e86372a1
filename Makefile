# Two commands matter: `make run` starts the product, `make test` checks it. Everything else is a manage.py command.

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.installed
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# For two cores: many tests wait for processes, which leaves room for a third.
PYTEST_OPTIONS ?= -n 3 --dist loadfile --no-loadscope-reorder
# One product and one browser; with cores to spare, -n 2 --dist loadfile gives each process its own.
BROWSER_OPTIONS ?=
MANAGE := $(BIN)/python manage.py

.PHONY: help run test clean-venv
.DEFAULT_GOAL := help

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

run: $(STAMPS)/run ## Start everything on this machine (PORT=8000 to choose the port); Ctrl-C stops it
	@$(MANAGE) migrate --verbosity 0
	@exec $(MANAGE) up

test: export OMP_NUM_THREADS ?= 1
test: export OPENBLAS_NUM_THREADS ?= 1
test: $(STAMPS)/test ## Install what the tests need, and run them all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) --ignore tests/browser
	$(BIN)/python -m pytest $(BROWSER_OPTIONS) tests/browser

$(STAMPS)/python:
	@sh apps/ops/check_machine.sh "$(PYTHON)"
	@test -x $(BIN)/python || { echo "Making $(VENV) with $(PYTHON)" && "$(PYTHON)" -m venv $(VENV); }
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/run: pyproject.toml constraints.txt | $(STAMPS)/python
	@echo "Installing what Lipsmith needs; the first time this takes a few minutes"
	@$(PIP_INSTALL) -e .
	@touch $@

$(STAMPS)/test: pyproject.toml constraints.txt | $(STAMPS)/run
	@echo "Installing what the tests need"
	@$(PIP_INSTALL) -e '.[test]'
	@touch $@

clean-venv: ## Throw the installed packages away; the next command installs them afresh
	rm -rf $(VENV)
