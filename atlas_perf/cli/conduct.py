"""One run, carried out: folder, signals, progress, results."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from atlas_perf.cli.calibration import CalibrationLoad, calibrate
from atlas_perf.cli.environments import Environment
from atlas_perf.cli.facts import gather_facts
from atlas_perf.cli.json_log import verdict_fields
from atlas_perf.cli.live_view import LiveView
from atlas_perf.cli.measuring import measure
from atlas_perf.cli.progress import choose_display
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import is_terminal, log_event, logs_json, say, show, wants_colour
from atlas_perf.errors import AtlasPerfError, ExitCode, InternalError, PlanError
from atlas_perf.history.earlier_runs import earlier_runs
from atlas_perf.history.store import DEFAULT_STORE
from atlas_perf.judge.baselines.judging import BaselineJudge
from atlas_perf.judge.calibrated import doubt_of_rate
from atlas_perf.judge.redact import plan_secrets, redacted_text
from atlas_perf.judge.summarize import unfinished_summary
from atlas_perf.judge.withdrawn import withdrawn
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Calibration, Facts, Summary
from atlas_perf.outputs.base import Output
from atlas_perf.outputs.kept_sketches import KeptSketches
from atlas_perf.report.console import render_console
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.results_folder import REPORT_FILE, ResultsFolder
from atlas_perf.schedule.peak_rate import peak_rate
from atlas_perf.units import format_planned
from atlas_perf.url_credentials import without_credentials
from atlas_perf.wire.plan_codec import plan_to_plain

_PIPE_WIDTH = 100


class StartedTarget(Protocol):
    """What a run is made against, where it was started for that."""

    def early_end(self) -> str | None:
        """A sentence if it has ended by itself."""
        ...


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A validated plan and where it goes."""

    plan: TestPlan
    environment: Environment
    outputs: tuple[Output, ...]
    warnings: tuple[str, ...] = ()  # about what in the file is left aside
    target: StartedTarget | None = None  # that was started for it
    calibration: CalibrationLoad | None = None  # that is to come first, if asked for
    baselines: BaselineJudge | None = None  # of its scenario
    live: LiveView | None = None  # shows it while it goes on


def carry_out(
    prepared: PreparedRun, results_dir: Path, signals: StopSignals, *, quiet: bool
) -> Summary:
    """Run a plan to its verdict; the results are on disk before the summary is printed.

    A signal stops the load; one that comes later is held. Without its record a run is INVALID.

    Raises:
        PlanError: the results folder cannot be written; no load was offered.
        RunInvalidError: the run broke down before it could measure.
    """
    summary, folder = recorded(prepared, results_dir, signals, quiet=quiet)
    if prepared.live is not None:
        prepared.live.end(summary, folder)
    show(render_console(summary, colour=wants_colour(sys.stdout), width=report_width()))
    if not quiet:
        _tell_end(summary, folder)
    return summary


def recorded(
    prepared: PreparedRun,
    results_dir: Path,
    signals: StopSignals,
    *,
    quiet: bool,
    folder_name: str = "",
    label: str = "",
) -> tuple[Summary, Path]:
    """Run a plan to its verdict and write the results; nothing is printed on stdout.

    Args:
        folder_name: of the results below `results_dir`; empty: the time and the plan's name.
        label: what the progress is called, where the run is one of many; empty: a run by itself.

    Returns:
        The summary, and the folder that the results are in.

    Raises:
        PlanError: the results folder cannot be written; no load was offered.
        RunInvalidError: the run broke down before it could measure.
    """
    signals.hold()
    plan = prepared.plan
    facts = gather_facts(prepared.environment)
    claim = _claim_folder(results_dir, plan, facts, folder_name)
    folder = claim.folder
    for warning in prepared.warnings:
        say(f"warning: {plan.name}: {warning}")
    with claim.told_why_it_stays():
        calibration = calibrated(prepared, signals, quiet=quiet)
        sketches = KeptSketches()
        watched = replace(prepared, outputs=(*prepared.outputs, sketches))
        if label:
            summary = run_shown(watched, signals, label, quiet=quiet, calibration=calibration)
        else:
            summary = observe(watched, signals, quiet=quiet, calibration=calibration)
    early_end = None if prepared.target is None else prepared.target.early_end()
    secrets = plan_secrets(plan)
    if early_end is not None:
        summary = withdrawn(summary, redacted_text(early_end, secrets))
    kept = sketches.kept(partial(redacted_text, secrets=secrets))
    earlier = earlier_runs(folder.path, summary, (DEFAULT_STORE,))
    try:
        folder.write(summary, kept, earlier)
    except ResultsWriteError as error:
        summary = withdrawn(summary, _sentence(error))
        folder.keep_what_fits(summary, kept, earlier)
        say(f"error: {error}")
    return summary, folder.path


def calibrated(prepared: PreparedRun, signals: StopSignals, *, quiet: bool) -> Calibration | None:
    """What the generator can do here, if the run is to be held against it.

    Raises:
        KeyboardInterrupt: a signal asked to stop.
        RunInvalidError: it could not be measured.
    """
    load = prepared.calibration
    if load is None:
        return None
    if not quiet:
        say(f"{prepared.plan.name}: calibrating for {format_planned(load.time_ns)}")
    calibration = calibrate(load, signals)
    doubt = doubt_of_rate(calibration, load.rate_per_s)
    if doubt is not None:
        say(f"warning: {prepared.plan.name}: {doubt}")
    return calibration


def observe(
    prepared: PreparedRun,
    signals: StopSignals,
    *,
    quiet: bool,
    calibration: Calibration | None = None,
) -> Summary:
    """Run a plan to its verdict, with progress on stderr; nothing is written or printed yet.

    A signal asks the run to stop; one that comes later is held.

    Args:
        calibration: what the generator can do here, which the run is held against.

    Raises:
        RunInvalidError: the run broke down before it could measure.
    """
    signals.hold()
    if not quiet:
        say(_headline(prepared))
    return run_shown(prepared, signals, prepared.plan.name, quiet=quiet, calibration=calibration)


def run_shown(
    prepared: PreparedRun,
    signals: StopSignals,
    label: str,
    *,
    quiet: bool,
    calibration: Calibration | None = None,
) -> Summary:
    """`observe` without its headline; `label` is what the progress is called."""
    signals.hold()
    facts = gather_facts(prepared.environment)
    live = prepared.live
    base_url = prepared.environment.base_url
    watch = None if live is None else live.begin(label, prepared.plan, base_url)
    with choose_display(label, quiet=quiet) as display:
        return measure(
            prepared.plan,
            facts,
            signals,
            _both(display.update, watch),
            outputs=prepared.outputs,
            calibration=calibration,
            baselines=prepared.baselines,
        )


def _both(
    show: Callable[[Progress], None], watch: Callable[[Progress], None] | None
) -> Callable[[Progress], None]:
    if watch is None:
        return show
    watched = watch

    def told(progress: Progress) -> None:
        show(progress)
        watched(progress)

    return told


def report_width() -> int:
    """Columns of the terminal that stdout is, or of a log."""
    return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else _PIPE_WIDTH


def _tell_end(summary: Summary, folder: Path) -> None:
    if logs_json():
        log_event("verdict", **verdict_fields(summary, str(folder)))
    else:
        page = folder / REPORT_FILE
        say(f"results: {folder}")
        if page.is_file():
            say(f"report: {page}")


@dataclass(frozen=True, slots=True)
class _Claim:
    """A folder that says INVALID until the run has a verdict, however the run may end."""

    folder: ResultsFolder
    unfinished: Callable[..., Summary]

    @contextmanager
    def told_why_it_stays(self) -> Iterator[None]:
        """An error that ends the run is what its summary says, with the command's exit code."""
        try:
            yield
        except Exception as error:
            if isinstance(error, AtlasPerfError) and not isinstance(error, InternalError):
                exit_code, reason = error.exit_code, f"The run ended without a verdict: {error}"
            else:
                exit_code = ExitCode.INTERNAL
                reason = f"The run ended in a bug of atlas-perf: {type(error).__name__}: {error}"
            # The error itself is what the user must see, whatever becomes of the file.
            with suppress(PlanError):
                self.folder.write_pending(self.unfinished(exit_code=exit_code, reason=reason))
            raise
        except KeyboardInterrupt:  # of a calibration: the run itself ends with a summary
            with suppress(PlanError):
                self.folder.write_pending(
                    self.unfinished(
                        exit_code=ExitCode.INTERRUPTED,
                        reason="The command was interrupted before the run offered any load.",
                    )
                )
            raise


def _claim_folder(results_dir: Path, plan: TestPlan, facts: Facts, folder_name: str) -> _Claim:
    started_at = datetime.now(UTC)
    unfinished = partial(
        unfinished_summary,
        plan,
        started_at=started_at.isoformat(),
        facts=facts,
        plan_plain=plan_to_plain(plan),
    )
    if folder_name:
        folder = ResultsFolder.create_as(results_dir, folder_name)
    else:
        folder = ResultsFolder.create(results_dir, plan.name, started_at)
    folder.write_pending(unfinished())
    return _Claim(folder, unfinished)


def _headline(prepared: PreparedRun) -> str:
    plan = prepared.plan
    url = prepared.environment.base_url
    where = "" if url is None else f", target {without_credentials(url)}"
    name = prepared.environment.name
    peak = peak_rate(plan.scenarios)
    rate = "" if peak is None else f" and {float(peak.per_s):,.6g} iterations/s"
    return (
        f"{plan.name}: up to {_count(plan.max_vus, 'VU')}{rate} for at most "
        f"{format_planned(plan.end_ns)} in {_count(plan.processes, 'worker')}{where}"
        f"{'' if name is None else f' ({name})'}"
    )


def _sentence(error: ResultsWriteError) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:]}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
