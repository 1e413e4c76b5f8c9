# Every target first makes .venv from requirements.lock, with the first fitting Python that it finds.
#   make PYTHON=/path/to/python3.13 setup    tries that one first
# `bench` has its own, .venv-bench: the samplers and fits that are timed beside this one are heavy.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH := .venv-bench
# Dask has a folder of its own: wherever it is installed, xarray imports it in every process.
CLUSTER := $(VENV)/distributed

# The locked packages are built for CPython 3.12 to 3.14 with its lock. A Python without venv and ensurepip cannot make .venv.
FITS := import ensurepip, sys, sysconfig, venv; \
	fits = (3, 12) <= sys.version_info < (3, 15) and sys.implementation.name == "cpython"; \
	sys.exit(0 if fits and not sysconfig.get_config_var("Py_GIL_DISABLED") else 1)

.PHONY: help setup demo test test-slow attack lint bench notebooks calibration sbc campaigns mini-clip mini-clip-setup dist docs lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

setup: $(READY) ## make .venv from the lock, with this package in it
	@echo "Ready: $(BIN)/qqt"

demo: $(READY) ## the main job on real runs: which filter wins at which budget
	$(BIN)/qqt demo

# The cluster's tests mostly wait: meanwhile the others run, and what they said comes at the end.
test: $(READY) $(CLUSTER)/.ready ## the tests and the examples in the docstrings
	@mkdir -p build
	@PYTHONPATH=$(CURDIR)/$(CLUSTER) $(BIN)/python -m pytest -p no:cacheprovider tests/sampling/test_cluster.py tests/sampling/test_scheduler.py \
		>build/test_cluster.log 2>&1 & cluster=$$!; \
	status=0; $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder || status=$$?; \
	wait $$cluster || status=$$?; cat build/test_cluster.log; exit $$status

test-slow: $(READY) $(CLUSTER)/.ready ## recovery of known parameters and other tests of many minutes
	$(BIN)/python -m pytest --runslow -m slow
	PYTHONPATH=$(CURDIR)/$(CLUSTER) $(BIN)/python -m pytest --runslow -m slow tests/sampling/test_cluster.py

attack: $(READY) ## what must not break whatever comes: damaged files, odd command lines and machines; ten minutes
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --runslow $(ATTACKS)

# Files, command lines and names that nobody planned; kills, full disks and pipes that are closed.
ATTACKS := tests/cli/test_command_lines.py tests/cli/test_disk.py tests/cli/test_ends.py tests/cli/test_inputs.py \
	tests/cli/test_names.py tests/cli/test_replaced.py tests/cli/test_streams.py tests/importers/test_import_fuzz.py \
	tests/posterior/test_fit_file_spoiled.py tests/report/figures/test_fonts.py tests/tables/test_names.py \
	tests/test_files.py tests/test_files_killed.py tests/test_fuzz.py

lint: $(READY) ## style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(BENCH)/.ready ## timings beside other samplers and fits; 20 minutes, on a machine that does nothing else
	$(BENCH)/bin/python -m pytest tests/benchmarks/test_*.py --results tests/benchmarks

notebooks: $(READY) ## execute the case studies' notebooks in place
	$(BIN)/python case_studies/execute.py

calibration: $(READY) ## predict held-out larger budgets of real runs, beside baselines; an hour or two
	$(BIN)/python case_studies/held_out/study.py
	$(BIN)/python case_studies/calibration/sbc.py --page
	$(BIN)/python docs/trust.py

sbc: $(READY) ## calibrate every shipped specification on 500 simulated studies; five to six hours of one core
	$(BIN)/python case_studies/calibration/sbc.py
	$(BIN)/python docs/trust.py

campaigns: $(READY) ## play campaigns with proposed and with fixed designs, and refit what they are said to be worth; an hour
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -W ignore case_studies/planning/campaigns.py --worlds 100 --mini-clip
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -W ignore case_studies/planning/nested.py
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -W ignore case_studies/planning/nested.py --batch moved
	$(BIN)/python case_studies/planning/page.py

mini-clip: mini-clip-setup ## train the small models of case_studies/mini_clip anew, into build/; over an hour
	$(BIN)/python case_studies/mini_clip/train.py --out build/mini_clip
	$(BIN)/python case_studies/mini_clip/train.py --proxies equal unequal near_duplicates no_augmentation --out build/mini_clip

mini-clip-setup: $(VENV)/.mini-clip ## add JAX and optax to .venv

dist: $(READY) ## build the wheel and the source archive, into dist/
	@rm -rf dist
	$(BIN)/python -m hatchling build

docs: $(VENV)/.docs ## the pages of docs/ as a site in build/docs, with warnings as errors; a minute or two
	$(BIN)/python -m sphinx --builder html -c docs --fail-on-warning --keep-going --nitpicky --quiet --jobs 2 \
		--doctree-dir build/doctrees . build/docs

lock: $(READY) ## resolve the locks anew, for all Pythons and platforms
	$(BIN)/python -m venv build/lock
	build/lock/bin/python -m pip install --quiet uv
	$(RESOLVE) --extra dev --output-file requirements.lock
	$(RESOLVE) --extra distributed --constraint requirements.lock --output-file requirements-distributed.lock \
		$$(sed -n 's/^\([^=]*\)==.*/--no-emit-package \1/p' requirements.lock)
	$(RESOLVE) --extra docs --constraint requirements.lock --output-file requirements-docs.lock \
		$$(sed -n 's/^\([^=]*\)==.*/--no-emit-package \1/p' requirements.lock)
	$(RESOLVE) --extra editable --constraint requirements.lock --output-file requirements-pipeline.lock
	$(RESOLVE) --extra bench --extra editable --constraint requirements.lock --output-file requirements-bench.lock
	$(RESOLVE) --extra mini-clip --constraint requirements.lock --output-file requirements-mini-clip.lock

RESOLVE = UV_CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/uv pip compile --quiet --upgrade --universal \
	--python-version 3.12 --generate-hashes --no-annotate pyproject.toml

clean: ## remove .venv, caches and what was built
	rm -rf $(VENV) $(BENCH) .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist docs/reference/names
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A shim may exist and refuse to run, so each candidate is asked.
$(VENV)/.locked: requirements.lock
$(BENCH)/.locked: requirements-bench.lock
$(VENV)/.locked $(BENCH)/.locked:
	@found=; for python in "$(PYTHON)" python3.14 python3.13 python3.12 python3 "$$HOME"/.pyenv/versions/*/bin/python3; do \
		if "$$python" -c '$(FITS)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "No fitting Python was found: CPython 3.12, 3.13 or 3.14 with venv and ensurepip is needed (Debian" \
			"has them in the package python3-venv). Tried: $(PYTHON) python3.14 python3.13 python3.12 python3" \
			"~/.pyenv/versions. Install one, or name yours: make PYTHON=/path/to/python3.13 setup" >&2; \
		exit 1; \
	fi; \
	echo "Setting up $(@D) with $$("$$python" --version) ($$python): once, a minute or two"; \
	"$$python" -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# The code that a search of subsets calls is compiled meanwhile, and the density that fits call at the end: once for a machine.
%/.ready: %/.locked pyproject.toml
	@PYTHONPATH=$(CURDIR) $(@D)/bin/python -c "from qqt_bayes.laws.compiled.warm import warm; warm()" & subsets=$$!; \
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable . && \
	$(@D)/bin/python -c "from qqt_bayes.sampling.kernel.compiled import functions; functions()" && wait $$subsets
	@touch $@

$(VENV)/.docs: requirements-docs.lock $(READY)
$(VENV)/.mini-clip: requirements-mini-clip.lock $(READY)
$(VENV)/.docs $(VENV)/.mini-clip:
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

# Only what .venv does not have, for the same Python: a process that needs it has it on its PYTHONPATH.
$(CLUSTER)/.ready: requirements-distributed.lock $(VENV)/.locked
	@rm -rf $(@D)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target $(@D) -r $<
	@touch $@
