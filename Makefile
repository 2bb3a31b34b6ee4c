# make run      the app on http://localhost:8501
# make test     every check, as continuous integration runs them: minutes
# make test-fast   unit tests without models, training and pages: a minute
# make test-all    every check and the slow tests, as each night
# make format   put the code into the project's format
# make install  the environment that the others lean on (quick when nothing changed)

PYTHON ?= python3
ADDRESS ?= localhost
PORT ?= 8501

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Adds Debian packages, where this user may.
APT := [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get -qq update && \
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends

# Processes of one thread each take the tests file by file, so that a file's fixtures are made once.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile
# Here array shapes go unchecked: training and pages would repeat the checks of the unit tests for minutes.
UNCHECKED := $(filter-out tests/unit/ %__/,$(wildcard tests/*/)) tests/unit/train/ tests/unit/benchmark/
FAST := $(addprefix tests/unit/,ecg results io signal simulate measure figures)

.PHONY: run test test-fast test-all lint format install chromium

run: install
	$(BIN)/lamae app --server.headless true \
		--server.address $(ADDRESS) --server.port $(PORT)

test test-all: lint chromium
	$(PYTEST) $(SELECT) --jaxtyping-packages= $(UNCHECKED)
	$(PYTEST) $(SELECT) tests/unit $(UNCHECKED:%/=--ignore=%)

test test-fast: SELECT := -m "not slow"

test-fast: install
	$(PYTEST) $(SELECT) $(FAST)

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "LAMAE Explorer needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
		echo "Name another one: make install PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(APT) python3-venv; } >/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments yet."; \
		echo "On Debian, this adds what is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

# The browser tests drive Debian's Chromium; without one they fail and say so.
chromium:
	@command -v chromium >/dev/null || { $(APT) chromium fonts-dejavu-core; } >/dev/null || \
		echo "There is no Chromium; the browser tests need it: apt-get install chromium"
