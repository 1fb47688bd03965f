# `make demo` shows it, `make test` proves it. Both set up what they need, on a fresh machine too.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON_HERE := .venv/bin/python
STAGES := lint types js unit kernel browser wheels

export PYTHONUNBUFFERED := 1
# Where the machine has no Node, or too old a one, setup puts one here.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help setup test demo lab format bundle screenshots clean $(STAGES)

help:
	@echo "make demo          run the quickstart notebook in a real kernel, write demo-output/, print its tables"
	echo "make lab           open the quickstart in JupyterLab"
	echo "make test          everything that CI runs"
	echo "make setup         what the others call first; once done it costs a second"
	echo "make STAGE         one stage of the tests: $(STAGES)"
	echo "make format        format the Python code"
	echo "make bundle        rebuild the viewer from widgets/js"
	echo "make screenshots   draw docs/*.png again from the real thing"
	echo "make clean         remove what was built and measured, not the environments"

setup:
	@scripts/setup.sh

test: setup
	@$(PYTHON_HERE) scripts/check.py

$(STAGES): setup
	@$(PYTHON_HERE) scripts/check.py $@

demo:
	@scripts/setup.sh demo
	$(PYTHON_HERE) scripts/demo.py

lab:
	@scripts/setup.sh lab
	$(PYTHON_HERE) scripts/lab.py

format: setup
	@$(PYTHON_HERE) -m ruff check --fix --quiet .
	$(PYTHON_HERE) -m ruff format .

bundle: setup
	@npm run --silent build

screenshots: setup
	@$(PYTHON_HERE) scripts/screenshots.py

clean:
	@rm -rf build dist demo-output screenshots .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './.venv*' -not -path './node_modules/*' -prune -exec rm -rf {} +
