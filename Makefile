# `make help` lists what there is.

PYTHON ?= python3
PORT ?= 8000
BIND ?= 127.0.0.1

PIP = 26.3
IN = .venv/bin/python
INSTALLED = .venv/installed

# Four groups at a time (tests/conftest.py), since the end-to-end ones mostly wait.
PYTEST = $(IN) -m pytest -n 4 --dist loadscope --no-loadscope-reorder

.PHONY: help install demo test check unit chaos lint lock evaluate bench

help:  ## list these targets
	@awk -F ': .*## |:  ## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED)  ## install into .venv

# Made anew when what is to be installed has changed.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Sightline needs Python 3.11 or newer, and $(PYTHON) is %d.%d: name another, as in make $(MAKECMDGOALS) PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Installing into .venv; the first time this takes some minutes."
	@test -x $(IN) || $(PYTHON) -m venv .venv
	@$(IN) -m pip install --quiet --disable-pip-version-check pip==$(PIP)
	@$(IN) -m pip install --quiet -c constraints.txt --group serve --group embedded --group test
	@$(IN) -m compileall -q config search workers
	@touch $@

demo: $(INSTALLED)  ## run all of Sightline on this machine
	@$(IN) manage.py demo --port $(PORT) --bind $(BIND)

test: $(INSTALLED)  ## run every test, those in a browser included
	@$(IN) -m tests.support.programs
	$(PYTEST)

check: $(INSTALLED)  ## lint, and run every test but the end-to-end ones
	@$(MAKE) --no-print-directory -j2 lint unit

unit: $(INSTALLED)
	@$(IN) -m tests.support.programs
	$(PYTEST) --ignore tests/e2e

chaos: $(INSTALLED)  ## prove the promises at full counts, and print them in a table
	SCALE=full $(PYTEST) -m "promise or only_in_full"

bench: $(INSTALLED)  ## list the benchmarks, or run one: make bench NAME=ingest
	@$(IN) -m bench $(NAME) $(ARGS)

lock: $(INSTALLED)  ## after a change of constraints.txt: the hashes of the image's wheels
	@$(IN) .ci/lock

evaluate: $(INSTALLED)  ## compare the bundled encoders on drawings that no training has seen
	@$(IN) manage.py train --evaluate workers/checkpoints/*

lint: $(INSTALLED)  ## check style, types, layers and migrations
	$(IN) -m ruff check .
	$(IN) -m ruff format --check .
	$(IN) -m mypy
	.venv/bin/lint-imports
	$(IN) manage.py makemigrations --check --dry-run
