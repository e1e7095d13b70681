# Osler. `make run` starts it, `make test` proves it; the rest is for those who work on it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
NODE := ../scripts/node.sh
WORKERS := 2
# What is run again on the oldest PostgreSQL: every statement we send. HTTP on top of it does not depend on the release.
SQL_TESTS := tests/kernel tests/journeys src/osler/services tests/conformance/operations

.PHONY: help run test test-full test-python test-postgres-floor test-web test-browser test-dist check format dev setup seed bench dist clean

help: ## what you can do here
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set up what is missing and serve the demo clinic
	@scripts/setup.sh run
	@scripts/build_web.sh
	@exec .venv/bin/osler serve --demo

test: check test-python test-web test-browser test-postgres-floor test-dist ## all that CI runs

test-full: export OSLER_TEST_PROFILE = full
test-full: test ## the same with the long profile of the generated tests

setup: ## the Python and web packages, with the test tools
	@scripts/setup.sh dev
	@scripts/install_web.sh

check: setup ## format, lint, types, import contracts (a minute)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports

format: setup ## rewrite the Python code in the house format
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

test-python: setup
	scripts/build_web.sh
	$(PY) -m pytest -q -n $(WORKERS) --dist loadscope

test-postgres-floor: setup
	@if bin=$$(scripts/need_postgres.sh); then \
	    echo "The database tests again, on $$($$bin/postgres --version)"; \
	    OSLER_TEST_POSTGRES_BIN=$$bin $(PY) -m pytest -q -n $(WORKERS) --dist loadscope -m database $(SQL_TESTS); \
	elif [ -n "$${CI:-}" ]; then echo "No second PostgreSQL could be installed" >&2; exit 1; \
	else echo "Left out: the database tests on PostgreSQL 15. Install it with: sudo apt-get install postgresql"; fi

test-web: setup
	cd web && $(NODE) npm run --silent check

test-browser: setup
	scripts/need_chromium.sh
	scripts/build_web.sh
	cd web && OSLER="$(CURDIR)/.venv/bin/osler" $(NODE) npm run --silent e2e

test-dist: dist
	$(PY) scripts/try_wheel.py

dev: setup ## API with reload, app with hot reload on http://127.0.0.1:5173
	@scripts/dev.sh

seed: ## load the demo clinic again, larger: make seed PATIENTS=2000
	@scripts/setup.sh run
	.venv/bin/osler seed --patients $(or $(PATIENTS),200)

bench: ## measure and write bench/results.md (half an hour: it makes two million records)
	@scripts/setup.sh dev
	$(PY) -m bench

dist: ## the wheel, with the app inside: dist/osler-*.whl
	@scripts/setup.sh dev
	@scripts/build_web.sh
	@rm -rf dist
	$(PY) -m build --wheel --no-isolation --outdir dist . >/dev/null
	@ls dist/*.whl

clean: ## remove what was built; keeps .osler, the data
	rm -rf .venv web/node_modules src/osler/web_dist dist
