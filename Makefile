PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo demo-everywhere demo-microsoft365 test check bench docs lock clean

setup: .venv/.ready

.venv/.ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Exeunt needs Python 3.11 or newer; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(BIN)/exeunt demo

demo-everywhere: setup
	$(BIN)/exeunt demo --scene everywhere

demo-microsoft365: setup
	$(BIN)/exeunt demo --scene microsoft365

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy app workflows adapters tests
	$(BIN)/lint-imports
	EXEUNT_PROPERTIES=quick $(BIN)/pytest -q -n 2 -m "not live and not slow"

test: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy app workflows adapters tests
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2

bench: setup
	$(BIN)/python -m tests.bench

docs: setup
	$(BIN)/exeunt adapters --document adapters > docs/adapters.md
	$(BIN)/exeunt adapters --document permissions > docs/runbooks/entra-permissions.md
	$(BIN)/exeunt adapters --document scim > docs/scim-vendors.md

lock:
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --extra dev -c requirements.lock \
	  pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv demo
