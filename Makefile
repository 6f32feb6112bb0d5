# Needs Python 3.11 or later, make and git; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --editable
# What a user needs, and what the tests and checks need as well.
INSTALLED := $(VENV)/.installed
READY := $(VENV)/.ready

.PHONY: install demo test test-quick check bench docs web clean

install: $(INSTALLED)
	@echo "task2vec is installed. Next: $(BIN)/task2vec recommend FOLDER, with a folder of your own images, or make demo."

$(INSTALLED): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "task2vec needs Python 3.11 or later; name one with make PYTHON=...")'
	@echo "Installing task2vec with PyTorch into $(VENV). This takes some minutes."
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) '.[server]'
	touch $@

$(READY): $(INSTALLED)
	$(PIP_INSTALL) '.[dev]'
	touch $@

# Embeds the example tasks, recommends a starting model for a new one, and tries it.
demo: $(INSTALLED)
	$(BIN)/task2vec demo

# A file's tests share what they prepare, so they stay together; tests/conftest.py puts the files that
# take longest first. One thread per process: with more, those of all processes would wait for one
# another. numba, with which UMAP comes, sets the number of torch's threads, too, as soon as a test
# uses it in its own process: without its variable all later tests of that process took ten times as
# much of the processor, in threads that wait in a loop.
PYTEST := OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test: $(READY)
	$(PYTEST)

# Without the files that take two seconds or more, by tests/seconds.json.
test-quick: $(READY)
	$(PYTEST) --quick

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.build --check
	$(BIN)/python web/build.py --check

# Speed, memory and repeatability; writes benchmarks/results/.
bench: $(READY)
	$(BIN)/python -m benchmarks

# Writes the documents that are generated from the code.
docs: $(READY)
	$(BIN)/python -m docs.build

# Builds the page of the atlas from web/ into the package; needs npm.
web: $(READY)
	$(BIN)/python web/build.py

clean:
	rm -rf $(VENV) demo-out build dist web/node_modules
