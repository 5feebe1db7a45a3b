"""An output that sends what was measured while the run goes on, a period at a time."""

from __future__ import annotations

from collections.abc import Callable

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Tags
from atlas_perf.model.summary import OutputSummary
from atlas_perf.outputs.backlog import Backlog
from atlas_perf.outputs.courier import Courier, Pace, Receiver
from atlas_perf.outputs.periods import SERIES_CAP, TEST_TAG, Periods


class LiveOutput:
    """Periods on their way to one receiver.

    Args:
        name: kind=target, without credentials.
        required: what does not arrive makes the run INVALID: the target is a file.
        interval_s: seconds of a period.
    """

    wants_samples = False

    def __init__(
        self,
        name: str,
        receiver: Receiver,
        *,
        required: bool = False,
        interval_s: int = 1,
        pace: Pace | None = None,
    ) -> None:
        self._name = name
        self._receiver = receiver
        self._required = required
        self._interval_s = interval_s
        self._backlog = Backlog()
        self._courier = Courier(receiver, self._backlog, pace or Pace())
        self._periods = Periods(1, interval_s)
        self._started = False
        self._closed = False

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        lent = {TEST_TAG: plan.name}
        self._periods = Periods(plan.processes, self._interval_s, lent_tags=lent)
        self._receiver.open(anchor.unix_ns_at(t0_ns))
        self._courier.start()
        self._started = True

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        # Before this batch: gauges that are summed up come after the batch that completes them.
        for period in self._periods.complete():
            self._backlog.put(period)
        self._periods.add(batch, resolve)

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        self._periods.add_gauge(metric, tags, at_ns, value)

    def close(self) -> str | None:
        if self._started and not self._closed:
            self._closed = True
            for period in self._periods.rest():
                self._backlog.put(period)
            self._courier.finish()
        told = self.told()
        return told.note if self._required and not told.complete else None

    def awaited(self) -> str:
        return f"up to {self._courier.flush_s:g} s for {self._name} to take what is left"

    def hurry(self) -> None:
        self._courier.hurry()

    def told(self) -> OutputSummary:
        seconds = self._backlog.put_seconds
        lost = seconds - self._courier.delivered_seconds
        merged = min(self._backlog.merged_seconds, self._courier.delivered_seconds)
        return OutputSummary(
            self._name,
            complete=lost == 0,
            note=self._note(seconds, lost, merged),
            seconds=seconds,
            lost_seconds=lost,
            merged_seconds=merged,
        )

    def _note(self, seconds: int, lost: int, merged: int) -> str:
        text = f"--out {self._name}: {seconds - lost} of {seconds} seconds were delivered"
        if lost:
            text += f", {lost} were lost: {self._courier.failure or 'no answer'}"
        if merged:
            text += f"; {merged} came merged into longer ones, as the receiver was slow"
        if self._periods.folded:
            text += f"; series beyond {SERIES_CAP:,} were sent together as (other)"
        if self._courier.remark:
            text += f"; {self._courier.remark}"
        return text.rstrip(".") + "."
