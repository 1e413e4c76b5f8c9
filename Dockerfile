# An image for pipelines that decide on a saved fit or study: docs/pipelines.md says how.
#   docker build -t qqt .
#   docker run --rm --network none --user "$(id -u):$(id -g)" -v "$PWD:/data" qqt decide study --budgets 2B --format json

ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv /opt/qqt
# What the lock pins changes seldom, so it is a layer of its own.
COPY requirements-pipeline.lock ./
RUN /opt/qqt/bin/python -m pip install --require-hashes --no-deps -r requirements-pipeline.lock
COPY pyproject.toml README.md LICENSE ./
COPY qqt_bayes ./qqt_bayes
COPY models ./models
COPY case_studies/datacomp_medium ./case_studies/datacomp_medium
RUN /opt/qqt/bin/python -m pip install --no-build-isolation --no-deps .
RUN /opt/qqt/bin/python -m compileall -q /opt/qqt

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --no-create-home qqt
COPY --from=build /opt/qqt /opt/qqt
# Whoever runs it needs no home: what is compiled and drawn keeps its caches here.
ENV PATH=/opt/qqt/bin:$PATH MPLCONFIGDIR=/tmp NUMBA_CACHE_DIR=/tmp
USER 10001
WORKDIR /data
ENTRYPOINT ["qqt"]
CMD ["--help"]
