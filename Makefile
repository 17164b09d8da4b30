# make run     set up, build, and open the window on the demo dataset
# make test    set up, and run every test
# make check   format and lints, as CI does
# make bench   the benchmarks; LENSLET_TEST_DATA names the folder of real data
# make fuzz    mutate inputs of every hand-written parser for FUZZ_SECS seconds each

CARGO ?= cargo
FUZZ_SECS ?= 60

.PHONY: run test check bench fuzz setup

run: setup
	@sh tests/scripts/run.sh $(CARGO)

test: setup
	$(CARGO) test

check:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings

bench: setup
	$(CARGO) bench

fuzz:
	LENSLET_FUZZ_SECS=$(FUZZ_SECS) $(CARGO) test --release --test it fuzz -- --nocapture

setup:
	@sh tests/scripts/setup.sh
