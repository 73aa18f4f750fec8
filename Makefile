# Everything a person or CI asks of this folder. `make` alone says what there is.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo up test check proof bench lock clean

help:
	@echo "make install   an own .venv from requirements.lock"
	@echo "make demo      the whole job on a generated commercial world"
	@echo "make up        run it here, to play with: http://127.0.0.1:3000"
	@echo "make test      all tests that CI runs"
	@echo "make check     format, lint, types, imports"
	@echo "make proof     the heavy proofs"
	@echo "make bench     the benchmarks, a table each"
	@echo "make lock      renew requirements.lock from pyproject.toml"
	@echo "make clean     remove .venv and what the tools left"

install: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml scripts/install.py
	@$(PYTHON) scripts/install.py

demo: install
	@$(BIN)/leadline demo

up: install
	@$(BIN)/leadline up

test: install
	@$(BIN)/pytest -n 2 --dist loadfile

check: install
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

proof: install
	@$(BIN)/pytest -m proof

bench: install
	@$(BIN)/python -m benchmarks

lock: install
	@scripts/lock.sh --quiet

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
