# make lab        open JupyterLab on your own copy of the notebooks (work/)
# make test       everything that must pass, notebooks included
# make browser    every slider of every chapter in a real browser (needs Chromium)
# make bridge     the road to real models under TRL, in an environment of its own
# make peers      what other libraries do, measured, in an environment of its own
# make newest     make test with the newest versions that pyproject.toml allows
# make check      style only
# make notebooks  run all notebooks and store their outputs
# make handout    student copies without answers (handout/)
# make site       the book as pages that need no kernel (site/)
# make site-test  those pages in a real browser (needs Chromium)
# make bench      ratios against plain loops and a library, measured in one run
# make clean      remove the environments (.venv and .venv-*), and nothing else
#
# PYTHON=python3.12      the Python to build the environment with
# PIP_ARGS="..."         further arguments to pip, such as another index for torch
# LAB_ARGS="..."         further arguments to JupyterLab, such as --no-browser
# PYTEST_ARGS="..."      further arguments to pytest

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BRIDGE := .venv-bridge
PEERS := .venv-peers
NEWEST := .venv-newest
# One thread each: the tests run in parallel and their tensors are small.
export OMP_NUM_THREADS := 1

.PHONY: lab test browser bridge peers newest check notebooks handout site site-test bench clean
.DELETE_ON_ERROR:

lab: $(VENV)/.ready
	$(BIN)/python -m rlnotes.scripts.lab $(LAB_ARGS)

TESTS := -m pytest -n 2 --dist loadscope --nbval-lax --nbval-current-env --nbval-cell-timeout 120 \
    --ignore tests/browser --ignore tests/built_site --ignore tests/bridges --ignore tests/peers --ignore rlnotes/bridges \
    rlnotes tests notebooks docs

test: check
	$(BIN)/python $(TESTS) $(PYTEST_ARGS)

browser: $(VENV)/.ready-dev
	$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

# Nothing but the extra, to show what the bridge needs and that the rest needs no bridge.
bridge: $(BRIDGE)/.ready
	$(BRIDGE)/bin/python -m pytest rlnotes/bridges tests/bridges $(PYTEST_ARGS)

# The libraries of the extra, whose wishes would hold back ours.
peers: $(PEERS)/.ready
	$(PEERS)/bin/python -m pytest tests/peers $(PYTEST_ARGS)

# Made anew each time: what is newest changes. torch stays the pinned one, whose numbers
# the notebooks print. What differs from constraints.txt is printed first.
newest:
	$(PYTHON) -m venv --clear $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet $(PIP_ARGS) -e ".[dev,documents,site]" \
	    torch==$(shell sed -n 's/^torch==//p' constraints.txt)
	$(NEWEST)/bin/python -m pip freeze --exclude-editable | sort -f >$(NEWEST)/versions.txt
	sort -f constraints.txt | diff - $(NEWEST)/versions.txt | grep '^>' || true
	$(NEWEST)/bin/python $(TESTS) $(PYTEST_ARGS)

check: $(VENV)/.ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

notebooks: $(VENV)/.ready-dev
	$(BIN)/python -m rlnotes.scripts.topic_index
	$(BIN)/python -m rlnotes.scripts.symbol_tables
	$(BIN)/python -m rlnotes.scripts.render_notebooks
	$(BIN)/python -m rlnotes.scripts.gallery

handout: $(VENV)/.ready
	$(BIN)/python -m rlnotes.scripts.handout

site: $(VENV)/.ready-dev
	$(BIN)/python -m rlnotes.scripts.site

site-test: site
	$(BIN)/python -m pytest -n 2 tests/built_site $(PYTEST_ARGS)

bench: $(VENV)/.ready-bench
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf $(VENV) $(BRIDGE) $(PEERS) $(NEWEST)

# The marks are made last, so an interrupted installation starts again, and again
# when the versions change. pip skips what is there already. The first mark holds the
# path of this folder: in a folder that was moved or copied, the package of the former
# place would be imported, so it is installed again.
INSTALLED_IN := $(shell cat $(VENV)/.ready 2>/dev/null)
ifneq ($(INSTALLED_IN),)
ifneq ($(INSTALLED_IN),$(CURDIR))
.PHONY: moved
$(VENV)/.ready: moved
endif
endif

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt $(PIP_ARGS) -e .
	pwd -P >$@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet -c constraints.txt $(PIP_ARGS) -e ".[dev,documents,site]"
	touch $@

$(VENV)/.ready-bench: $(VENV)/.ready-dev
	$(BIN)/python -m pip install --quiet -c constraints.txt $(PIP_ARGS) -e ".[dev,documents,site,bench,trl]"
	touch $@

$(BRIDGE)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BRIDGE)
	$(BRIDGE)/bin/python -m pip install --quiet -c constraints.txt $(PIP_ARGS) -e ".[trl]" pytest
	touch $@

$(PEERS)/.ready: pyproject.toml tests/peers/constraints.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -c tests/peers/constraints.txt $(PIP_ARGS) -e ".[peers]" pytest
	touch $@
