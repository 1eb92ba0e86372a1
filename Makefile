# Two commands matter: `make run` starts the product, `make test` checks it. Everything else is a manage.py command.

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.installed
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PYTEST_OPTIONS ?= -n 2 --dist loadfile
MANAGE := $(BIN)/python manage.py

.PHONY: help run test clean-venv
.DEFAULT_GOAL := help

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

run: $(STAMPS)/run ## Start everything on this machine (PORT=8000 to choose the port); Ctrl-C stops it
	@$(MANAGE) migrate --verbosity 0
	@exec $(MANAGE) up

test: $(STAMPS)/test ## Install what the tests need, and run them all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest $(PYTEST_OPTIONS) --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

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
