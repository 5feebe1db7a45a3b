"""A run read back from its results folder, for a comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from atlas_perf.errors import ExitCode, RunInvalidError, UsageError
from atlas_perf.model.run_sketches import KeptTrend, RunSketches
from atlas_perf.model.summary import Summary
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.results_folder import SKETCHES_FILE, SUMMARY_FILE
from atlas_perf.report.summary_json import summary_from_json
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.run_sketches_codec import decode_run_sketches


class NoRunError(UsageError):
    """There is no run that could be compared, which is not the same as a bad one."""

    exit_code = ExitCode.NO_DATA


@dataclass(frozen=True, slots=True)
class RunFiles:
    """What a results folder holds of a finished run."""

    path: Path
    summary: Summary
    sketches: RunSketches


def read_summary(folder: Path) -> Summary:
    """The summary in a results folder.

    Raises:
        NoRunError: there is none.
        RunInvalidError: it cannot be read.
    """
    try:
        return summary_from_json(_content(folder, SUMMARY_FILE).decode("utf-8"))
    except (SummaryFormatError, UnicodeDecodeError) as error:
        raise RunInvalidError(f"{folder / SUMMARY_FILE}: {error}") from None


def read_run(folder: Path) -> RunFiles:
    """Summary and sketches of a results folder.

    Raises:
        NoRunError: one of them is not there.
        RunInvalidError: one of them cannot be read.
    """
    summary = read_summary(folder)
    try:
        sketches = decode_run_sketches(_content(folder, SKETCHES_FILE))
        for trend in sketches.trends:
            _require_sound(trend)
    except (WireError, ValueError) as error:
        raise RunInvalidError(
            f"{folder / SKETCHES_FILE}: these are no sketches that this atlas-perf reads: {error}"
        ) from None
    return RunFiles(folder, summary, without_address(sketches, summary.facts.target))


def without_address(kept: RunSketches, target: str) -> RunSketches:
    """Selectors without the origin that the requests went to.

    Requests without a name have their URL for one, and two builds have an address each.
    """
    origin = target.rstrip("/")
    if not origin:
        return kept
    return replace(
        kept,
        trends=tuple(
            replace(one, selector=one.selector.replace(f":{origin}/", ":/")) for one in kept.trends
        ),
    )


def _require_sound(trend: KeptTrend) -> None:
    usual = Sketch().relative_accuracy
    for packed in trend.windows:
        if Sketch.from_bytes(packed).relative_accuracy != usual:
            raise ValueError(f"a sketch of {trend.selector} has another accuracy than {usual:g}")


def _content(folder: Path, file_name: str) -> bytes:
    try:
        return (folder / file_name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise RunInvalidError(f"{folder / file_name}: {error.strerror or error}") from None
    if not folder.is_dir():
        raise NoRunError(f"{folder}: there is no such results folder")
    if file_name == SKETCHES_FILE:
        raise NoRunError(
            f"{folder}: there is no {SKETCHES_FILE}: the run was not finished, or an older "
            "atlas-perf made it; run it again"
        )
    raise NoRunError(f"{folder}: there is no {file_name}: this is no results folder of a run")
