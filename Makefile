# `make` alone lists what there is. Every target sets up .venv by itself; the first time takes some minutes.
# PYTHON=python3.12 chooses the Python that .venv is made with, PYTEST_ARGS="-k schedule -x" goes to pytest.

.DEFAULT_GOAL := help
.PHONY: help lab test js lessons check bench weights docs check-docs preview assets rename clean
.DELETE_ON_ERROR:
unexport IN_TEST # nbdev sets it in its tests, and nbdev-export does nothing where it is set

PYTHON ?=
PYTEST_ARGS ?=
BIN := .venv/bin
READY := .venv/.installed
JS_READY := js/node_modules/.package-lock.json
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Made anew only when one of these files changes.
$(READY): settings.ini pyproject.toml setup.py constraints.txt
	@if $(BIN)/python -c 'import pip; $(IS_NEW_ENOUGH)' 2>/dev/null; then exit 0; fi; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python3.14 python); do \
		if "$$python" -c '$(IS_NEW_ENOUGH)' >/dev/null 2>&1; then \
			echo "Making .venv with $$("$$python" --version)"; \
			exec "$$python" -m venv --clear .venv; \
		fi; \
	done; \
	found=$$($(or $(PYTHON),python3) --version 2>/dev/null | head -n 1); \
	echo "ddpm-widgets needs Python 3.11 or newer, found $${found:-none}:" \
		"install one, or name it, as in 'make $(or $(firstword $(MAKECMDGOALS)),lab) PYTHON=/path/to/python3.12'." >&2; \
	exit 1
	@echo "Installing some 175 packages into .venv, this once. It takes some minutes, most of them for PyTorch."
	@if [ "$$(uname)" = Linux ] && ! command -v nvidia-smi >/dev/null && ! $(BIN)/python -c 'import torch' 2>/dev/null; then \
		echo "No GPU is seen here: PyTorch's build for CPUs is far smaller. To have that one, stop with Ctrl-C, run the line"; \
		echo "that https://pytorch.org/get-started gives for pip and CPU with .venv/bin/python -m pip, and then make again."; \
	fi
	@$(BIN)/python nbs/_install.py $@.log install -c constraints.txt -e ".[dev]"
	@touch $@

$(JS_READY): js/package.json js/package-lock.json
	cd js && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error --fetch-retry-mintimeout=1000
	@touch $@

lab: $(READY) ## Open JupyterLab on the first lesson, in copies of your own (the folder my-lessons)
	@exec $(BIN)/ddpm-widgets lab my-lessons

# Where npm is at hand, what the tests of the front end need comes along; without it they are skipped and say so.
# `-n auto`: in several processes, unless PYTEST_ARGS chooses a few tests (tests/conftest.py says when). `-n 0` keeps to one.
test: $(READY) ## Run every test that can run on this machine (PYTEST_ARGS="..." goes to pytest)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory -s $(JS_READY) || \
		echo "npm could not install js/node_modules: the tests that need it are skipped."; fi
	@$(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

js: $(JS_READY) ## Check, test and bundle the front end (needs Node.js 20 or newer)
	cd js && npm run check && npm test && npm run build

lessons: $(READY) ## Run the front page and all lessons, and keep the outputs that GitHub can show
	$(BIN)/python nbs/_execute.py
	$(BIN)/nbdev-clean

check: $(READY) ## Bring the generated files up to date, then lint, format and type-check
	$(BIN)/nbdev-export
	$(BIN)/nbdev-clean
	$(BIN)/ruff check
	$(BIN)/ruff format
	$(BIN)/mypy

bench: $(READY) ## Measure against peers: every script in benchmarks/
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

weights: $(READY) ## Train the two judges and the network with classes that come with the package anew (about two hours on two cores)
	$(BIN)/python benchmarks/weights/classifier.py
	$(BIN)/python benchmarks/weights/second_judge.py
	$(BIN)/python benchmarks/weights/fashion_mnist.py

docs: $(READY) ## Build the documentation site into _docs/ (needs Quarto)
	@command -v quarto >/dev/null || { echo "make $@ needs Quarto on the PATH: see https://quarto.org/docs/get-started" >&2; exit 1; }
	rm -rf _proc
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/nbdev-docs

check-docs: $(READY) ## Look at every page of the built site in a browser
	@test -f _docs/index.html || { echo "There is no site in _docs: build it with \`make docs\` first." >&2; exit 1; }
	DDPM_WIDGETS_SITE="$(CURDIR)/_docs" $(BIN)/python -m pytest tests/site/test_built_site.py $(PYTEST_ARGS)

preview: $(READY) ## Build the site and serve it while you edit (needs Quarto)
	@command -v quarto >/dev/null || { echo "make $@ needs Quarto on the PATH: see https://quarto.org/docs/get-started" >&2; exit 1; }
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/nbdev-preview

assets: $(READY) ## Renew what the site brings along: formulas, fonts, plotly.js (npm), the front page's pictures and drawings, the README's film
	$(BIN)/python nbs/_vendor.py --update
	$(BIN)/python nbs/_cards.py
	$(BIN)/python nbs/_pictures.py
	$(BIN)/python nbs/_film.py

# Only what the command line says counts: EMAIL is a variable of many an environment.
OWNER :=
SITE :=
EMAIL :=
rename: $(READY) ## Give the project to a new owner: its addresses change in every file (OWNER=ada SITE=https://… EMAIL=…)
	@$(BIN)/python nbs/_rename.py "$(OWNER)" "$(SITE)" "$(EMAIL)"
	@$(BIN)/nbdev-export

clean: ## Remove what was built, but not .venv
	rm -rf _docs _proc .executed build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
