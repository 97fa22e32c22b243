# Everything that one does with this project. demo, test, matrix, package, contract, torture, bench and lint make a
# virtual environment each (dist has that of package), at their first run and whenever pyproject.toml has changed.

PYTHON = python3
# The databases of test-databases; both names may also be set in the environment.
POSTGRESQL_URL ?= postgresql://postgres@127.0.0.1/test
MARIADB_URL ?= mysql://root@127.0.0.1/test
# The brokers of test-brokers, likewise.
export AMQP_URL ?= amqp://guest:guest@127.0.0.1:5672
export REDIS_URL ?= redis://127.0.0.1:6379
export PIP_DISABLE_PIP_VERSION_CHECK = 1

comma := ,

.DEFAULT_GOAL := help
.PHONY: help demo test matrix package dist test-databases test-postgresql test-mariadb test-brokers test-browser \
	contract openapi torture bench lint style types migrations walls clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=python3.12 takes another Python; make clean first if there was one before."

demo: .venv/demo/ready  ## Run the example shop (SERVE=0: print what happens and end; PORT=8000)
	@PYTHONIOENCODING=:replace .venv/demo/bin/python -m example_project.demo

# What sends money, and what decides what an answer means: each line and each way out of it is run.
COMPLETE = wechat_subsidies/wechatpay/*,wechat_subsidies/services/*,wechat_subsidies/sender/*,wechat_subsidies/outcomes/*

test: .venv/test/ready  ## Run the tests (ARGS="-k sandbox": some; COVERAGE=1: and see what they miss)
	@.venv/test/bin/python $(if $(COVERAGE),-m coverage run) -m pytest \
	  -m 'not broker and not browser and not package' $(ARGS)
	@[ -z "$(COVERAGE)" ] || .venv/test/bin/python -m coverage report --fail-under 100 --include '$(COMPLETE)'
	@[ -z "$(COVERAGE)" ] || .venv/test/bin/python -m coverage report --fail-under 95 --format total

matrix: .venv/matrix/ready  ## Run the tests on each Python, Django and database (an hour; ARGS=--list)
	@POSTGRESQL_URL='$(POSTGRESQL_URL)' MARIADB_URL='$(MARIADB_URL)' .venv/matrix/bin/nox $(ARGS)

package: .venv/package/ready  ## Build the package, and try out what was built (a few minutes)
	@.venv/package/bin/python -m pytest -m package tests/package $(ARGS)

dist: .venv/package/ready  ## Build what a release uploads, into dist/
	@rm -rf dist
	@.venv/package/bin/python -m build --outdir dist
	@.venv/package/bin/python -m twine check --strict dist/*

test-databases: test-postgresql test-mariadb  ## Run the tests that use a database on PostgreSQL and on MariaDB

test-postgresql: DATABASE_URL = $(POSTGRESQL_URL)
test-mariadb: DATABASE_URL = $(MARIADB_URL)
test-postgresql test-mariadb:  # a database that cannot be reached is an error with CI=1 only
	@if $(PYTHON) tests/reachable.py '$(DATABASE_URL)'; then \
	  $(MAKE) --no-print-directory .venv/$@/ready && \
	  TEST_DATABASE_URL='$(DATABASE_URL)' .venv/$@/bin/python -m pytest -m 'database and not broker and not browser' $(ARGS); \
	else [ -z "$(CI)" ]; fi

contract: .venv/contract/ready  ## Call the API with whatever its OpenAPI document allows and forbids (minutes)
	@.venv/contract/bin/python -m tests.contract $(ARGS)

openapi: .venv/test/ready  ## Write the OpenAPI document of the API anew (docs/openapi.yaml)
	@mkdir -p example_project/var
	@.venv/test/bin/python example_project/manage.py spectacular --skip-checks --lang en \
	  --validate --fail-on-warn --file docs/openapi.yaml

torture: .venv/torture/ready  ## Kill workers and compare what is left (half an hour; ARGS=--short: minutes)
	@.venv/torture/bin/python -m torture $(ARGS)

bench: .venv/bench/ready  ## Measure speed side by side, and write benchmarks/results.md (ten minutes)
	@.venv/bench/bin/python -m benchmarks --postgresql '$(POSTGRESQL_URL)' --mariadb '$(MARIADB_URL)' $(ARGS)

test-brokers: .venv/test/ready  ## Run the tests that need RabbitMQ or Redis
	@for url in '$(AMQP_URL)' '$(REDIS_URL)'; do \
	  $(PYTHON) tests/reachable.py "$$url" || [ -z "$(CI)" ] || exit 1; \
	done
	@.venv/test/bin/python -m pytest -m broker $(ARGS)

test-browser: .venv/test-browser/ready  ## Run the tests that need Chromium (CHROMIUM=/usr/bin/chrome)
	@.venv/test-browser/bin/python -m pytest -m browser tests/browser $(ARGS)

lint: style types migrations walls  ## Check everything that can be checked without running it

style: .venv/lint/ready  ## Check style and formatting (ruff)
	@.venv/lint/bin/ruff check .
	@.venv/lint/bin/ruff format --check .

types: .venv/lint/ready  ## Check the types (mypy), ours and those of a shop that uses them
	@.venv/lint/bin/mypy
	@cd tests/typed_host && PYTHONPATH=. MYPYPATH=../.. ../../.venv/lint/bin/mypy -p market

migrations: .venv/lint/ready  ## Check that no migration is missing
	@mkdir -p example_project/var  # for the database in which Django looks what is applied
	@.venv/lint/bin/python example_project/manage.py makemigrations --check --dry-run --skip-checks

walls: .venv/lint/ready  ## Check which part may import which (import-linter)
	@.venv/lint/bin/lint-imports

clean:  ## Remove the virtual environments, the demo's database and what was built
	rm -rf .venv example_project/var build dist

define check_python
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo >&2 \
  "$(PYTHON) is missing or older than 3.11. Install Python, or name one: PYTHON=python3.12"; exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo >&2 \
  "$(PYTHON) cannot make virtual environments. On Debian: apt install python3-venv"; exit 1; }
endef

# An environment is named as the extra of pyproject.toml that it holds, the demo's apart.
.venv/%/ready: pyproject.toml
	$(check_python)
	@echo "Making .venv/$* (once; it may take a minute) ..."
	@$(PYTHON) -m venv .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --editable '.[$(subst demo,sandbox$(comma)schema,$*)]'
	@touch $@
