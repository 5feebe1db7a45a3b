"""A file with every sample of a run, in some format; gzipped if its name ends in `.gz`.

Samples stand in the order in which batches arrive, not sorted by time. Of gauges that add up over
workers, such as `vus`, there is one a second: the sum. Tags are exactly those recorded, so an
address with a secret in it is in the file: unlike the summary, this is raw data.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError
from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Series, Tags
from atlas_perf.model.summary import OutputSummary
from atlas_perf.outputs.file_writer import LAST_WAIT_S, FileWriter, GzipFile, PlainFile, Sink
from atlas_perf.units import NS_PER_S
from atlas_perf.wire.samples import iter_samples


class SampleForm(Protocol):
    """The text of one series' samples, with holes for time and value: tags are encoded once."""

    def line(self, at: SampleTime, value: float) -> str: ...


class SampleFile(ABC):
    """Writes every sample of a run to one file; what a subclass adds is the format.

    Raises:
        PlanError: from the constructor, if the file cannot be written.
    """

    wants_samples = True
    kind: str
    """What `--out` calls it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: FileWriter | None = None
        self._dropped = 0  # by workers that found the way here blocked
        self._forms: dict[tuple[int, int], SampleForm] = {}
        self._sums: dict[Series, SampleForm] = {}
        self._time = SampleTime(0)
        self._zero_unix_ns = 0
        try:
            path.open("ab").close()
        except OSError as error:
            raise PlanError(self._cannot_write(error)) from None

    @abstractmethod
    def head(self, plan: TestPlan) -> str:
        """What the file begins with."""

    @abstractmethod
    def new_form(self, metric: Metric, tags: Tags, lines: io.StringIO) -> SampleForm:
        """The form of a series that is met for the first time; may write before its samples."""

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        self._zero_unix_ns = anchor.unix_ns_at(t0_ns)
        head = self.head(plan)
        try:
            self._writer = FileWriter(self._open())
        except OSError as error:
            raise PlanError(self._cannot_write(error)) from None
        if head:
            self._write(head, 0)

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        self._dropped += batch.health.dropped_samples
        lines = io.StringIO()
        written = 0
        for number, at_ns, value in iter_samples(batch.samples):
            form = self._forms.get((batch.worker, number))
            if form is None:
                new = resolve(number)
                form = self.new_form(new.metric, new.series.tags, lines)
                self._forms[batch.worker, number] = form
            lines.write(form.line(self._at(at_ns), value))
            written += 1
        self._write(lines.getvalue(), written)

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        lines = io.StringIO()
        series = Series(metric.name, tags)
        form = self._sums.get(series)
        if form is None:
            form = self._sums[series] = self.new_form(metric, tags, lines)
        lines.write(form.line(self._at(at_ns), value))
        self._write(lines.getvalue(), 1)

    def close(self) -> str | None:
        if self._writer is not None:
            self._writer.finish()
        return self._missing()

    def awaited(self) -> str:
        return f"up to {LAST_WAIT_S:g} s for {self._path} to be written"

    def hurry(self) -> None:
        if self._writer is not None:
            self._writer.hurry()

    def told(self) -> OutputSummary:
        missing = self._missing()
        return OutputSummary(f"{self.kind}={self._path}", missing is None, missing or "")

    def _missing(self) -> str | None:
        lost = self._dropped + (self._writer.lost if self._writer is not None else 0)
        if self._writer is not None and self._writer.failure is not None:
            failure = self._cannot_write(self._writer.failure)
            at_least = f", at least {lost} samples are missing" if lost else ""
            advice = "give it a place with room, or leave --out away"
            return f"{failure}: the file is incomplete{at_least}: {advice}."
        if lost:
            return (
                f"--out {self.kind}: {self._path} is incomplete, {lost} samples are "
                "missing: they came faster than they could be written; the report has them all. "
                "Write to a faster disk, without .gz, or leave --out away."
            )
        return None

    def _open(self) -> Sink:
        return GzipFile(self._path) if self._path.suffix == ".gz" else PlainFile(self._path)

    def _write(self, lines: str, samples: int) -> None:
        assert self._writer is not None, "it was started"
        if lines:
            self._writer.put(lines.encode(errors="backslashreplace"), samples)

    def _cannot_write(self, error: OSError) -> str:
        return f"--out {self.kind}: {self._path} cannot be written: {error.strerror or error}"

    def _at(self, at_ns: int) -> SampleTime:
        second, _ = divmod(self._zero_unix_ns + at_ns, NS_PER_S)
        if second != self._time.second:
            self._time = SampleTime(second)
        self._time.unix_ns = self._zero_unix_ns + at_ns
        return self._time


class SampleTime:
    """When a sample was taken; the text of its second is made once for all in it."""

    __slots__ = ("_text", "second", "unix_ns")

    def __init__(self, second: int) -> None:
        self.second = second  # since 1970
        self.unix_ns = 0
        self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")

    @property
    def rfc3339(self) -> str:
        """In UTC with as many decimals as it takes, like Go's RFC3339Nano."""
        rest_ns = self.unix_ns % NS_PER_S
        decimals = f".{rest_ns:09d}".rstrip("0") if rest_ns else ""
        return f"{self._text}{decimals}Z"
