# Two commands to begin with: `make up` and `make test`. Both set up what they need.

PYTHON ?= python3
BIN := .venv/bin
TEMPLATES := templates donations/sandbox/templates subscriptions/sandbox/templates

.PHONY: help up test test-fast check format picture screenshots lighthouse licences sbom audit settings bench smoke chaos mutate clean
.DEFAULT_GOAL := up

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

up: .venv/ready  ## the product, running, with demo content; RELOAD=1: begin anew when code changes
	@exec $(BIN)/python manage.py up $(if $(RELOAD),--reload)

test: .venv/ready  ## what every change has to pass, on real PostgreSQL, Redis, workers and a browser; ARGS=all: what is costly, too, of which each commit takes a part
	@$(BIN)/python -m tests.tools
	@$(BIN)/python -m tests $(ARGS)

test-fast: .venv/ready  ## a case of each behaviour that needs no running product
	@$(BIN)/python -m tests fast

check: .venv/ready  ## style, types, layers, templates, migrations, deployment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet $(TEMPLATES)
	$(BIN)/djlint --lint --quiet --extension mjml templates
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.check

format: .venv/ready  ## put style right where a machine can
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

picture: .venv/ready  ## draw the rooms in docs/architecture.md anew
	@$(BIN)/python -m tests.picture

screenshots: .venv/ready  ## take the pictures in docs/pictures anew, of the demo in a browser; look at each
	@$(BIN)/python -m tests.tools
	@$(BIN)/python -m tests.screenshots

lighthouse: .venv/ready  ## what Lighthouse, from npm, says of six pages in a browser; less than 99 fails
	@$(BIN)/python -m tests.tools
	@$(BIN)/python -m tests.lighthouse

licences: .venv/ready  ## write docs/licences.md anew: the licence of each package we run with
	@$(BIN)/python -m tests.licences

sbom: .venv/ready  ## write what we are made of into var/, for machines (CycloneDX): versions, hashes, licences
	@$(BIN)/python -m tests.supply sbom

audit: .venv/ready  ## are holes known in what we are made of? asks osv.dev
	@$(BIN)/python -m tests.supply audit

settings: .venv/ready  ## draw docs/settings.md anew, from the table of settings
	@$(BIN)/python -m tests.settings_page

bench: .venv/ready  ## NAME=send|smtp|linear|webhooks|checkout|desk|readers|readers_pages|slow|timing|events|signup|pages|growth|books|finance|ask|later [RECIPIENTS=100000] [READERS=200000] [RUNS=3]: how fast
	@$(BIN)/python -m tests.benchmarks $(NAME)

smoke: .venv/ready  ## with STRIPE_SECRET_KEY=sk_test_…: does Stripe do what we assume?
	@$(BIN)/python -m tests.smoke

chaos: .venv/ready  ## break the send and an import in a hundred ways and count who got what; giving and sending through PgBouncer; from a clean Debian to an upgrade (an hour)
	@$(BIN)/python -m tests.tools
	@$(BIN)/python -m tests.chaos
	@PGBOUNCER=1 TEST_WORLD=pgbouncer $(BIN)/python -m pytest --reuse-db --create-db tests/donations tests/subscriptions/sending
	@REQUESTS=10000 EXAMPLES=100 $(BIN)/python -m pytest tests/newsroom/test_hostile_requests.py tests/donations/payments/test_machine.py tests/donations/books/test_machine.py tests/subscriptions/readers/test_machine.py
	@$(BIN)/python -m tests.chaos.deployment
	@$(BIN)/python -m tests rare

mutate: .venv/ready  ## [MINUTES=60] [SEED=…]: break the code in small ways, and see which breaks no test notices
	@$(BIN)/uv run --frozen --quiet --group mutate python -m tests.mutants

# `uv.lock` names every package and its hash; uv itself is among them.
.venv/ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv 2>/dev/null || { \
	  echo "Python's venv module is missing."; \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv --clear; \
	  else echo "Install it: sudo apt install python3-venv"; exit 1; fi; }
	@test -x $(BIN)/uv || $(BIN)/pip install -q --disable-pip-version-check "uv==$$(sed -n '/^name = "uv"/{n;s/version = "\(.*\)"/\1/p;}' uv.lock)"
	$(BIN)/uv sync --frozen --quiet --compile-bytecode --python $(BIN)/python
	@touch $@

clean:  ## remove what local runs left behind; asks first
	@printf 'Delete var/ (database, mails, payments of this checkout)? [y/N] '; read a; [ "$$a" = y ] && rm -rf var
