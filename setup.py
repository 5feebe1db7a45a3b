"""The compiled parts. Everything else about the package is in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

# No contraction: a fused multiply-add would round sums and bin keys differently on some hosts.
COMPILE_ARGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-ffp-contract=off"]
# Cython's own code leaves parameters unused.
COMPILE_ARGS += ["-Wno-unused-parameter"]
HEADERS = sorted(str(header) for header in Path("csrc").glob("*.h"))

HTTP_SOURCES = [
    "http_response.c",
    "http_head.c",
    "http_body.c",
    "http_bytes.c",
    "http_limits.c",
    "http_refusal.c",
]


def extension(module: str, *c_sources: str) -> Extension:
    """One Cython module with the C files it stands on."""
    return Extension(
        module,
        sources=[module.replace(".", "/") + ".pyx", *(f"csrc/{name}" for name in c_sources)],
        include_dirs=["csrc"],
        depends=HEADERS,
        extra_compile_args=COMPILE_ARGS,
    )


setup(
    ext_modules=cythonize(
        [
            extension("atlas_perf.sketch.ddsketch", "sketch.c", "sketch_codec.c"),
            extension("atlas_perf.null_server.answering", "null_answers.c"),
            extension("atlas_perf.worker.alarm"),
            extension("atlas_perf.scripting.metrics"),
            extension("atlas_perf.scripting.sample_taker"),
            extension("atlas_perf.worker.iteration"),
            extension("atlas_perf.worker.user_samples"),
            extension("atlas_perf.worker.recorder", "sketch.c"),
            extension("atlas_perf.worker.sleeping"),
            extension(
                "atlas_perf.aggregate.series_table", "column.c", "sketch.c", "sketch_codec.c"
            ),
            extension("atlas_perf.protocols.http._response_reader", *HTTP_SOURCES),
            extension("atlas_perf.protocols.http.response_parser", *HTTP_SOURCES),
            extension("atlas_perf.protocols.http.response", *HTTP_SOURCES),
            extension("atlas_perf.protocols.http.json_text"),
            extension("atlas_perf.protocols.http.request_samples"),
            extension("atlas_perf.protocols.http.readiness"),
            extension("atlas_perf.protocols.http.tcp_connection"),
            extension("atlas_perf.protocols.http.tls_connection"),
            extension("atlas_perf.protocols.http.host_connections"),
            extension("atlas_perf.protocols.http.sinks"),
            extension("atlas_perf.protocols.http.folding"),
            extension("atlas_perf.protocols.http.request_template"),
            extension("atlas_perf.protocols.http.template_store"),
            extension("atlas_perf.protocols.http.http_call"),
            extension("atlas_perf.protocols.http.repetition"),
        ],
        compiler_directives={"language_level": "3", "embedsignature": True},
    ),
)
