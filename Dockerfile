# atlas-perf as a container: `docker build -t atlas-perf .`, then `docker run --rm atlas-perf run smoke`.
# The first stage compiles the wheel; the second holds no compiler, and runs as an ordinary user.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
# hadolint ignore=DL3008 # the compiler of the image's own Debian release, whichever that is
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml setup.py README.md MANIFEST.in ./
COPY csrc csrc
COPY atlas_perf atlas_perf
COPY scenarios scenarios
RUN python -m pip wheel --no-cache-dir --wheel-dir /wheels ".[convert,outputs]"

FROM python:${PYTHON_VERSION}-slim
RUN useradd --create-home --uid 10001 load \
 && mkdir /load \
 && chown load /load
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    python -m pip install --no-cache-dir --no-index /wheels/*.whl
USER 10001
WORKDIR /load
ENTRYPOINT ["atlas-perf"]
CMD ["--help"]
