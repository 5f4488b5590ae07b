# Needs python3 (3.11 or newer) and make; everything else goes into .venv.
PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -n auto --dist worksteal
PY = $(VENV)/bin/python
NEW_ENOUGH = import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.13")
COMPILE = $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-header --no-emit-index-url --no-emit-find-links --quiet
# As the group `bench` of pyproject.toml, which pip before 25.1 cannot read.
BENCH_PACKAGES = "django>=5.2" "sqladmin>=0.32" "starlette-admin>=1.0" "uvicorn>=0.54"
PO = backoffice/translations

.PHONY: run test check fmt bench bench-clean lock translations

run: $(VENV)/runtime.stamp ; @$(PY) run.py
test: $(VENV)/dev.stamp ; $(PY) -m pytest $(PYTEST_ARGS)
check: $(VENV)/dev.stamp ; $(PY) -m ruff format --check && $(PY) -m ruff check && $(PY) -m mypy && $(VENV)/bin/lint-imports
fmt: $(VENV)/dev.stamp ; $(PY) -m ruff format && $(PY) -m ruff check --fix

# Beside stock Flask-Admin and raw SQL, on a million articles; docs/performance.md tells the options.
bench: $(VENV)/dev.stamp
	@[ -z "$(CANDIDATES)" ] || $(PY) -m pip install --quiet --disable-pip-version-check $(BENCH_PACKAGES)
	$(PY) -m tests.bench --candidates "$(CANDIDATES)"
bench-clean: $(VENV)/dev.stamp ; $(PY) -m tests.bench --clean

# New versions of everything, for every platform, with the hashes that pip then demands.
lock: $(VENV)/dev.stamp
	$(PY) -m pip install --quiet uv
	$(COMPILE) -o deploy/requirements.txt
	$(COMPILE) --group dev -c deploy/requirements.txt -o deploy/requirements-dev.txt

# Puts new texts of the code into the catalogues, untranslated, and takes out those that are gone.
translations: $(VENV)/runtime.stamp
	$(PY) -m babel.messages.frontend --quiet extract -F $(PO)/babel.cfg -k _l -k lazy_pgettext:1c,2 -k pgettext:1c,2 --sort-output --no-location -o $(VENV)/messages.pot .
	$(PY) -m babel.messages.frontend --quiet update -i $(VENV)/messages.pot -d $(PO) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap

$(VENV)/runtime.stamp: deploy/requirements.txt
$(VENV)/dev.stamp: deploy/requirements-dev.txt
$(VENV)/%.stamp:
	@$(PYTHON) -c '$(NEW_ENOUGH)'
	@echo "Installing $^ into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $^
	@touch $@
