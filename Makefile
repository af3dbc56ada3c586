# Everything a fresh machine needs: Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
CLIENTS := $(VENV)/clients/.ready
GENERATORS := $(VENV)/generators/.ready
BROWSER := $(VENV)/browser/.ready

# The tests start many processes of the product: what one has compiled, the next need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test coverage test-postgres15 test-clients test-generators test-libical test-redis test-sockets test-browser test-generated bench docs lint format types migration lock clean

help:  ## Show what can be made
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# What serves needs a third of what tests do, so `make run` installs that alone. The package is built with the
# setuptools of the development lock, which pip installs for the build and not into the environment.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=requirements-dev.lock PIP_BUILD_CONSTRAINT=requirements-dev.lock \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --requirement requirements.lock --editable .
	@touch $(READY)

# The development lock names the same versions and more, so that neither command undoes what the other did.
$(READY_DEV): requirements-dev.lock $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement requirements-dev.lock
	@touch $(READY_DEV)

run: $(READY)  ## Start the database, migrate, load the demo clinic on the first run, serve
	@exec $(BIN)/clinic serve

test: lint types $(READY_DEV)  ## Lint, types, import contracts and every test that Python and PostgreSQL can run
	$(BIN)/pytest -n 2

coverage: $(READY_DEV)  ## The same tests, failing where they run less than 95 % of the code
	$(BIN)/coverage erase
	$(BIN)/pytest -n 2 --cov --cov-report=term:skip-covered

test-postgres15: $(READY_DEV)  ## The tests that ask a database, with their coverage, on Debian's PostgreSQL 15
	$(BIN)/coverage erase
	tests/postgres15.sh $(BIN)/pytest -n 2 -m "not embedded" --cov --cov-report=term:skip-covered

$(CLIENTS): tests/clients/requirements.lock tests/clients/package-lock.json $(READY_DEV)
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node and npm are missing: install them first."; exit 1; }
	@test -x $(VENV)/clients/bin/python || $(BIN)/python -m venv $(VENV)/clients
	$(VENV)/clients/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement tests/clients/requirements.lock
	npm ci --silent --prefix tests/clients
	@touch $(CLIENTS)

test-clients: $(CLIENTS)  ## Other people's calendar programs against the server (needs Node, and Debian's calcurse)
	@command -v calcurse-caldav >/dev/null && /usr/bin/python3 -c "import httplib2" 2>/dev/null || \
		{ echo "calcurse is missing: apt-get install calcurse python3-httplib2"; exit 1; }
	$(BIN)/pytest tests/clients

$(GENERATORS): tests/generators/requirements.lock tests/generators/package-lock.json $(READY_DEV)
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node and npm are missing: install them first."; exit 1; }
	@test -x $(VENV)/generators/bin/python || $(BIN)/python -m venv $(VENV)/generators
	$(VENV)/generators/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement tests/generators/requirements.lock
	npm ci --silent --ignore-scripts --prefix tests/generators
	@touch $(GENERATORS)

test-generators: $(GENERATORS)  ## Clients that stock generators make of the API's document (needs Node)
	$(BIN)/pytest tests/generators

# The tests import these packages beside the product's, so they lie in a folder and not in an environment.
$(BROWSER): tests/browser/requirements.lock tests/browser/package-lock.json $(READY_DEV)
	@command -v npm >/dev/null || { echo "Node and npm are missing: install them first."; exit 1; }
	rm -rf $(VENV)/browser
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--target $(VENV)/browser --requirement tests/browser/requirements.lock
	npm ci --silent --ignore-scripts --prefix tests/browser
	@touch $(BROWSER)

test-browser: $(BROWSER)  ## The widget's page in Chromium, from an origin of its own (needs Chromium and Node)
	@command -v chromium >/dev/null || { echo "Chromium is missing: apt-get install chromium"; exit 1; }
	PYTHONPATH=$(VENV)/browser $(BIN)/pytest tests/browser

test-generated: $(READY_DEV)  ## 20,000 generated requests with keys and tokens of all kinds, in some minutes
	$(BIN)/pytest tests/api/generated_at_length.py

test-libical: $(READY_DEV)  ## Calendar feeds by Debian's libical with its strict check, and its reading of odd calendars
	tests/libical.sh $(BIN)/pytest tests/libical

test-sockets: $(READY_DEV)  ## For a minute, 64 slow clients of each kind, beside which the server must answer all others
	$(BIN)/pytest -s tests/sockets

test-redis: $(READY_DEV)  ## Rate limits over Debian's redis-server, which several servers share
	$(BIN)/pytest tests/redis

bench: $(READY_DEV)  ## Print each figure beside its floor
	$(BIN)/python -m bench

docs: $(READY_DEV)  ## Write docs/rules.md from the catalogue and the code
	$(BIN)/python -m docs.render

lint: $(READY_DEV)  ## ruff and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(READY_DEV)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY_DEV)  ## mypy, strict
	$(BIN)/mypy

migration: $(READY_DEV)  ## Write an empty revision: make migration NAME=add_something
	$(BIN)/python -c 'from datetime import UTC, datetime; from migrations.runner import new_revision; \
		new_revision("$(NAME)", datetime.now(UTC))'

lock: $(READY_DEV)  ## Lock the newest versions, for Python 3.11 to 3.13
	$(BIN)/uv pip compile tests/clients/requirements.in --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --upgrade --output-file tests/clients/requirements.lock
	$(BIN)/uv pip compile tests/generators/requirements.in --universal --python-version 3.11 --no-header \
		--no-annotate --no-emit-index-url --upgrade --output-file tests/generators/requirements.lock
	$(BIN)/uv pip compile tests/browser/requirements.in --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --upgrade --output-file tests/browser/requirements.lock
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --upgrade --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-annotate \
		--no-emit-index-url --upgrade --constraint requirements.lock --output-file requirements-dev.lock

clean:  ## Remove the environment and caches, not the data
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage build ./*.egg-info
