# make demo            train, evaluate, predict and explain on synthetic films, in an environment of its own
# make demo DATA=/path/to/labelled UNKNOWN=/path/to/unknown        the same on your films
#                      (TRAIN="-a resnet50" for another network)
# make test            lint and tests
# make coverage        tests, and the lines that they reach (a third slower): at least 90 %
# make bench           this package against what a notebook does instead, to benchmarks/RESULTS.md, about 20 minutes
# make fuzz            20,000 damaged films read (MUTANTS=…, SEED=…): none may crash, hang or take much memory

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

KNOWN := $(or $(DATA),demo/films/known_images)
FILMS := $(or $(UNKNOWN),demo/films/unknown_images)
TRAIN ?= -a lmap3 --epochs 20 --batch-size 16

.PHONY: demo test coverage fuzz bench lint clean

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[test]"
	touch $@

demo: $(VENV)/installed
ifdef DATA
	@test -n "$(UNKNOWN)" || { echo "Give UNKNOWN=/path/to/unknown/films beside DATA=$(DATA)"; exit 2; }
else
	$(BIN)/keras-cxr phantom demo/films --patients 150
endif
	rm -rf demo/saved_models/demo
	$(BIN)/keras-cxr train "$(KNOWN)" $(TRAIN) --name demo --output demo/saved_models
	$(BIN)/keras-cxr evaluate "$(KNOWN)" -m demo/saved_models/demo -o demo/results
	$(BIN)/keras-cxr predict "$(FILMS)" -m demo/saved_models/demo -o demo/preds.csv
	$(BIN)/keras-cxr gradcam "$(FILMS)" -m demo/saved_models/demo -o demo/heatmaps
	@echo
	@echo "Labels:   demo/preds.csv"
	@echo "Report:   demo/results/report.html, with scores.csv and figures beside it"
	@echo "Heatmaps: demo/heatmaps/index.html"
	@echo "Model:    demo/saved_models/demo"

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

coverage: $(VENV)/installed
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=90

fuzz: $(VENV)/installed
	$(BIN)/python tests/fuzz/fuzz_reading.py --mutants $(or $(MUTANTS),20000) --seed $(or $(SEED),0)

bench: $(VENV)/installed
	$(BIN)/python benchmarks/run_all.py

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) demo fuzz-faults
