"""`atlas-perf --version`: what is installed, and proof that the compiled parts are there."""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES

import atlas_perf
from atlas_perf.errors import AtlasPerfError
from atlas_perf.loop import UVLOOP_VERSION

COMPILED_PARTS = (
    "atlas_perf.sketch.ddsketch",
    "atlas_perf.null_server.answering",
    "atlas_perf.worker.alarm",
    "atlas_perf.scripting.metrics",
    "atlas_perf.scripting.sample_taker",
    "atlas_perf.worker.recorder",
    "atlas_perf.worker.iteration",
    "atlas_perf.worker.sleeping",
    "atlas_perf.worker.user_samples",
    "atlas_perf.aggregate.series_table",
    "atlas_perf.protocols.http._response_reader",
    "atlas_perf.protocols.http.folding",
    "atlas_perf.protocols.http.host_connections",
    "atlas_perf.protocols.http.http_call",
    "atlas_perf.protocols.http.json_text",
    "atlas_perf.protocols.http.readiness",
    "atlas_perf.protocols.http.repetition",
    "atlas_perf.protocols.http.request_samples",
    "atlas_perf.protocols.http.request_template",
    "atlas_perf.protocols.http.response",
    "atlas_perf.protocols.http.response_parser",
    "atlas_perf.protocols.http.sinks",
    "atlas_perf.protocols.http.tcp_connection",
    "atlas_perf.protocols.http.template_store",
    "atlas_perf.protocols.http.tls_connection",
)


def version_line() -> str:
    """One line for `--version` and for bug reports.

    Raises:
        AtlasPerfError: a compiled part is missing or is not compiled; exit code 70.
    """
    for module in COMPILED_PARTS:
        require_compiled(module)
    parts = ", ".join(module.rpartition(".")[2] for module in COMPILED_PARTS)
    return (
        f"atlas-perf {atlas_perf.__version__} (Python {platform.python_version()}, "
        f"uvloop {UVLOOP_VERSION}, compiled parts loaded: {parts})"
    )


def require_compiled(module: str) -> None:
    """Import a module and see that it really came from a compiled file."""
    try:
        file = import_module(module).__file__ or ""
    except ImportError as error:
        raise AtlasPerfError(
            f"compiled part {module} cannot be loaded ({error}): install atlas-perf again with "
            "a C compiler present, or run 'make' targets from the checkout"
        ) from error
    if not file.endswith(tuple(EXTENSION_SUFFIXES)):
        raise AtlasPerfError(f"compiled part {module} came from {file}, which is not compiled")
