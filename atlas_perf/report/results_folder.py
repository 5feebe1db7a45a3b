"""One folder a run. It is writable before load starts, and never holds a stale verdict.

results/20261123T140512Z-api/
    report.html             the page to look at; opens offline
    summary.json            INVALID "not finished" from the start, replaced last of all
    load-performance.json   k6's --summary-export shape
    console.txt             the end summary, plain
    junit.xml, metrics.txt, summary.md, gl-code-quality-report.json
                            the same for CI systems
    sketches.msgpack        distributions and shares, for a comparison with another run
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from atlas_perf.errors import PlanError
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.summary import Summary
from atlas_perf.report.code_quality import code_quality
from atlas_perf.report.console import render_console
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.html.assets import require_assets
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.junit import junit_xml
from atlas_perf.report.k6_export import k6_summary_export
from atlas_perf.report.markdown import markdown
from atlas_perf.report.open_metrics import open_metrics
from atlas_perf.report.run_outcomes import NO_EARLIER_RUNS, EarlierRuns
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

SUMMARY_FILE = "summary.json"
K6_EXPORT_FILE = "load-performance.json"
CONSOLE_FILE = "console.txt"
JUNIT_FILE = "junit.xml"
OPEN_METRICS_FILE = "metrics.txt"
MARKDOWN_FILE = "summary.md"
CODE_QUALITY_FILE = "gl-code-quality-report.json"
SKETCHES_FILE = "sketches.msgpack"
REPORT_FILE = "report.html"

CONSOLE_WIDTH = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_IN_ONE_SECOND = 1000


def safe_name(name: str) -> str:
    """A scenario's name as a part of a folder's."""
    return _UNSAFE.sub("-", name).strip("-.") or "run"


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
            InternalError: a part of the report is missing, which is better known now.
        """
        require_assets()
        stamp = started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return cls._made(base, f"{stamp}-{safe_name(name)}")

    @classmethod
    def create_as(cls, base: Path, folder_name: str) -> ResultsFolder:
        """`create` with this name, or one like it that is free.

        Raises:
            PlanError: as `create`.
        """
        return cls._made(base, folder_name)

    @classmethod
    def _made(cls, base: Path, stem: str) -> ResultsFolder:
        try:
            base.mkdir(parents=True, exist_ok=True)
            folder = cls(_fresh(base, stem))
            folder._probe()
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
            self._leave_nothing()
            raise PlanError(f"{self.path / SUMMARY_FILE}: {_why(error)}") from None

    def write(
        self, summary: Summary, sketches: RunSketches, earlier: EarlierRuns = NO_EARLIER_RUNS
    ) -> None:
        """Write every file of a finished run, all or none, `summary.json` last.

        Args:
            sketches: without secrets.
            earlier: the runs that the page shows beside this one.

        Raises:
            ResultsWriteError: naming the file; the summary on disk is then still the pending one.
        """
        files = _contents(summary, sketches, earlier)
        waiting: dict[str, Path] = {}
        try:
            for file_name, content in files.items():
                with _named(self.path / file_name):
                    waiting[file_name] = self._write_beside(file_name, content)
            # Only now, with room for all: a report beside an unfinished summary would deny it.
            for file_name, temporary in waiting.items():
                with _named(self.path / file_name):
                    temporary.replace(self.path / file_name)
        except ResultsWriteError:
            for file_name, temporary in waiting.items():
                temporary.unlink(missing_ok=True)
                if file_name != SUMMARY_FILE:
                    (self.path / file_name).unlink(missing_ok=True)
            raise

    def keep_what_fits(
        self, withdrawn: Summary, sketches: RunSketches, earlier: EarlierRuns = NO_EARLIER_RUNS
    ) -> None:
        """After `write` failed: of the same files those there is room for, `summary.json` first.

        Args:
            withdrawn: the summary as INVALID, so that no file claims a verdict.
            sketches: without secrets.
        """
        files = _contents(withdrawn, sketches, earlier)
        for file_name in sorted(files, key=lambda name: name != SUMMARY_FILE):
            with suppress(OSError):
                self._replace(file_name, files[file_name])

    def put(self, file_name: str, text: str) -> None:
        """Write one file more, or replace it, in one step.

        Raises:
            ResultsWriteError: naming the file; what was there before is still there.
        """
        with _named(self.path / file_name):
            self._replace(file_name, text)

    def _probe(self) -> None:
        try:
            self._replace(".probe", "atlas-perf\n")
            (self.path / ".probe").unlink()
        except OSError:
            self._leave_nothing()
            raise

    def _leave_nothing(self) -> None:
        """Of a run that never was, not even an empty folder."""
        with suppress(OSError):
            self.path.rmdir()

    def _replace(self, file_name: str, content: str | bytes) -> None:
        """Write beside the file, then take its place in one step."""
        temporary = self._write_beside(file_name, content)
        try:
            temporary.replace(self.path / file_name)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _write_beside(self, file_name: str, content: str | bytes) -> Path:
        """A durable file of its own that can take the place of `file_name`."""
        # A name that the locale cannot read is in JSON as the escape of its bytes.
        data = content if isinstance(content, bytes) else content.encode(errors="backslashreplace")
        descriptor, temporary = tempfile.mkstemp(prefix=f".{file_name}.", dir=self.path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o644)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return Path(temporary)


def _contents(
    summary: Summary, sketches: RunSketches, earlier: EarlierRuns
) -> dict[str, str | bytes]:
    """Every file of a finished run, `summary.json` last."""
    return {
        SKETCHES_FILE: encode_run_sketches(sketches),
        REPORT_FILE: run_page(summary, sketches, earlier),
        CONSOLE_FILE: render_console(summary, colour=False, width=CONSOLE_WIDTH),
        K6_EXPORT_FILE: _json(k6_summary_export(summary)),
        JUNIT_FILE: junit_xml(summary),
        OPEN_METRICS_FILE: open_metrics(summary),
        MARKDOWN_FILE: markdown(summary),
        CODE_QUALITY_FILE: _json(code_quality(summary)),
        SUMMARY_FILE: summary_to_json(summary) + "\n",
    }


def _json(plain: object) -> str:
    return json.dumps(plain, indent=4, ensure_ascii=False) + "\n"


@contextmanager
def _named(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultsWriteError(f"the results were not written: {file}: {_why(error)}") from None


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
