# `make demo` and `make test` set up all they need in .venv and .gateway; both are safe to delete.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The tools that judge the dependencies have more of them than the gateway: they get a place of their own.
AUDIT := .venv-audit
AUDIT_READY := $(AUDIT)/.ready
DIST ?= dist
# helm and kubeconform, Docker Compose, and the data of a Docker engine that only the tests have.
TOOLS := .tools
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' gateway/__init__.py)
# What is built from a commit is dated by it, so that it has the same bytes whenever it is built.
COMMIT_TIME := git log -1 --format=%ct 2>/dev/null || echo 1580601600
# Docker finds the Compose plugin that was built here.
ifneq ($(wildcard $(TOOLS)/docker/cli-plugins/docker-compose),)
export DOCKER_CONFIG := $(abspath $(TOOLS)/docker)
endif

# The console's pages, and with which types they ask its API.
PAGES := gateway/console/pages/index.html
PAGE_SOURCES = $(shell find console -type f -not -path '*/node_modules/*' -not -path console/src/api/schema.ts)
NODE := cd console && PYTHON=$(abspath $(BIN)/python) ./with-node

.DEFAULT_GOAL := help
.PHONY: help demo test browser-test screenshots chart chart-tools image image-test compose-test bench check lint fmt types \
	contracts pages pages-check docs lock audit sbom changelog dist wheel-demo fuzz clean tools

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: tools $(READY) $(PAGES) ## See events travel to endpoints that do well, and to others that don't (a minute and a half).
	@$(BIN)/gateway demo

test: tools $(READY) $(PAGES) ## Run all tests, on real Kafka brokers, in WORKERS (3) processes.
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

browser-test: tools $(READY) $(PAGES) ## Try the console's pages in a real browser; without Chromium it is skipped.
	@$(BIN)/pytest tests/browser $(ARGS)

screenshots: tools $(READY) $(PAGES) ## Take pictures of the console's pages anew, for the documents and build/screenshots.
	@$(BIN)/pytest tests/browser/pictures.py $(ARGS)

# Most tests wait. Each process has brokers of its own: three have up to 4 GB.
WORKERS ?= 3

chart: $(READY) ## Check the Helm chart; without Go, which its tools are built with, it is skipped.
	@.ci/chart-tools $(TOOLS) $(BIN)/pip || { code=$$?; [ $$code -eq 3 ] && exit 0; exit $$code; }
	@[ ! -d $(TOOLS)/schemas ] || $(BIN)/pytest tests/chart $(ARGS)

chart-tools: $(READY)
	@.ci/chart-tools $(TOOLS) $(BIN)/pip

image: ## Build the container image, with Docker.
	@docker build $(IMAGE_ARGS) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) \
		--build-arg SOURCE_DATE_EPOCH=$$($(COMMIT_TIME)) -t webhook-gateway:$(VERSION) .

image-test: $(READY) ## Check the image; without a Docker engine it is skipped.
	@$(BIN)/pytest tests/image $(ARGS)

# The image that `make image` makes; where there is none, Compose makes it.
compose-test: export WEBHOOK_GATEWAY_IMAGE ?= webhook-gateway:$(VERSION)
compose-test: $(READY) ## Run the stack of docker-compose.yml and kill its processes; without a Docker engine it is skipped.
	@$(BIN)/pytest tests/compose $(ARGS)
	@! docker compose ls >/dev/null 2>&1 || $(BIN)/pytest --kafka=compose $(ON_COMPOSE) $(ARGS)

# Of the integration tests, those that ask most of a broker: admin, transactions, groups.
ON_COMPOSE := $(foreach name,commit_round_trip delivery_consumer publisher subscription_store topics, \
	tests/integration/test_$(name).py)

bench: tools $(READY) ## Measure everything (half an hour), and write docs/performance anew.
	@$(BIN)/gateway bench --save docs/performance $(ARGS)
	@$(BIN)/python -m tests.generated_docs

check: lint types contracts pages-check $(READY) ## Run every check but the tests.
	@$(BIN)/gateway schemas check

pages: $(PAGES) ## Build the console's pages.

pages-check: $(READY) console/node_modules/.ready ## Check the pages' types against the API, their style, and their functions.
	@$(BIN)/python -m tests.openapi_document build/openapi.json
	@$(NODE) npm run --silent types
	@$(NODE) npm run --silent check

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

audit: $(AUDIT_READY) ## Look the locked dependencies up in the advisory database; without network it is skipped.
	@.ci/audit $(AUDIT)/bin/pip-audit requirements.lock

# An environment of its own, with what is locked and the gateway from a folder or a wheel: $(call environment,where,from).
define environment
rm -rf $(1) && $(PYTHON) -m venv --without-pip $(1) && \
	$(BIN)/pip --python $(1)/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	$(BIN)/pip --python $(1)/bin/python install --quiet --disable-pip-version-check --no-deps $(2)
endef

# With texts: some packages name their licence in words that are no identifier, and would have none.
sbom: $(READY) $(AUDIT_READY) ## Write a CycloneDX bill of materials of what a release runs with, to dist/.
	@$(call environment,build/sbom,.)
	@mkdir -p dist
	@sed "s/^dynamic = .*/version = \"$$(cd build && sbom/bin/python -c 'import gateway; print(gateway.__version__)')\"/" \
		pyproject.toml > build/sbom/pyproject.toml
	@$(AUDIT)/bin/cyclonedx-py environment --pyproject build/sbom/pyproject.toml --gather-license-texts \
		--output-reproducible --validate -o dist/webhook-gateway.cdx.json build/sbom/bin/python
	@echo "written: dist/webhook-gateway.cdx.json"

changelog: $(READY) ## Show what the next version's changelog says so far.
	@$(BIN)/towncrier build --draft --version "$$($(BIN)/hatchling version)"

dist: $(READY) $(PAGES) ## Build wheel and source distribution into dist/: the same bytes for the same commit.
	@rm -f $(DIST)/*.whl $(DIST)/*.tar.gz
	@SOURCE_DATE_EPOCH=$$($(COMMIT_TIME)) \
		$(BIN)/python -m hatchling build -d $(DIST)

wheel-demo: tools dist ## Run the demo from the wheel, in an empty environment and outside of the checkout.
	@$(call environment,build/installed,$(DIST)/*.whl)
	@.ci/from-wheel build/installed/bin/gateway

fuzz: $(READY) ## Look for bytes that the decoders mistake, for SECONDS (60).
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@$(BIN)/python -m tests.fuzz.decoders build/fuzz -artifact_prefix=build/ -max_total_time=$(SECONDS)

SECONDS ?= 60

lock: $(READY) ## Pin the dependencies anew, with hashes.
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml $(PIN) -o requirements.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile pyproject.toml $(PIN) --group dev -c requirements.lock \
		-o requirements-dev.lock
	@for group in audit build fuzz pages; do UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile $(PIN) \
		--group $$group -o requirements-$$group.lock; done
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile $(PIN) --no-deps --group chart -o requirements-chart.lock

PIN := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --upgrade

clean: ## Remove what was built; keeps the broker's data in .gateway.
	@rm -rf $(VENV) $(AUDIT) .venv-pages $(TOOLS) console/node_modules gateway/console/pages build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

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

# No package runs a script of its own while it is installed.
console/node_modules/.ready: console/package-lock.json console/package.json console/.npmrc | $(READY)
	@$(NODE) npm ci --ignore-scripts --silent
	@touch $@

$(PAGES): $(PAGE_SOURCES) console/node_modules/.ready
	@$(NODE) npm run --silent build -- --logLevel warn

$(AUDIT_READY): requirements-audit.lock
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@touch $(AUDIT_READY)
