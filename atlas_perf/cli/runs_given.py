"""The runs that a command line names: results folders of atlas-perf, and files of k6."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.errors import UsageError
from atlas_perf.k6_results.opening import K6FileError
from atlas_perf.k6_results.reading import read_k6_run
from atlas_perf.k6_results.steady import Steady
from atlas_perf.model.analysis import Unreadable
from atlas_perf.model.baseline import BaselineSet
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.results_folder import SUMMARY_FILE
from atlas_perf.report.summary_json import summary_from_json


@dataclass(frozen=True, slots=True)
class GivenRun:
    """One run, or what keeps it from being looked at."""

    place: str  # folder or file
    summary: Summary | None
    unreadable: Unreadable | None = None
    of_k6: bool = False
    notes: tuple[str, ...] = ()


def runs_at(path: Path, baselines: BaselineSet, steady: Steady | None) -> Iterator[GivenRun]:
    """Each run of one argument.

    Raises:
        UsageError: there is nothing of that name.
    """
    name, path = _named(path)
    if path.is_file():
        yield _of_file(path, name, baselines, steady)
    elif name:
        raise UsageError(f"{path} is no file: NAME=FILE names the scenario of a file of k6")
    elif (path / SUMMARY_FILE).is_file():
        yield _own(path / SUMMARY_FILE)
    else:
        yield from _newest(path)


def _named(path: Path) -> tuple[str, Path]:
    """`api=k6.json` names the scenario that a file of k6 is of."""
    if path.exists():
        return "", path
    name, equals, file = str(path).partition("=")
    if equals and name and Path(file).exists():
        return name, Path(file)
    raise UsageError(f"there is no results folder {file or path}")


def _of_file(path: Path, name: str, baselines: BaselineSet, steady: Steady | None) -> GivenRun:
    try:
        k6 = read_k6_run(path, name=name, baselines=baselines, steady=steady)
    except K6FileError as error:
        verdict = next(one for one in Verdict if one.exit_code is error.exit_code)
        return GivenRun(str(path), None, Unreadable(verdict, f"{error}."))
    if k6 is None:
        return _own(path)
    return GivenRun(str(path), k6.summary, of_k6=True, notes=k6.notes)


def _newest(path: Path) -> Iterator[GivenRun]:
    """Of a folder of runs the last of each scenario, and every record that cannot be read."""
    files = sorted(path.glob(f"*/{SUMMARY_FILE}"))
    if not files:
        sentence = f"{path} holds no run: there is no {SUMMARY_FILE} in it."
        yield GivenRun(str(path), None, Unreadable(Verdict.NO_DATA, sentence))
    newest: dict[str, GivenRun] = {}
    started: dict[str, str] = {}
    for file in files:
        run = _own(file)
        if run.summary is None:
            yield run
        elif started.get(run.summary.name, "") <= run.summary.started_at:
            newest[run.summary.name], started[run.summary.name] = run, run.summary.started_at
    yield from newest.values()


def _own(file: Path) -> GivenRun:
    try:
        return GivenRun(str(file.parent), summary_from_json(file.read_text(encoding="utf-8")))
    except OSError as error:
        sentence = f"{file} cannot be read: {error.strerror}."
    except (SummaryFormatError, UnicodeDecodeError) as error:
        sentence = f"{file} is no record of a run: {error}."
    return GivenRun(str(file), None, Unreadable(Verdict.INVALID, sentence))
