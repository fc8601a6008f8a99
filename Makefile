# Two commands do all the set-up on a fresh machine: `make sandbox` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements-dev.txt pyproject.toml .ci/setup
	@sh .ci/setup $(PYTHON) $(VENV)
	@touch $@

setup: $(READY) ## Make .venv with the locked dependencies

sandbox: $(READY) ## Run the bot in a simulated Discord and homelab, in your browser
	@$(BIN)/meshmedic sandbox $(ARGS)

test: lint ## Lint, types, import rules and every test (under 5 minutes)
	@$(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(READY) ## Format, lint, types and import rules
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir .cache/import-linter

format: $(READY) ## Format the code and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(READY) ## Measure speed and memory on a large local cluster
	@$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(READY) ## Make the README's pictures in headless Chromium
	@sh tests/browser/run $(ARGS)

lock: $(READY) ## Resolve the locked requirements again
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --no-annotate pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --no-annotate --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## Remove the virtual environment and caches
	@rm -rf $(VENV) .cache build *.egg-info

.PHONY: help setup sandbox test lint format bench screenshots lock clean
