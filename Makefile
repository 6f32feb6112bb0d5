# Needs Python 3.11 or later, make and git; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check bench docs clean

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "task2vec needs Python 3.11 or later; name one with make PYTHON=...")'
	@echo "Installing task2vec and what it needs, PyTorch among it, into $(VENV): some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# Embeds the example tasks, recommends a starting model for a new one, and tries it.
demo: $(READY)
	$(BIN)/task2vec demo

# A file's tests share what they prepare, so they stay together. One thread a process: with more,
# those of all processes would wait for one another.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.build --check

# Speed, memory and repeatability; writes benchmarks/results/.
bench: $(READY)
	$(BIN)/python -m benchmarks

# Writes the documents that are generated from the code.
docs: $(READY)
	$(BIN)/python -m docs.build

clean:
	rm -rf $(VENV) demo-out build dist
