# `make demo` runs all of Sightline on this machine; `make test` tests all of it.

PYTHON ?= python3
PORT ?= 8000
BIND ?= 127.0.0.1

PIP = 26.3
IN = .venv/bin/python
INSTALLED = .venv/installed

.PHONY: install demo test lint evaluate

install: $(INSTALLED)

# Made anew when what is to be installed has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Sightline needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name another, as in make $(MAKECMDGOALS) PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Installing into .venv; the first time this takes some minutes."
	@test -x $(IN) || $(PYTHON) -m venv .venv
	@$(IN) -m pip install --quiet --disable-pip-version-check pip==$(PIP)
	@$(IN) -m pip install --quiet -c constraints.txt --group serve --group embedded --group test
	@touch $@

demo: $(INSTALLED)
	@$(IN) manage.py demo --port $(PORT) --bind $(BIND)

test: $(INSTALLED)
	@$(IN) -m tests.support.browser
	$(IN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The bundled encoders side by side, on the drawings that are held out from their training.
evaluate: $(INSTALLED)
	@$(IN) manage.py train --evaluate workers/checkpoints/*

lint: $(INSTALLED)
	$(IN) -m ruff check .
	$(IN) -m ruff format --check .
	$(IN) -m mypy
	$(IN) manage.py makemigrations --check --dry-run
