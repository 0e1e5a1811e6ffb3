PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: run setup test test-servers stack image-test lint format bench messages pins

# Everything at http://127.0.0.1:8000; Ctrl-C ends it.
run: setup .env
	@exec python manage.py run

setup: $(VENV)/.run-time

$(BIN)/uv:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9 || true

$(VENV)/.run-time: requirements.txt | $(BIN)/uv
	@if [ -x $(BIN)/uv ]; then uv pip install --quiet --python $(BIN)/python -r $<; \
	else $(BIN)/pip install --quiet --disable-pip-version-check -r $<; fi
	@touch $@

$(VENV)/.tests: requirements.txt tests/requirements.txt | $(BIN)/uv
	@if [ -x $(BIN)/uv ]; then uv pip install --quiet --python $(BIN)/python -r tests/requirements.txt; \
	else $(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt; fi
	@touch $@ $(VENV)/.run-time

.env:
	@umask 077; printf 'DEBUG=1\nSECRET_KEY=%s\n' \
	  "$$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" > $@

# Tests read no .env: a shop's key is never spent. In three lanes, since what runs browsers
# and whole sites mostly waits; a fourth would make them wait too long for one another.
PAGES := tests/browser tests/flows
SITES := tests/contract tests/faults
BESIDE := python -m pytest -p no:cacheprovider
test: $(VENV)/.tests
	@told=$$(mktemp -d); export ENV_FILE=; \
	$(BESIDE) $(PAGES) >$$told/pages 2>&1 & pages=$$!; \
	$(BESIDE) $(SITES) >$$told/sites 2>&1 & sites=$$!; \
	python -m pytest $(addprefix --ignore=,$(PAGES) $(SITES)); others=$$?; \
	wait $$pages; pages=$$?; wait $$sites; sites=$$?; \
	cat $$told/*; rm -r $$told; exit $$((pages + sites + others))

# The same on PostgreSQL, Redis and S3, started for it. SERVERS="not browser" leaves out
# what takes half the time, TESTS names folders and files.
SERVERS ?= browser or not browser
TESTS ?= tests
test-servers: $(VENV)/.tests
	@ENV_FILE= python -m tests.servers python -m pytest -p no:cacheprovider \
	  -m "not anywhere and ($(SERVERS))" $(TESTS)

# Granian, PostgreSQL, Redis and S3 with the demo shop, to try and to load.
stack: $(VENV)/.tests
	@ENV_FILE= python -m tests.stack

# The documented image, built and run with buildah: as root, three minutes.
image-test: $(VENV)/.tests
	@ENV_FILE= python -m tests.image

# All figures, with real processes, beside two baselines: about two hours.
bench: $(VENV)/.tests
	@ENV_FILE= python -m tests.bench --save docs

# After a dependency has changed in pyproject.toml: every version, with its hashes.
pins: $(VENV)/.tests
	@uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --custom-compile-command "make pins" pyproject.toml -o requirements.txt
	@uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	  --custom-compile-command "make pins" --extra tests -c requirements.txt \
	  pyproject.toml -o tests/requirements.txt

# After a text has changed: collect, translate in locale/, and run it again to compile.
messages: $(VENV)/.tests
	@ENV_FILE= DEBUG=1 python manage.py makemessages -l de -l es -l fr -l it -l nl --no-location --no-wrap --no-obsolete -i .venv -i node_modules -i tests
	@ENV_FILE= DEBUG=1 python manage.py compilemessages -i .venv -i node_modules

# Biome, for CSS and JavaScript, and TypeScript, which reads the types in comments: in the
# versions and with the hashes of package-lock.json.
node_modules/.ready: package.json package-lock.json $(VENV)/.tests
	@npm ci --loglevel=error --no-audit --no-fund >/dev/null || { \
	  echo "Biome and TypeScript could not be installed: 'npm ci' says why." >&2; exit 1; }
	@touch $@

lint: $(VENV)/.tests node_modules/.ready
	@ruff check .
	@ruff format --check .
	@ENV_FILE= DJANGO_SETTINGS_MODULE=tests.settings mypy
	@ENV_FILE= DJANGO_SETTINGS_MODULE=tests.settings lint-imports
	@node_modules/.bin/biome check --error-on-warnings
	@node_modules/.bin/tsc -p jsconfig.json
	@djangofmt --check templates
	@djlint --lint --quiet templates
	@ENV_FILE= DJANGO_SETTINGS_MODULE=tests.settings python manage.py makemigrations --check --dry-run

# Puts everything into the form that lint asks for.
format: $(VENV)/.tests node_modules/.ready
	@ruff check --fix --quiet .
	@ruff format --quiet .
	@node_modules/.bin/biome check --write --error-on-warnings
	@djangofmt --quiet templates
