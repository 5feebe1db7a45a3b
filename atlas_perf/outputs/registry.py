"""`--out kind=target` becomes an output."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from atlas_perf.errors import UsageError
from atlas_perf.outputs.base import Output
from atlas_perf.outputs.k6_ndjson import K6NdjsonOutput
from atlas_perf.outputs.parquet import ParquetOutput

_KINDS: Mapping[str, Callable[[str], Output]] = {
    "json": lambda target: K6NdjsonOutput(Path(target)),
    "parquet": lambda target: ParquetOutput(Path(target)),
}

OUTPUT_KINDS: tuple[str, ...] = tuple(sorted(_KINDS))
"""Kinds of output that `--out` knows."""


def parse_output(text: str) -> Output:
    """Read `kind=target`, such as `json=samples.ndjson.gz`.

    Raises:
        UsageError: for an unknown kind, with the nearest one, or a missing target.
        PlanError: if the target cannot be written.
    """
    kind, _, target = text.partition("=")
    make = _KINDS.get(kind)
    if make is None:
        close = get_close_matches(kind, OUTPUT_KINDS, n=1)
        meant = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(OUTPUT_KINDS)}"
        raise UsageError(f"--out {text}: there is no output {kind!r}, {meant}")
    if not target:
        raise UsageError(f"--out {text}: {kind} needs a target: write --out {kind}=FILE")
    if _is_ours(target):
        raise UsageError(
            f"--out {text}: the summary and the progress go there: give {kind} a file of its own"
        )
    return make(target)


def _is_ours(target: str) -> bool:
    """True for stdout and stderr under any name, unless they lead nowhere."""
    if target == "-":
        return True
    for descriptor in (1, 2):
        try:
            here, there = os.fstat(descriptor), Path(target).stat()
        except OSError:  # most often: the file does not exist yet
            continue
        if os.path.samestat(here, there) and not os.path.samestat(here, Path(os.devnull).stat()):
            return True
    return target in ("/dev/stdout", "/dev/stderr")
