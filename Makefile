# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The front door: `make demo` trains a CNN on the simulated chip, `make test` runs every test. Both set up and build first.
BUILD := build/release
PYTHON := .venv/bin/python
export PYTHONPATH := $(CURDIR)/python:$(CURDIR)/$(BUILD)/python
JOBS ?= $(shell nproc)

.PHONY: help demo test check-long build setup ctest pytest asan format lint bench zoo validate clean
help:
	@echo "make demo    install, build, train LeNet-5 on the simulated chip, write out/demo/report.html"
	@echo "make test    install, build, run all tests"
	@echo "make check-long   what takes hours: regret, ladders of resources, training in bf16, the wheel, sweeps, fuzzing (last figures: docs/status.md)"
	@echo "make build   build only        make asan     tests under AddressSanitizer and UBSan"
	@echo "make format  apply formatters  make lint     check formatters and linters"
	@echo "make bench   run the benchmarks"
	@echo "make validate  set the machine against published measurements and RTL, write docs/validation.md (10 minutes)"
	@echo "make zoo     compile and time a training step of every net of models/, write reports/baselines/zoo.md"

demo: build
	$(PYTHON) -m arsis train --model lenet5 --chip edge --data mnist --decay cosine --require-accuracy 0.96 --out out/demo

test: export ARSIS_TEST := 1
test:
	scripts/setup.sh test
	$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD) -j$(JOBS) all arsis-tests
	$(MAKE) --no-print-directory ctest pytest

# What takes longer than a test may: regret against 200 schedules, ladders of resources, training in bf16 (an hour), sweeps (an hour), up to 45 minutes a parser
# under AddressSanitizer and UBSan.
check-long: export ARSIS_TEST := 1
check-long:
	scripts/setup.sh fuzz
	$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD) -j$(JOBS) arsis-tools EstimateTest
	ARSIS_SCHEDULES=200 $(BUILD)/bin/EstimateTest --gtest_filter='*Regret*'
	$(PYTHON) tests/long/wheel.py
	$(PYTHON) tests/long/monotone.py
	$(PYTHON) tests/long/train_in_bf16.py
	$(PYTHON) tests/long/zoo.py
	$(PYTHON) tests/long/digits.py
	$(PYTHON) tests/long/hundred_steps.py
	$(PYTHON) tests/fuzz/graphs/run.py --count 50000
	$(PYTHON) tests/fuzz/graphs/catch_mutants.py
	$(PYTHON) tests/long/sweep_survives.py
	$(PYTHON) tests/long/search.py
	$(PYTHON) tests/long/sweep_resnet18.py
	scripts/fuzz.sh all

build: setup $(BUILD)/build.ninja
	ninja -C $(BUILD) -j$(JOBS) arsis-tools

setup:
	@scripts/setup.sh build

$(BUILD)/build.ninja:
	@cmake --preset release >/dev/null

ctest:
	ctest --test-dir $(BUILD) --output-on-failure -j$(JOBS)

pytest:
	$(PYTHON) -m pytest -q tests

bench: export ARSIS_BUILD := $(BUILD)
bench: build
	$(PYTHON) tests/bench/bench_resnet18.py
	$(PYTHON) tests/bench/bench_training.py
	$(PYTHON) tests/bench/bench_sweeps.py

zoo: build
	$(PYTHON) tests/bench/bench_zoo.py

validate: export ARSIS_TEST := 1
validate:
	scripts/setup.sh test
	$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD) -j$(JOBS) arsis-tools FidelityTests
	$(PYTHON) tests/validation/validation_page.py

asan:
	scripts/setup.sh test
	cmake --preset asan
	ninja -C build/asan -j$(JOBS) all arsis-tests
	ASAN_OPTIONS=detect_leaks=0 ctest --test-dir build/asan --output-on-failure -j$(JOBS)

format:
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 -i
	.venv/bin/ruff format python tests models scripts dialects

lint:
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 --dry-run --Werror
	.venv/bin/ruff check python tests models scripts dialects

clean:
	rm -rf build out
