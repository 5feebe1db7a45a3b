"""`--out parquet=FILE`: the single requests that workers tell of, a row each.

These are samples and not all requests: the slowest of each worker's second, and failures of each
kind. Parquet has its table of contents at the end, so the file is whole only after the run's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError, UsageError
from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.series import Tags
from atlas_perf.model.summary import OutputSummary
from atlas_perf.units import NS_PER_US

_ROWS_PER_GROUP = 10_000
_ABSENT = -1


class ParquetOutput:
    """Writes requests as they are told of to one file.

    Raises:
        UsageError: from the constructor, if the library for the format is not installed.
        PlanError: from the constructor, if the file cannot be written.
    """

    wants_samples = False

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow  # noqa: PLC0415 - an extra, and 100 ms
            import pyarrow.parquet  # noqa: PLC0415
        except ImportError:
            raise UsageError(
                f"--out parquet={path}: this format needs a library that is not installed: "
                "pip install 'atlas-perf[parquet]'"
            ) from None
        self._arrow: Any = pyarrow
        self._path = path
        self._writer: Any = None
        self._rows: list[RequestSample] = []
        self._lost = 0
        self._failure: str | None = None
        self._began_ns = 0
        self._schema = self._arrow.schema(list(self._columns()))
        try:
            path.open("ab").close()
        except OSError as error:
            raise PlanError(self._cannot_write(error)) from None

    def start(self, _plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        """Open the file; see `Output.start`."""
        self._began_ns = anchor.unix_ns_at(t0_ns)
        try:
            self._writer = self._arrow.parquet.ParquetWriter(
                str(self._path), self._schema, compression="zstd"
            )
        except OSError as error:
            raise PlanError(self._cannot_write(error)) from None

    def on_batch(self, batch: Batch, _resolve: Callable[[int], NewSeries]) -> None:
        """Keep the batch's requests until there are enough for a group of rows."""
        if self._failure is not None:
            self._lost += len(batch.requests)
            return
        self._rows.extend(batch.requests)
        if len(self._rows) >= _ROWS_PER_GROUP:
            self._flush()

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """Gauges are no requests."""

    def close(self) -> str | None:
        """Write what is left; a sentence if rows are missing."""
        self._flush()
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError as error:
                self._failure = self._failure or self._cannot_write(error)
        return self._missing()

    def told(self) -> OutputSummary:
        missing = self._missing()
        return OutputSummary(f"parquet={self._path}", missing is None, missing or "")

    def _missing(self) -> str | None:
        if self._failure is None:
            return None
        return f"{self._failure}: {self._lost} requests are missing, and the file cannot be read"

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if self._failure is not None or self._writer is None:
            self._lost += len(rows)
            return
        if not rows:
            return
        try:
            self._writer.write_table(self._table(rows))
        except OSError as error:
            self._failure = self._cannot_write(error)
            self._lost += len(rows)

    def _columns(self) -> Iterator[tuple[str, Any]]:
        yield ("time", self._arrow.timestamp("us", tz="UTC"))
        for one in fields(RequestSample):
            whole_number = one.type == "int"
            yield (one.name, self._arrow.int64() if whole_number else self._arrow.string())

    def _table(self, rows: list[RequestSample]) -> Any:
        columns: dict[str, list[Any]] = {
            "time": [(self._began_ns + row.at_ns) // NS_PER_US for row in rows],
            **{
                one.name: [_plain(getattr(row, one.name)) for row in rows]
                for one in fields(RequestSample)
            },
        }
        return self._arrow.table(columns, schema=self._schema)

    def _cannot_write(self, error: OSError) -> str:
        return f"--out parquet: {self._path} cannot be written: {error.strerror or error}"


def _plain(value: Any) -> Any:
    """Text without lone surrogates, and nothing where a phase did not happen."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return None if value == _ABSENT else value
