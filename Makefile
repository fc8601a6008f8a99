# Two commands do all the set-up on a fresh machine: `make sandbox` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Each worker and each process that a test starts would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements-dev.txt pyproject.toml .ci/setup
	@sh .ci/setup $(PYTHON) $(VENV)
	@touch $@

setup: $(READY) ## Make .venv with the locked dependencies

sandbox: $(READY) ## Run the bot in a simulated Discord and homelab, in your browser
	@$(BIN)/meshmedic sandbox $(ARGS)

# Lint runs beside the tests, and what it finds is shown after them.
FOUND := .cache/lint.txt

test: $(READY) ## Lint, types, import rules and every test but the suites below
	@$(MAKE) --no-print-directory -k -j2 lint-beside pytest; code=$$?; \
	  if [ -e $(FOUND) ]; then cat $(FOUND); fi; exit $$code

lint-beside: $(READY)
	@mkdir -p .cache && $(MAKE) --no-print-directory lint >$(FOUND) 2>&1 && rm $(FOUND)

# Tests wait for half of their time, so a third worker has room on two cores.
pytest: $(READY)
	@$(BIN)/python -m pytest -n 3 --ignore tests/browser --ignore tests/cluster \
	  --ignore tests/wire --ignore tests/pair --ignore tests/one_answer $(ARGS)

# What needs no process, socket, terminal or chat.
FAST := alerting digest doctor domain gitops golden health history ingress_conversion manifests net \
  remediation render routing runbook traefik

test-fast: $(READY) ## The tests of rules and views, with few examples: for the loop of work, half a minute
	@HYPOTHESIS_PROFILE=fast $(BIN)/python -m pytest -q -n 2 -m "not slow" $(FAST:%=tests/%) $(ARGS)

golden: $(READY) ## Rewrite the golden files by what the code shows now; then review their diff
	@$(BIN)/python -m pytest -q tests/golden --write-golden $(ARGS)

lint: $(READY) ## Format, lint, types and import rules
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir .cache/import-linter

format: $(READY) ## Format the code and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test-wire: $(READY) ## The whole bot as a process, and two of them, on a local Discord
	@$(BIN)/python -m pytest -n 3 --maxschedchunk 1 tests/pair tests/wire $(ARGS)

test-answers: $(READY) ## Ask every front end the same on every scenario: one answer
	@$(BIN)/python -m pytest -n 2 tests/one_answer $(ARGS)

test-browser: $(READY) ## Drive the sandbox in headless Chromium (needs it installed)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.txt
	@$(BIN)/python -m pytest tests/browser $(ARGS)

# Each worker has a cluster of its own; that of somebody else is one.
CLUSTERS := $(if $(KUBECONFIG_UNDER_TEST),0,2)

test-cluster: $(READY) ## Tests on a real Kubernetes API server (needs Go: builds it once, 15 minutes)
	@$(BIN)/python -m tests.programs cluster
	@$(BIN)/python -m pytest -n $(CLUSTERS) --dist loadfile --no-loadscope-reorder \
	  --cluster real tests/clusters tests/kube tests/cluster $(ARGS)

test-controllers: $(READY) ## Judge what real Flux, cert-manager and Traefik write (needs Go and root: builds an hour, once)
	@$(BIN)/python -m tests.controllers $(ARGS)

test-nodes: $(READY) ## The bot on three real nodes: install, commands, faults (needs Go and root; ARGS=--all: hours)
	@$(BIN)/python -m tests.nodes $(ARGS)

conversion: $(READY) ## Convert every Ingress at hand, and hold it against an independent reading and the CRDs
	@$(BIN)/python -m tests.conversion

field: $(READY) ## Ask about field reports and objects of real controllers, and say which answers are right
	@$(BIN)/python -m tests.field

month: $(READY) ## A simulated month of alerts: messages against incidents (ARGS=seeds)
	@$(BIN)/python -m tests.month $(ARGS) 2>/dev/null

lab: $(READY) ## Diagnose real packets in network namespaces, 40 faults (needs root, iproute2, iptables)
	@$(BIN)/python -m tests.lab $(ARGS)

faults: $(READY) ## Break everything around the bot and print what it costs (ARGS=--quick: minutes less)
	@$(BIN)/python -m tests.programs cluster
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz: $(READY) ## Hostile texts for everything that reads any (ARGS="--seconds 600 rules"; a minute each)
	@$(BIN)/python -m tests.fuzz $(ARGS)

test-image: $(READY) ## Build the image by its Dockerfile, measure it, and start it (needs root; installs buildah)
	@$(BIN)/python -m tests.image

audit: $(READY) ## Hold the lock against a database of advisories (needs a network)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.txt
	@$(BIN)/python -m tests.audit $(ARGS)

sbom: $(READY) ## Write build/meshmedic.cdx.json: the CycloneDX bill of materials, from the lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.txt
	@mkdir -p build
	@PYTHONWARNINGS=ignore::UserWarning $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --validate \
	  --output-file build/meshmedic.cdx.json requirements.txt
	@echo "wrote build/meshmedic.cdx.json: $$(grep -c '"purl"' build/meshmedic.cdx.json) packages"

pins: $(READY) ## Write the digest of every image and action (needs a network and Go; ARGS=--check only asks)
	@$(BIN)/python -m tests.pins $(ARGS)

release: $(READY) ## Build the image to publish and its bill of materials (IMAGE=registry/name:tag); refused unpinned
	@$(BIN)/python -m tests.pins --check
	@$(MAKE) --no-print-directory audit
	@$(MAKE) --no-print-directory sbom
	@docker build -f deploy/Dockerfile -t $(or $(IMAGE),$(error IMAGE=registry/name:tag says where it goes)) .
	@echo "built $(IMAGE). Nothing was pushed."

size: $(READY) ## Count code lines by package (ARGS=--layout writes them into the layout page)
	@$(BIN)/python -m tests.size $(ARGS)

bench: $(READY) ## Measure speed and memory (ARGS=--quick for a twentieth of the size)
	@$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(READY) ## Make the README's pictures in headless Chromium
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.txt
	@$(BIN)/python -m tests.browser.screenshots docs/pictures

lock: $(READY) ## Resolve the locked requirements again
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --no-annotate pyproject.toml -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --no-annotate --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --no-annotate --extra browser -c requirements-dev.txt pyproject.toml \
	  -o requirements-browser.txt
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --no-annotate --extra release -c requirements-dev.txt pyproject.toml \
	  -o requirements-release.txt

clean: ## Remove the virtual environment and caches
	@rm -rf $(VENV) .cache build *.egg-info

.PHONY: help setup sandbox test pytest lint-beside test-wire test-nodes test-answers test-browser test-cluster test-controllers test-image golden lint format conversion field month lab faults fuzz bench size audit sbom pins release \
  test-fast screenshots lock clean
