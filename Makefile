# make run: the service on this machine. make test: the whole suite. make test-full: the counts of acceptance.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DATA := data
# Real press data is never part of the repository; tests that measure on it are skipped where it is not at hand.
ifneq ($(wildcard ../shared/data/README.md),)
export DIEMBAO_PRESS_DATA ?= $(abspath ../shared/data)
endif

.PHONY: run test test-full check quality bench lock clean setup servers servers-stop

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Cần Python 3.11 trở lên (apt install python3 python3-venv). / Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Thiếu venv: apt install python3-venv. / The venv module is missing."; exit 1; }
	@echo "[1/3] Tạo môi trường $(VENV) / creating the environment"
	@$(PYTHON) -m venv $(VENV)
	@echo "[2/3] Cài thư viện theo requirements.lock (có mã băm) / installing the pinned libraries"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-pip.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@echo "[3/3] Cài diembao / installing diembao"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# DEMO=1 goes to the sample press at once.
run: setup
ifeq ($(DEMO),1)
	@exec $(BIN)/python samples/press/run.py
else
	@exec $(BIN)/python samples/press/first_run.py --data $(DATA)
endif

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: check
	@$(BIN)/pytest -m "not full"

# The counts of the acceptance lists, beside what `make test` runs; tests of real servers run where `make servers` did.
test-full: check
	@$(BIN)/pytest -m full

# Every figure of the README, with each miss, where DIEMBAO_PRESS_DATA names real press data.
quality: setup
	@$(BIN)/pytest -s tests/quality

# The speeds of the README; the servers' where `make servers` did.
bench: setup
	@for one in matching watches backtest throughput; do echo "== $$one"; $(BIN)/python -m benchmarks.$$one || exit 1; done

# A real Kafka and a real Elasticsearch for the tests, outside the repository (DIEMBAO_SERVERS_HOME).
servers: setup
	@$(BIN)/python -m tests.servers start

servers-stop: setup
	@$(BIN)/python -m tests.servers stop

lock: setup
	@$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --all-extras --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock pyproject.toml

clean:
	@rm -rf $(VENV) build dist data-mau .mypy_cache .ruff_cache .pytest_cache
