"""Once a second: close the recorder's interval and send it as one numbered batch.

Seconds are those of the run, [T0 + s, T0 + s + 1 s). If the coordinator has not yet taken the last
batch off the pipe, closing is left to the next second: the load goes on, the recorder goes on
gathering in the same sketches, and nothing piles up; of single samples the recorder keeps a limited
number. The next batch then covers all seconds since the last one and carries the number of the
newest; `sequence` rises by one with every batch that is sent, so that a gap in it always means a
loss and never a wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from atlas_perf.clock import now_ns
from atlas_perf.model.batch import Batch, Ledger, ScenarioException
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.units import NS_PER_S
from atlas_perf.worker.deadlines import Clock, sleep_until
from atlas_perf.worker.health import HealthMeter, SampleLosses
from atlas_perf.worker.recorder import Recorder

_VUS = BUILTIN_METRICS["vus"]
_VUS_MAX = BUILTIN_METRICS["vus_max"]


class BatchSender(Protocol):
    """The way up to the coordinator."""

    @property
    def unsent(self) -> bool:
        """True while an earlier batch still waits for room in the pipe."""
        ...

    def send_batch(self, batch: Batch) -> None: ...


class LoadState(Protocol):
    """What a batch tells about the load beside its samples."""

    @property
    def active_users(self) -> int: ...
    @property
    def peak_users(self) -> int: ...
    @property
    def max_users(self) -> int: ...
    @property
    def last_end_ns(self) -> int | None: ...
    def ledgers(self) -> Mapping[str, Ledger]: ...
    def exceptions(self) -> tuple[ScenarioException, ...]: ...


class IntervalCloser:
    """Owns the recorder's intervals from T0 to the last batch."""

    def __init__(
        self,
        worker: int,
        t0_ns: int,
        *,
        recorder: Recorder,
        samples: RequestSamples,
        load: LoadState,
        health: HealthMeter,
        sender: BatchSender,
        tags: Tags,
        clock: Clock = now_ns,
    ) -> None:
        """
        Args:
            health: started and stopped here, with the load.
            tags: the plan's, which the gauges of virtual users carry.
        """
        self._worker = worker
        self._t0_ns = t0_ns
        self._recorder = recorder
        self._samples = samples
        self._load = load
        self._sender = sender
        self._tags = tags
        self._clock = clock
        self._sequence = 0
        self._open_since_ns = 0  # on the run's clock
        self._health = health

    async def run(self) -> None:
        """Close every second that ends, until cancelled."""
        self._health.start(self._t0_ns)
        second = 0
        while True:
            await sleep_until(self._t0_ns + (second + 1) * NS_PER_S, self._clock)
            now = self._clock()
            second = (now - self._t0_ns) // NS_PER_S
            if not self._sender.unsent:
                self._gauge_users(self._load.active_users, now)
                self._send(second - 1, now)

    def load_ended(self) -> None:
        """What the worker does from now on, such as closing connections, is no part of its
        health under load."""
        self._health.stop()

    def close_last(self) -> None:
        """Send what is left once the load has ended; marked as this worker's last batch."""
        now = self._clock()
        if self._sequence == 0:
            # A run of less than a second was never gauged while its users were at work.
            self._gauge_users(self._load.peak_users, now)
        ended_ns = self._load.last_end_ns
        ended_at_ns = 0 if ended_ns is None else max(0, ended_ns - self._t0_ns)
        interval = max(0, now - self._t0_ns) // NS_PER_S
        self._send(interval, now, last=True, ended_at_ns=ended_at_ns)

    def _gauge_users(self, active: int, at_ns: int) -> None:
        for metric, value in ((_VUS, active), (_VUS_MAX, self._load.max_users)):
            self._recorder.add(self._recorder.series(metric, self._tags), value, at_ns)

    def _send(self, interval: int, now: int, *, last: bool = False, ended_at_ns: int = 0) -> None:
        from_ns, until_ns = self._open_since_ns, max(self._open_since_ns + 1, now - self._t0_ns)
        self._open_since_ns = until_ns
        closed = self._recorder.close_interval()
        losses = SampleLosses(
            closed.dropped_samples, closed.refused_samples, closed.overflowed_samples
        )
        self._sender.send_batch(
            Batch(
                worker=self._worker,
                sequence=self._sequence,
                interval=interval,
                new_series=closed.new_series,
                deltas=closed.deltas,
                ledger=self._load.ledgers(),
                health=self._health.take(losses),
                exceptions=self._load.exceptions(),
                stalls=self._health.stalls(),
                samples=closed.samples,
                last=last,
                ended_at_ns=ended_at_ns,
                requests=self._samples.take(),
                from_ns=from_ns,
                until_ns=until_ns,
            )
        )
        self._sequence += 1
