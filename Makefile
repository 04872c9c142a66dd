# Two commands on a fresh machine: `make demo` and `make test`. Both make the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Benchmarks, demos and tests with weights take turns: the machine is measured, not shared.
LOCK := flock /tmp/gulliver.lock

.PHONY: env demo test test-fast check docs format bench clean

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gym,dev]'
	touch $@

# What trains and changes models, and what serves them. Not part of `env`, so that the first answer needs no torch.
$(STAMP)-torch: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gym,dev,torch,serve]'
	touch $@

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
