# The logic is in local/ (python -m local --help). Variables: PORT_OFFSET, RECORDED_TIME=1, SHOPPERS=0, TABLES_IN_MEMORY=1, DETACH=1, FILE, ARGS, NAME, PROFILE.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
PLATFORM := .venv/bin/python
STREAMING := .venv-streaming/bin/python
LOCAL := $(PLATFORM) -m local
# Two workers, as the tests mostly wait for servers; those of a file, and of one platform, are for the same worker.
SIDE_BY_SIDE := $(PLATFORM) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder
FUNCTION := serverless/product_bulk_import_lambda
MANAGE := $(LOCAL) exec monolith -- python manage.py
export PORT_OFFSET RECORDED_TIME SHOPPERS TABLES_IN_MEMORY

.PHONY: help setup setup-test image run stop clean status logs replay simulate load import lambda verify test check-all lint format bench requirements costs pictures

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make the virtual environments and fetch the jars, where they are not up to date
	@$(PYTHON) -m local setup

setup-test: setup ## Install the programs of the tests (Chromium, jq, Prometheus), where they are absent
	@$(LOCAL) setup-test

image: setup ## Build the image without a Docker daemon, on a base of Debian's packages (as root)
	@$(LOCAL) image

run: setup ## Start everything; Ctrl-C stops it. DETACH=1 returns when ready, PORT_OFFSET=n, RECORDED_TIME=1
	@$(LOCAL) up $(if $(filter 1,$(DETACH)),--detach)

stop: ## Stop the stack at PORT_OFFSET, wholly
	@$(PYTHON) -m local down

clean: ## Stop every stack and remove its data and logs
	@$(PYTHON) -m local clean

status: ## Say what runs and what answers
	@$(LOCAL) status

logs: ## Follow the logs, or that of NAME=gateway
	@$(LOCAL) logs $(NAME)

replay: ## Send the events of FILE through the gateway: make replay FILE=clicks.csv.gz ARGS='--format taobao'
	@$(MANAGE) replay_events $(FILE) $(ARGS)

simulate: ## Send simulated shoppers through the gateway: make simulate ARGS='--rate 100'
	@$(MANAGE) simulate_shoppers $(ARGS)

load: ## Load the running stack with k6: make load PROFILE=smoke|load|stress|spike|soak ARGS='--scenario orders --rate 2'
	@$(LOCAL) load $(PROFILE) $(ARGS)

import: ## Bring the products of FILE into the shop: make import FILE=products.csv.gz
	@$(LOCAL) import $(FILE)

lambda: setup ## Build the zip of the import function, the same bytes at each call
	@$(LOCAL) package-function

verify: ## Recount FILE and compare every window with what the gateway serves
	@$(MANAGE) verify_analytics $(FILE) $(ARGS)

# JVMs of tests end soon: compiling for speed would cost them more than it gives.
test check-all: export JDK_JAVA_OPTIONS := -XX:TieredStopAtLevel=1

test: setup-test lint ## Everything but the long checks
	$(SIDE_BY_SIDE) -m 'not check_all' $(ARGS)
	$(STREAMING) -m pytest -c streaming/pytest.ini -n 3 --dist loadfile -m 'not check_all' streaming/tests $(ARGS)

check-all: setup-test lint ## The long checks too: whole files, many kills, soaks
	$(SIDE_BY_SIDE) $(ARGS)
	$(STREAMING) -m pytest -c streaming/pytest.ini streaming/tests $(ARGS)

lint: setup ## Style, types, import rules, events compatible with what was released
	$(PLATFORM) -m ruff check .
	$(PLATFORM) -m ruff format --check .
	$(PLATFORM) -m mypy
	.venv/bin/lint-imports
	@$(MANAGE) check_contracts

format: setup ## Rewrite the code in the one style
	$(PLATFORM) -m ruff format .
	$(PLATFORM) -m ruff check --fix .

requirements: ## Compile the hashed requirement files from their .in files (needs uv)
	for name in platform dev; do uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/$$name.in -o requirements/$$name.txt; done
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header streaming/requirements.in -o streaming/requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c requirements/dev.txt $(FUNCTION)/requirements.in -o $(FUNCTION)/requirements.txt

costs: ## What each environment costs a month
	@$(PLATFORM) terraform/costs.py

pictures: ## Draw docs/*.dot (needs Graphviz)
	for source in docs/*.dot; do dot -Tsvg $$source -o $${source%.dot}.svg; done

bench: setup ## Measure, and record the figures under bench/results/; ONLY=ingest measures one
	$(PLATFORM) -m bench $(ONLY)
