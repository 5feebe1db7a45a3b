"""The compiled parts. Everything else about the package is in pyproject.toml."""

from __future__ import annotations

import sys

from Cython.Build import cythonize
from setuptools import Extension, setup


if SANITIZED:
    sys.argv.remove("--sanitize")

COMPILE_ARGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter"]


def extension(module: str, *c_sources: str) -> Extension:
    """One Cython module with the C files it stands on."""
    return Extension(
        module,
        sources=[module.replace(".", "/") + ".pyx", *(f"csrc/{name}" for name in c_sources)],
        include_dirs=["csrc"],
        depends=[],
        extra_compile_args=COMPILE_ARGS,
    )


setup(
    ext_modules=cythonize(
        [
            extension("atlas_perf.sketch.ddsketch", "sketch.c", "sketch_codec.c"),
            extension("atlas_perf.worker.recorder", "sketch.c", "sketch_codec.c"),
            extension("atlas_perf.aggregate.aggregator", "sketch.c", "sketch_codec.c"),
        ],
        compiler_directives={"language_level": "3", "embedsignature": True},
    ),
)
