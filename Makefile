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

demo: env
	$(BIN)/gulliver doctor
	$(LOCK) $(BIN)/gulliver find examples/gsm8k.toml --report runs/gsm8k.html

test: env
	$(LOCK) $(BIN)/pytest -q

test-fast: env
	$(BIN)/pytest -q -m 'not models'

check: env
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
