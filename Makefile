# The front door. Everything here installs what it needs first; `make help` says what there is.
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
# make chaos RUNS=20 SEED=7
RUNS ?= 100
SEED ?= 1
SOURCES = find src tests \( -name '*.cc' -o -name '*.h' \) -print0
PREFIX ?= /usr/local
# make accuracy ACCURACY_FLAGS=--update-docs: put the table into docs/accuracy.md too
ACCURACY_FLAGS ?=
# make study-position STUDY_SECONDS=8 STUDY_USERS=300000 STUDY_RATES='1000 10000 30000' STUDY_FLAGS='--out DIR'; scripts/study-position.sh has all settings
STUDY_FLAGS ?=
ABUSE_FLAGS ?=
export STUDY_SECONDS STUDY_USERS STUDY_KEYS_USERS STUDY_RATES STUDY_STRATEGIES
.DEFAULT_GOAL := help

.PHONY: help bootstrap build demo test check lint docs-cli format format-check bench tidy asan tsan fuzz accuracy chaos abuse study-position install clean

help: ## Show this help
	@echo "tacos: load generator and reference waiting room. Targets:"
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Settings: JOBS=$(JOBS)  FUZZ_SECONDS=$(FUZZ_SECONDS)  PREFIX=$(PREFIX)"

bootstrap: ## Install the Debian packages that building and testing need
	@scripts/bootstrap.sh build test

build/%/build.ninja: CMakeLists.txt CMakePresets.json | bootstrap
	cmake --preset $*

build: build/release/build.ninja ## Build release binaries into build/release/bin/
	cmake --build --preset release -j $(JOBS) --target tacos-load tacos-gateway tacos-plan

demo: build ## The headline: gateway, 300,000 users, 1k to 30k requests per second, a report, its plan verified (STORE=redis: the line on a Redis)
	STORE=$(or $(STORE),embedded) POSITION=$(POSITION) scripts/demo.sh

test: build/dev/build.ninja ## Build with assertions and run every test
	cmake --build --preset dev -j $(JOBS)
	ctest --preset dev -j $(JOBS)

lint: bootstrap ## Check the include directions and file rules alone
	python3 tests/lint/lint.py --self-test .

docs-cli: build ## Write docs/cli/ from what the programs' --help prints
	scripts/write-cli-docs.sh

format-check: bootstrap ## Say which source files make format would change
	@$(SOURCES) | xargs -0 clang-format --dry-run --Werror

format: bootstrap ## Reformat every source file
	$(SOURCES) | xargs -0 clang-format -i

check: bootstrap format-check test ## Exactly what CI runs

bench: build/release/build.ninja ## Micro-benchmarks, and CPU per request beside wrk and h2load on the same nginx
	@scripts/bootstrap.sh bench
	cmake --build --preset release -j $(JOBS) --target tacos-load tacos-gateway micro_bench closed_loop
	scripts/bench.sh

accuracy: build/release/build.ninja ## What tacos-load, wrk and h2load report beside what arithmetic says, on a known target
	@scripts/bootstrap.sh build bench
	cmake --build --preset release -j $(JOBS) --target tacos-load known_target loopback_probe
	python3 tests/accuracy/accuracy.py --bin build/release/bin --rounds 3 --out reports/accuracy $(ACCURACY_FLAGS)

chaos: build/dev/build.ninja ## RUNS random runs of two gateways on one Redis (CHAOS_FLAGS=--cluster: on six) with kills, judged by the contract's invariants
	cmake --build --preset dev -j $(JOBS) --target tacos-load tacos-gateway
	python3 tests/chaos/chaos.py --bin build/dev/bin --runs $(RUNS) --seed $(SEED) --jobs $(JOBS) --out build/chaos $(CHAOS_FLAGS)

abuse: build ## Attack a gateway in a dozen ways while an honest user polls: p99 of the polls and memory in one table (2 min; ABUSE_FLAGS='--only joins')
	python3 tests/abuse/abuse.py --bin build/release/bin --out build/abuse.json $(ABUSE_FLAGS)

study-position: build ## Redis CPU, gateway CPU and p99 of each position strategy up a ladder of rates, on one page (4 min; needs a quiet machine)
	@scripts/bootstrap.sh test
	scripts/study-position.sh $(STUDY_FLAGS)

tidy: ## clang-tidy over every file
	@scripts/bootstrap.sh build test analysis
	cmake --preset tidy && cmake --build --preset tidy -j $(JOBS)

asan: build/asan/build.ninja ## The tests under AddressSanitizer and UndefinedBehaviorSanitizer
	cmake --build --preset asan -j $(JOBS)
	ctest --preset asan -j $(JOBS)

tsan: build/tsan/build.ninja ## The tests under ThreadSanitizer
	cmake --build --preset tsan -j $(JOBS)
	ctest --preset tsan -j $(JOBS)

fuzz: ## Run every fuzzer for FUZZ_SECONDS each
	@scripts/bootstrap.sh build test analysis
	cmake --preset fuzz && cmake --build --preset fuzz -j $(JOBS)
	scripts/fuzz.sh $(FUZZ_SECONDS)

install: build ## Install the binaries under PREFIX
	cmake --install build/release --prefix $(PREFIX)

clean: ## Remove every build
	rm -rf build
