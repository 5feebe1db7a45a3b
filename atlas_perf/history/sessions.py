"""Runs in the order of time: those that are alike in one line, those of one session together.

Runs that follow one another on a machine have its state of that hour in common: they differ by
less than runs of different days, and are one observation, not several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from atlas_perf.history.kept_files import Said, digest_of, files_of, id_of, started
from atlas_perf.history.store import Entry
from atlas_perf.judge.comparison.likeness import fingerprint
from atlas_perf.report.run_files import RunFiles

SESSION_PAUSE = timedelta(hours=1)
"""A longer pause between two runs ends a session."""


@dataclass(frozen=True, slots=True)
class DatedRun:
    """A run and what tells it from others."""

    files: RunFiles
    began: datetime
    build: str
    fingerprint: str
    digest: str

    @property
    def ended(self) -> datetime:
        return self.began + timedelta(seconds=self.files.summary.measured_s)

    @property
    def line(self) -> tuple[str, str, str]:
        """Runs that have this in common can be compared: scenario, environment, fingerprint."""
        summary = self.files.summary
        return summary.name, summary.facts.environment, self.fingerprint


Session = tuple[DatedRun, ...]


def pause_between(one: RunFiles, other: RunFiles) -> timedelta:
    """From the end of the earlier to the beginning of the later; not below zero."""
    earlier, later = sorted((one, other), key=lambda run: started(run.summary))
    ended = started(earlier.summary) + timedelta(seconds=earlier.summary.measured_s)
    return max(timedelta(), started(later.summary) - ended)


def of_entry(entry: Entry) -> DatedRun:
    kept = entry.kept
    return DatedRun(entry.files, entry.started, kept.build, kept.fingerprint, digest_of(kept.id))


def of_results(files: RunFiles) -> DatedRun:
    """A run that was not kept, or not yet.

    Raises:
        RunInvalidError: it does not say when it began.
    """
    kept_id = id_of(files.summary, files_of(files, Said()), Said())
    return DatedRun(
        files,
        started(files.summary),
        "",
        fingerprint(files.summary, files.sketches),
        digest_of(kept_id),
    )


def lines_of(runs: Iterable[DatedRun]) -> dict[tuple[str, str, str], list[Session]]:
    """Each line with its sessions, oldest first; a run that is there twice counts once.

    Lines of one scenario stand together, the one with the newest run first.
    """
    once = {run.digest: run for run in reversed(list(runs))}  # the first of a kind knows its build
    lines: dict[tuple[str, str, str], list[DatedRun]] = {}
    for run in sorted(once.values(), key=lambda one: (one.began, one.digest)):
        lines.setdefault(run.line, []).append(run)
    newest_first = sorted(lines, key=lambda line: lines[line][-1].began, reverse=True)
    return {
        line: sessions_of(lines[line]) for line in sorted(newest_first, key=lambda line: line[0])
    }


def sessions_of(runs: Sequence[DatedRun]) -> list[Session]:
    """Runs in the order of time, parted where the build is another or the pause is long."""
    sessions: list[list[DatedRun]] = []
    for run in runs:
        last = sessions[-1][-1] if sessions else None
        if last and last.build == run.build and run.began - last.ended <= SESSION_PAUSE:
            sessions[-1].append(run)
        else:
            sessions.append([run])
    return [tuple(session) for session in sessions]
