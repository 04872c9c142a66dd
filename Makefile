# Two commands on a fresh machine: `make demo` and `make test`. Both make the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Benchmarks, demos and tests with weights take turns: the machine is measured, not shared.
LOCK := flock /tmp/gulliver.lock

.PHONY: env browser demo test test-fast check docs format bench clean

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gym,dev]'
	touch $@

# What trains and changes models, and what serves them. Not part of `env`, so that the first answer needs no torch.
$(STAMP)-torch: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gym,dev,torch,serve]'
	touch $@

# A real browser for the tests of pages, and axe-core to look at them with; without these, the tests are skipped.
browser:
	command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null
	test -f .axe/node_modules/axe-core/axe.min.js || npm install --silent --no-save --prefix .axe axe-core@4

demo: env
	$(BIN)/gulliver doctor
	$(LOCK) $(BIN)/gulliver find examples/gsm8k.toml --report runs/gsm8k.html

test: $(STAMP)-torch
	$(LOCK) $(BIN)/pytest -q

test-fast: $(STAMP)-torch
	$(BIN)/pytest -q -m 'not models'

check: $(STAMP)-torch
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.sync --check

docs: env
	$(BIN)/python -m docs.sync

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: env
	$(LOCK) $(BIN)/python -m benchmarks.race

clean:
	rm -rf $(VENV) runs dist build
