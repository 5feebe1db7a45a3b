"""What the coordinator knows about one worker from its batches."""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.aggregate.kept_requests import KeptRequests
from atlas_perf.aggregate.pulse import Pulse
from atlas_perf.aggregate.received import ReceivedBatches
from atlas_perf.aggregate.worker_testimony import WorkerTestimony
from atlas_perf.model.batch import Batch, Ledger, NewSeries, ScenarioException
from atlas_perf.model.summary import WorkerSummary
from atlas_perf.units import NS_PER_S


class WorkerRecord:
    """One worker's batches, series numbers, ledger, exceptions and health."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.received = ReceivedBatches()
        self.lost: str | None = None
        self.ended_at_ns: int | None = None
        self.known_series: dict[int, NewSeries] = {}
        self.rows: dict[int, int] = {}  # series number -> row of the series table
        self.ledger: Mapping[str, Ledger] = {}
        self.exceptions: tuple[ScenarioException, ...] = ()
        self.requests = KeptRequests()
        self._testimony = WorkerTestimony()

    @property
    def living(self) -> bool:
        """True while more batches are to come."""
        return self.lost is None and self.ended_at_ns is None

    @property
    def measured_until_ns(self) -> int:
        """When its last iteration ended, or the end of its last interval if it never said."""
        if self.ended_at_ns is not None:
            return self.ended_at_ns
        return (self.received.last_interval + 1) * NS_PER_S

    def refusal(self, batch: Batch) -> str | None:
        """Why a batch that was not received yet cannot be this worker's, or None."""
        if not self.received.fits(batch.sequence, batch.interval):
            return f"its interval {batch.interval} lies out of order"
        after_the_last = self.ended_at_ns is not None and (
            batch.last or batch.sequence > self.received.last_sequence
        )
        if after_the_last or (batch.last and batch.sequence < self.received.last_sequence):
            return "it comes after the worker's last"
        return None

    def receive(self, batch: Batch) -> None:
        """Take note of everything in a batch but its samples."""
        if batch.sequence > self.received.last_sequence:
            self.ledger = batch.ledger
            self.exceptions = batch.exceptions
            self._testimony.stalls = batch.stalls
        self.received.add(batch.sequence, batch.interval)
        if batch.last:
            self.ended_at_ns = batch.ended_at_ns
        self.requests.add(batch.requests)
        self._testimony.add(batch.health)

    def summary(self, newest_interval: int, pulses: Mapping[int, Pulse]) -> WorkerSummary:
        """
        Args:
            newest_interval: the run's; a lost worker misses everything up to it.
            pulses: health by window, of all workers.
        """
        missing = self.received.missing_intervals()
        if self.lost is not None:
            missing += tuple(range(self.received.last_interval + 1, newest_interval + 1))
        return self._testimony.summary(
            index=self.index,
            missing_intervals=missing,
            lost=self.lost,
            measured_ns=self.measured_until_ns,
            pulses={
                second: pulses[second].by_worker[self.index]
                for second in sorted(pulses)
                if self.index in pulses[second].by_worker
            },
        )
