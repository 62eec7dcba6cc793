# Every target sets up what it needs in .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(foreach plugin,example imagefolder nir onnx tensorboard,-e 'plugins/snnctl-$(plugin)[dev]')
READY := $(VENV)/.ready

.PHONY: demo test test-long lint benchmarks docs clean

$(READY): pyproject.toml $(wildcard plugins/*/pyproject.toml)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' $(PLUGINS)
	touch $@

# A ReLU network is trained, converted, fine-tuned and measured: real MNIST images, no download.
demo: $(READY)
	$(BIN)/snnctl run recipes/quickstart.yaml

# A representative sample of everything; under 10 minutes.
test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not long"

# What takes longer: many more random networks, full data sets; under 45 minutes.
test-long: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m long

lint: $(READY)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

benchmarks: $(READY)
	$(BIN)/python benchmarks/step_time.py

# The pages that are made of the code, then the site in site/.
docs: $(READY)
	$(BIN)/python scripts/make_cli_reference.py
	$(BIN)/python scripts/make_reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
