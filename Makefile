# `make run` and `make test` need Python 3.11 or newer, and nothing else.
PYTHON ?= python3
BIN := .venv/bin
# pytest's exit status where ARGS leaves none of them.
NOTHING_CHOSEN := 5
UV := $(BIN)/uv
UV_COMPILE = $(UV) pip compile -q --universal --generate-hashes --python-version 3.11 --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help install run status test test-slow test-pooled check format tour pictures drill bench sbom lock clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-11s %s\n", $$1, $$2 }'

install: ## set up .venv, locked packages and style sheet
	@$(PYTHON) dev/stack/install.py

# `exec`: Ctrl-C and SIGTERM reach the supervisor itself, and no shell stays between.
run: install ## start everything; Ctrl-C stops it
	@exec $(BIN)/python -m dev.stack run

status: ## say where a running stack is reached
	@exec $(BIN)/python -m dev.stack status

test: install ## run the suite on PostgreSQL and Valkey of its own
	@exec $(BIN)/python -m pytest -m "not slow" -n 2 $(ARGS)

test-slow: install ## run real processes, the browser, the API's schema
	@$(BIN)/python -m pytest -m "slow and not alone" -n 3 --dist loadfile --no-loadscope-reorder $(ARGS) || test $$? = $(NOTHING_CHOSEN)
	@$(BIN)/python -m pytest -m "slow and alone" $(ARGS) || test $$? = $(NOTHING_CHOSEN)

test-pooled: install ## run the suite behind PgBouncer in transaction mode
	@if PATH="$$PATH:/usr/sbin" command -v pgbouncer >/dev/null || [ -n "$$CI" ]; \
	then exec $(BIN)/python -m pytest --pooled -m "not slow" -n 2 $(ARGS); \
	else echo "Skipped: there is no pgbouncer on this machine."; fi

check: install ## lint, types, import contracts, migrations, templates
	@exec $(BIN)/python -m dev.stack.check

format: install ## rewrite code and templates in the house's layout
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format --quiet .
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2 || true
	@git ls-files -z 'templates/*.html' | xargs -0 -r $(BIN)/djhtml --tabwidth 2 || true

tour: install ## walk the main job through a running stack
	@exec $(BIN)/python -m dev.tour $(ARGS)

pictures: install ## take the pictures of the documents anew, from a running stack
	@exec $(BIN)/python -m dev.tour.pictures

drill: install ## dump a running stack, restore it elsewhere, and prove it
	@exec $(BIN)/python -m dev.drill

bench: install ## measure against bare floors; medians and ratios
	@exec $(BIN)/python -m dev.bench $(ARGS)

sbom: install ## list what the image is made of (CycloneDX, var/sbom.json)
	@mkdir -p var && $(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
		--output-file var/sbom.json requirements.txt

lock: install ## resolve pyproject.toml into the requirement files anew
	@$(UV_COMPILE) pyproject.toml -o requirements.txt
	@$(UV_COMPILE) --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	@$(UV_COMPILE) --group install -o requirements-uv.txt

clean: ## remove what was installed, built and kept, the data of `make run` too
	@! $(BIN)/python -m dev.stack status >/dev/null 2>&1 || { echo 'Wardbook is running: stop it first.' >&2; exit 1; }
	@rm -rf .venv var static/build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
