# Everything from a fresh clone: `make demo` to fly, `make test` to check. Both install first.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test check format typecheck imports pytest bench screenshots clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(INSTALLED)  ## the cockpit on a demo shop with its own PostgreSQL, under load
	@$(BIN)/vumeter demo

test: check  ## install, then run every check and every test

check: $(INSTALLED)
	@CHECKS_BIN=$(BIN) .ci/checks

format: $(INSTALLED)  ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED)  ## measure against wrk, k6 and others; one part: make bench PART=https
	@benchmarks/install_peers.sh
	$(BIN)/python -m benchmarks $(PART)

screenshots: $(INSTALLED)  ## draw screenshots/*.svg from the recorded run
	$(BIN)/python screenshots/make.py

clean:  ## remove what was installed and cached here
	rm -rf $(VENV) .venv-bench .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(INSTALLED): pyproject.toml .ci/install
	@.ci/install $(VENV)
	@touch $@
