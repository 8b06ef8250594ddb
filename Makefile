# Two commands: `make demo` and `make test`. Both set up what they need and are safe to run again.
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
VENDOR := xietong/web/static/vendor/echarts.min.js
ENGLISH := xietong/locale/en/LC_MESSAGES/django.mo
MADE := $(VENDOR) $(ENGLISH)
RUN_TESTS := $(BIN)/python -m pytest
BOTH_CORES := -n 2 --dist worksteal

.PHONY: demo test check faults long fuzz mutate mutate-calc format setup system wheel clean

demo: .venv/runtime $(MADE)  ## fresh machine → the demo park on http://127.0.0.1:8000
	$(BIN)/xietong demo

test: system check  ## fresh machine → everything checked, in its short form (what CI runs)
	$(RUN_TESTS) -m slow

check: .venv/dev $(MADE)  ## the quick ring: format, lint, types, imports, house, unit, coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(RUN_TESTS) -m "not slow and not long" $(BOTH_CORES) --cov=xietong --cov-report=term:skip-covered --cov-fail-under=90

faults: system .venv/dev $(MADE)  ## 300 kill -9 at every door that acknowledges, or XIETONG_FAULT_ROUNDS of them
	$(RUN_TESTS) -m long -s tests/faults/test_every_door.py

long: system .venv/dev $(MADE)  ## kills, power cuts and soaks at length; figures go to docs/reliability.md
	$(RUN_TESTS) -m long -s

fuzz: .venv/dev $(MADE)  ## three campaigns at once, an hour each (XIETONG_FUZZ_S): decoder, sheets, payloads; crashes stop them
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,fuzz]'
	printf '%s\n' decoder sheets payloads | xargs -P 3 -I{} \
	    $(BIN)/python tests/fuzz/fuzz_campaign.py {} .fuzz/{} $${XIETONG_FUZZ_S:-3600}

mutate-calc: .venv/dev  ## change each operator, constant and factor of the rules: a worked case must turn red
	$(BIN)/python tests/mutate_calc.py

mutate: .venv/dev $(MADE)  ## change lines of the rooms that carry evidence: a test must turn red (sampled; the named lines all)
	$(BIN)/python tests/mutate_rooms.py --map --listed --slow
	$(BIN)/python tests/mutate_rooms.py --slow

format: .venv/dev  ## lay the code out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: .venv/dev $(MADE)  ## everything a developer needs but the system's packages

system:  ## the system's packages that the tests start: a browser, fonts, a spreadsheet, PostgreSQL, FUSE, an MQTT broker, a proxy
	@PYTHON=$(PYTHON) .ci/system chromium fonts-noto-cjk libreoffice-calc-nogui postgresql fuse3 libfuse2 mosquitto nginx-light

.venv/made:
	@PYTHON=$(PYTHON) .ci/system --venv
	$(PYTHON) -m venv .venv
	touch $@

.venv/runtime: .venv/made pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/dev: .venv/made pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ .venv/runtime

$(VENDOR): package-lock.json
	@.ci/system --npm
	npm ci --ignore-scripts --no-audit --no-fund --silent
	mkdir -p $(@D) && cp node_modules/echarts/dist/echarts.min.js node_modules/echarts/LICENSE $(@D)/
	touch $@

$(ENGLISH): xietong/locale/en/LC_MESSAGES/django.po | .venv/runtime
	$(BIN)/pybabel --quiet compile --domain django --directory xietong/locale
	touch $@

wheel: .venv/dev $(MADE)  ## the package to install elsewhere, whole
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove what the set-up made; data folders stay
	rm -rf .venv node_modules $(MADE) build dist *.egg-info
