# make run      sample exports in, three Amharic ads and a report out       make dev     Dagster, MLflow, API, page
# make test     the default tests        make check   format, lint, types, layers, definitions
# make slow     the slow tests (one target a stage: slow-training, …)       make bench   ratios against references

ADGEN_DATA ?= data/demo
ADGEN_RECIPE ?= demo
export ADGEN_DATA ADGEN_RECIPE

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
STAGES := telegram labels corpus tokenizer training embedding index generation evaluation app defs

.PHONY: setup run dev test check golden slow bench $(addprefix slow-,$(STAGES))

setup: $(INSTALLED)

# torch first and alone: the version constraints.txt names, not the newest one that another package would pull in
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make setup PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[embedded,dev]"
	@touch $@

run: setup
	@$(BIN)/adgen doctor --quiet
	@test -d $(ADGEN_DATA)/raw || $(BIN)/adgen telegram sample $(ADGEN_DATA)
	@$(BIN)/adgen run

dev: setup
	@exec $(BIN)/adgen dev

test: setup
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	ADGEN_STATE=$$(mktemp -d) DAGSTER_HOME=$(CURDIR) $(BIN)/dagster definitions validate -w workspace.yaml --log-level warning

golden: setup
	$(BIN)/python -m adgen_pipeline_tests.golden

slow: $(addprefix slow-,$(STAGES))

$(addprefix slow-,$(STAGES)): slow-%: setup
	$(BIN)/python -m pytest -m slow adgen_pipeline_tests/$* --timeout 2400 || [ $$? -eq 5 ]

bench: setup
	@for module in $$(ls benchmarks | sed -n 's/^\([a-z]*\)\.py$$/\1/p'); do $(BIN)/python -m benchmarks.$$module || exit 1; done
