# `make` alone lists what there is. Everything works from a fresh clone with Rust, make and a C compiler.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Settings for `make run`: any AUTH__SECTION__KEY, DATABASE_URL or REDIS_URL of the environment is honoured.
DATA_DIR ?= data
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
ARGS ?=

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

# A debug build on purpose: it waits for no link-time optimisation, shares its work with `make test`, and what is
# slow without optimisation (hashing, key generation, SQLite) is optimised in the dev profile too, see Cargo.toml.
.PHONY: run
run: rust ## build and start the service on SQLite, no other server needed (ARGS='--help' hands arguments on)
	@cargo run --locked -p auth-service -- serve $(ARGS)

.PHONY: example
example: rust ## start the service, an API and the SvelteKit app of clients/sveltekit together
	@clients/sveltekit/example/run

# The binaries, for the tests start them. Named beside the tests, they share features and so builds with them: alone,
# actix, aws-lc, SQLite and sixty other crates would be built twice.
binaries := cargo build --locked --workspace --bins --tests

# The tools come first, so that no test waits for a download. At the end every log of the run is
# searched for every password and token that it used.
.PHONY: test
test: rust ## the whole suite, with a PostgreSQL and a Redis of its own (or TEST_DATABASE_URL, TEST_REDIS_URL)
	@tests/tools/ensure python node deployment
	@$(binaries)
	@logs=$$(mktemp -d); trap 'rm -rf -- "$$logs"' EXIT; status=0; \
	TEST_LOG_DIR=$$logs tests/with-services cargo test --locked --workspace --no-fail-fast $(ARGS) || status=$$?; \
	tests/tools/scan-logs "$$logs" || status=1; \
	exit $$status

# The fixture is built from the packed package, as from the registry; its logs are searched as those of `make test`.
.PHONY: test-clients
test-clients: rust ## the SvelteKit package: types, unit tests, the example, then in Chromium against the real service
	@tests/tools/ensure clients chromium
	@$(binaries)
	@cd clients/sveltekit && npm run --silent check
	@cd clients/sveltekit/example && npm ci --silent --no-audit --no-fund --ignore-scripts && npm run --silent check && npm run --silent build -- --logLevel warn
	@clients/sveltekit/tests/fixture/make
	@logs=$$(mktemp -d); trap 'rm -rf -- "$$logs"' EXIT; status=0; \
	TEST_LOG_DIR=$$logs TEST_BIN_DIR=$(abspath $(TARGET))/debug clients/sveltekit/tests/browser/run $(ARGS) || status=$$?; \
	tests/tools/scan-logs "$$logs" || status=1; \
	exit $$status

# Built one after the other, so that what the benchmark asks of a library is no part of the service that it measures.
# It brings its own PostgreSQL and Redis; a server given from outside would be measured with whoever else uses it.
.PHONY: bench
bench: rust ## how fast the service is beside its limits, into target/bench/report.md, in 15 minutes (QUICK=1: in 2; SUITES='refresh web')
	@tests/tools/ensure peers || echo "Not all of bench/peers could be installed: the report will name what is missing." >&2
	@cargo build --locked --release -p auth-service
	@cargo build --locked --release -p bench
	@TEST_DATABASE_URL= TEST_REDIS_URL= tests/with-services $(TARGET)/release/bench $(if $(filter 1,$(QUICK)),--quick) $(SUITES)

.PHONY: profile-guided
profile-guided: rust ## the release built by what it does under load, into target/profile-guided/auth-service, in 20 minutes
	@deploy/profile-guided

# Counted in the optimised build, which takes some minutes the first time.
.PHONY: bench-check
bench-check: rust ## instructions of a refresh, a login, a verify…: names what grew (WRITE=1 writes the counts down)
	@tests/tools/ensure valgrind
	@cargo bench --locked --quiet -p auth-service --bench instructions -- $(if $(WRITE),write)

.PHONY: check
check: rust ## formatting, lints, dependencies, architecture, deploy/ and k8s/
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || { echo "rustfmt or clippy is missing: run 'rustup component add rustfmt clippy'." >&2; exit 1; }
	@cargo fmt --all --check || { echo "The formatting differs: run 'make fmt'." >&2; exit 1; }
	@cargo clippy --locked --workspace --all-targets --bench instructions -- -D warnings
	@tests/tools/ensure deny deployment
	@PATH="$(abspath $(TARGET))/tools/bin:$$PATH" cargo deny --log-level warn check --hide-inclusion-graph bans licenses sources
	@cargo test --locked --workspace --test service -- architecture:: deployment:: | awk '{ print } /^test result: ok\. [1-9]/ { ran = 1 } END { exit !ran }' || { echo "The tests of the architecture and of the deployment failed or did not run." >&2; exit 1; }

# Apart from `check`: the advisory database is a Git repository of its own, which not every machine reaches. OFFLINE=1
# asks the copy that was fetched last (~/.cargo/advisory-dbs).
.PHONY: audit
audit: rust ## known weaknesses of the dependencies, by the RustSec advisory database (OFFLINE=1: as fetched last)
	@tests/tools/ensure deny
	@PATH="$(abspath $(TARGET))/tools/bin:$$PATH" cargo deny $(if $(filter 1,$(OFFLINE)),--offline) --log-level warn check --hide-inclusion-graph advisories

.PHONY: fmt
fmt: rust ## format the code
	@cargo fmt --all

# By the tests that hold the files to be what the code says. The binary carries the files, not what makes them.
.PHONY: openapi config
openapi: rust ## write docs/openapi.json and docs/API.md anew from the code
	@WRITE_COMMITTED=1 cargo test --locked --quiet --workspace --test service -- --exact committed::openapi

config: rust ## write config/default.toml anew from the code
	@WRITE_COMMITTED=1 cargo test --locked --quiet --workspace --test service -- --exact committed::config

.PHONY: clean-data
clean-data: ## remove what `make run` keeps: accounts, sessions, generated keys
	@rm -rf -- "$(DATA_DIR)"

# What every target that compiles needs, said in one sentence where it is missing.
.PHONY: rust
rust:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust $$(sed -nE 's/^rust-version = "(.*)"/\1/p' Cargo.toml) or newer with rustup, and open a new shell." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "A C compiler is missing: run 'sudo apt-get install build-essential' (SQLite and aws-lc are C)." >&2; exit 1; }
