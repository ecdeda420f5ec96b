# `make demo` and `make test` set up all they need in .venv and .gateway; both are safe to delete.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test bench check lint fmt types contracts docs lock clean tools

help: ## Show this list.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 12

demo: tools $(READY) ## See events travel to endpoints that do well, and to others that don't (a minute and a half).
	@$(BIN)/gateway demo

test: tools $(READY) ## Run all tests, on a real Kafka broker.
	@$(BIN)/pytest $(ARGS)

bench: tools $(READY) ## Measure everything (half an hour), and write docs/performance anew.
	@$(BIN)/gateway bench --save docs/performance $(ARGS)
	@$(BIN)/python -m tests.generated_docs

check: lint types contracts $(READY) ## Run every check but the tests.
	@$(BIN)/gateway schemas check

lint: $(READY) ## Check style and format.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY) ## Check the types.
	@$(BIN)/mypy

contracts: $(READY) ## Check the import contracts between the layers.
	@$(BIN)/lint-imports

fmt: $(READY) ## Format the code and mend what can be mended.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(READY) ## Write the generated parts of the documents anew.
	@$(BIN)/python -m tests.generated_docs

lock: $(READY) ## Pin the dependencies anew, with hashes.
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml $(PIN) -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml $(PIN) --group dev -c requirements.lock \
		-o requirements-dev.lock

PIN := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade

clean: ## Remove what was built; keeps the broker's data in .gateway.
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

tools:
	@command -v java >/dev/null && command -v mvn >/dev/null || { \
		echo "error: Java 17 and Maven are needed for the local Kafka broker"; \
		echo "hint: on Debian or Ubuntu: apt-get install openjdk-17-jre-headless maven"; exit 1; }

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "error: Python 3.11 or newer is needed, $(PYTHON) is older"; \
		echo "hint: make PYTHON=python3.12"; exit 1; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
