"""One folder a run. It is writable before load starts, and never holds a stale verdict.

results/20261123T140512Z-api/
    summary.json            INVALID "not finished" from the start, replaced last of all
    load-performance.json   k6's --summary-export shape
    console.txt             the end summary, plain
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from atlas_perf.errors import PlanError
from atlas_perf.model.summary import Summary
from atlas_perf.report.console import render_console
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.k6_export import k6_summary_export
from atlas_perf.report.summary_json import summary_to_json

SUMMARY_FILE = "summary.json"
K6_EXPORT_FILE = "load-performance.json"
CONSOLE_FILE = "console.txt"

_CONSOLE_WIDTH = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_IN_ONE_SECOND = 1000


class ResultsFolder:
    """Where one run's files go; made by `create`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, base: Path, name: str, started_at: datetime) -> ResultsFolder:
        """Make a folder `<UTC stamp>-<name>` of its own below `base`, which is made if needed.

        Args:
            started_at: wall time, with its zone.

        Raises:
            PlanError: if nothing can be written there; no load has been offered yet.
        """
        stamp = started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        stem = f"{stamp}-{_UNSAFE.sub('-', name).strip('-.') or 'run'}"
        try:
            base.mkdir(parents=True, exist_ok=True)
            folder = cls(_fresh(base, stem))
            folder._replace(".probe", "atlas-perf\n")
            (folder.path / ".probe").unlink()
        except OSError as error:
            raise PlanError(
                f"results cannot be written to {base}: {_why(error)}; name another folder with "
                "--results-dir"
            ) from None
        return folder

    def write_pending(self, unfinished: Summary) -> None:
        """Put down a summary that says that the run has not finished.

        Raises:
            PlanError: if it cannot be written; no load has been offered yet.
        """
        try:
            self._replace(SUMMARY_FILE, summary_to_json(unfinished) + "\n")
        except OSError as error:
            raise PlanError(f"{self.path / SUMMARY_FILE}: {_why(error)}") from None

    def write(self, summary: Summary) -> None:
        """Write every file of a finished run, each at once or not at all, `summary.json` last.

        Raises:
            ResultsWriteError: naming the file; the summary on disk is then still the pending one.
        """
        export = json.dumps(k6_summary_export(summary), indent=4, ensure_ascii=False)
        texts = {
            CONSOLE_FILE: render_console(summary, colour=False, width=_CONSOLE_WIDTH),
            K6_EXPORT_FILE: export + "\n",
            SUMMARY_FILE: summary_to_json(summary) + "\n",
        }
        for file_name, text in texts.items():
            try:
                self._replace(file_name, text)
            except OSError as error:
                raise ResultsWriteError(
                    f"the results were not written: {self.path / file_name}: {_why(error)}"
                ) from None

    def _replace(self, file_name: str, text: str) -> None:
        """Write beside the file, make it durable, then take its place in one step."""
        descriptor, temporary = tempfile.mkstemp(prefix=f".{file_name}.", dir=self.path)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o644)
            Path(temporary).replace(self.path / file_name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _fresh(base: Path, stem: str) -> Path:
    """A folder no other run has, though two may start in the same second."""
    for number in range(1, _MOST_IN_ONE_SECOND):
        path = base / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{base / stem} exists {_MOST_IN_ONE_SECOND} times over")


def _why(error: OSError) -> str:
    return error.strerror or str(error)
