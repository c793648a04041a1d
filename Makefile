# `make run` and `make test` do all there is to do, set-up included.
# PYTHON=... names the Python to make .venv with, ARGS=... goes to the program or to pytest, JOBS=0 tests in one process.

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALLED := $(VENV)/.installed
SAMPLE := resources/samples/rocket
PYTHON ?=
ARGS ?=
# As many tests at a time as there are processors; a file's tests share their fixtures in one process
JOBS ?= auto

.PHONY: help run test lint format bench gpu-check package clean
.DEFAULT_GOAL := help

help:
	@echo "make run     open the window; with no display, erase from a sample photograph"
	@echo "make test    lint, types, import contracts, tests"
	@echo "make lint    the same without the tests"
	@echo "make format  put the code into the project's format"
	@echo "make bench   measure a denoising step"
	@echo "make gpu-check see whether a graphics card is right and how quick it is (four minutes)"
	@echo "make package make what an artist installs, in dist/ (docs/packaging.md)"
	@echo "make clean   remove .venv and everything else that was made"

$(INSTALLED): pyproject.toml constraints.txt .ci/set-up.sh .ci/system_libraries.py
	@PYTHON="$(PYTHON)" sh .ci/set-up.sh

run: $(INSTALLED)
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" != Linux ]; then \
	    $(BIN)/moebius-gui $(ARGS); \
	else \
	    echo "No display here, so no window: erasing from $(SAMPLE).jpg instead."; \
	    mkdir -p out && \
	    $(BIN)/moebius erase $(SAMPLE).jpg $(SAMPLE)-mask.png -o out/erased-$(notdir $(SAMPLE)).jpg && \
	    echo "Wrote out/erased-$(notdir $(SAMPLE)).jpg"; \
	fi

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n $(JOBS) --dist loadfile --durations 10 $(ARGS)

format: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(INSTALLED)
	$(BIN)/python benchmarks/step.py $(ARGS)

gpu-check: $(INSTALLED)
	$(BIN)/python -m benchmarks.gpu_check $(ARGS)

package: $(INSTALLED)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[package]'
	$(BIN)/python -m resources.packaging $(ARGS)

clean:
	rm -rf $(VENV) build dist out *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
