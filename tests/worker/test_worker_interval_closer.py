from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from virtual_time import clock, run_in_virtual_time

from atlas_perf.model.batch import Batch, CounterDelta, GaugeDelta, Ledger
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.wire.batch_codec import decode_batch, encode_batch
from atlas_perf.wire.samples import iter_samples
from atlas_perf.worker.health import HealthMeter
from atlas_perf.worker.interval_closer import IntervalCloser
from atlas_perf.worker.recorder import Recorder

MS = 1_000_000
T0_MS = 400


@dataclass
class Pipe:
    """The way up: `blocked` means that the coordinator takes nothing off it."""

    batches: list[Batch] = field(default_factory=list)
    blocked: bool = False

    @property
    def unsent(self) -> bool:
        return self.blocked and bool(self.batches)

    def send_batch(self, batch: Batch) -> None:
        self.batches.append(decode_batch(encode_batch(batch)))


@dataclass
class SteadyLoad:
    active_users: int = 3
    peak_users: int = 4
    max_users: int = 5
    last_end_ns: int | None = None

    def ledgers(self) -> dict[str, Ledger]:
        return {"s": Ledger(scheduled=1, started=1)}

    def exceptions(self) -> tuple[()]:
        return ()


@dataclass
class Stage:
    """A closer on the virtual clock, with T0 at 400 ms, over a real recorder."""

    pipe: Pipe = field(default_factory=Pipe)
    load: SteadyLoad = field(default_factory=SteadyLoad)

    def __post_init__(self) -> None:
        self.recorder = Recorder(BUILTIN_METRICS.values(), keep_samples=True, samples_cap=5)
        self.recorder.start_at(T0_MS * MS)
        self.samples = RequestSamples()
        self.closer = IntervalCloser(
            7,
            T0_MS * MS,
            recorder=self.recorder,
            samples=self.samples,
            load=self.load,
            health=HealthMeter("shop.py", clock=clock),
            sender=self.pipe,
            tags=(("team", "red"),),
            clock=clock,
        )

    def count(self) -> None:
        """One iteration happens."""
        number = self.recorder.series(BUILTIN_METRICS["iterations"], ())
        self.recorder.add(number, 1, clock())


def play(until_ms: float, *acts: tuple[float, Callable[[Stage], None]]) -> Stage:
    """Let a stage run to this instant, with things happening meanwhile."""
    stage = Stage()

    async def main() -> None:
        running = asyncio.create_task(stage.closer.run())
        loop = asyncio.get_running_loop()
        for at_ms, act in acts:
            loop.call_at(at_ms / 1000, act, stage)
        await asyncio.sleep(until_ms / 1000)
        running.cancel()
        stage.closer.load_ended()
        stage.closer.close_last()
        await asyncio.gather(running, return_exceptions=True)

    run_in_virtual_time(main())
    return stage


def iterations(batch: Batch) -> float:
    return sum(delta.total for delta in batch.deltas if isinstance(delta, CounterDelta))


def gauges(stage: Stage, batch: Batch) -> dict[str, float]:
    names = {new.number: new.series for sent in stage.pipe.batches for new in sent.new_series}
    return {
        names[delta.number].metric: delta.last
        for delta in batch.deltas
        if isinstance(delta, GaugeDelta)
    }


def test_each_second_of_the_run_is_one_numbered_batch():
    times = [450, 1390, 1410, 2000, 2800]
    stage = play(2900, *((at, Stage.count) for at in times))
    batches = stage.pipe.batches
    assert [(one.worker, one.sequence, one.interval, one.last) for one in batches] == [
        (7, 0, 0, False),
        (7, 1, 1, False),
        (7, 2, 2, True),
    ]
    assert [iterations(one) for one in batches] == [2, 2, 1]
    assert batches[0].ledger == {"s": Ledger(scheduled=1, started=1)}
    assert all(one.health.rss_bytes > 1_000_000 for one in batches)


def test_users_are_gauged_at_the_end_of_each_whole_second():
    stage = play(2900)
    assert [gauges(stage, one) for one in stage.pipe.batches] == [
        {"vus": 3, "vus_max": 5},
        {"vus": 3, "vus_max": 5},
        {},
    ]
    series = [new.series for new in stage.pipe.batches[0].new_series]
    assert {one.tags for one in series} == {(("team", "red"),)}


def test_a_run_of_less_than_a_second_is_gauged_at_its_peak():
    stage = play(900)
    (only,) = stage.pipe.batches
    assert (only.sequence, only.interval, only.last) == (0, 0, True)
    assert gauges(stage, only) == {"vus": 4, "vus_max": 5}


@pytest.mark.parametrize(("end_ms", "expected_ms"), [(None, 0), (2500, 2100), (300, 0)])
def test_the_last_batch_says_when_the_last_iteration_ended(end_ms, expected_ms):
    def end(stage: Stage) -> None:
        stage.load.last_end_ns = None if end_ms is None else end_ms * MS

    stage = play(2900, (10, end))
    assert [one.ended_at_ns for one in stage.pipe.batches] == [0, 0, expected_ms * MS]


def test_while_the_coordinator_does_not_read_nothing_piles_up_and_nothing_is_lost():
    def block(stage: Stage) -> None:
        stage.pipe.blocked = True

    def free(stage: Stage) -> None:
        stage.pipe.blocked = False

    counts = [(at, Stage.count) for at in (500, 1500, 2500, 3500, 4500, 5500)]
    stage = play(5600, (1000, block), (4300, free), *counts)
    batches = stage.pipe.batches
    # The first went into the pipe; the next is sent when that is taken, for all seconds between.
    assert [(one.sequence, one.interval) for one in batches] == [(0, 0), (1, 3), (2, 4), (3, 5)]
    assert [iterations(one) for one in batches] == [1, 3, 1, 1]
    assert [one.health.dropped_samples for one in batches] == [0] * 4


def test_single_samples_are_kept_up_to_a_limit_while_the_coordinator_does_not_read():
    def block(stage: Stage) -> None:
        stage.pipe.blocked = True

    counts = [(at, Stage.count) for at in range(1500, 2200, 100)]
    stage = play(2300, (1000, block), *counts)
    first, last = stage.pipe.batches
    assert len(list(iter_samples(last.samples))) == 5
    assert (iterations(last), last.health.dropped_samples) == (7, 2)
    assert first.health.dropped_samples == 0


def test_a_loop_that_stands_still_says_how_long():
    def stand_still(stage: Stage) -> None:
        asyncio.get_running_loop()._jumping.now_s += 2.5  # the clock goes on, the loop does not

    stage = play(5000, (1000, stand_still), (3450, Stage.count))
    batches = stage.pipe.batches
    # At 3500 seconds 0 to 2 are over: they come as one batch.
    assert [(one.sequence, one.interval) for one in batches] == [(0, 2), (1, 3), (2, 4)]
    assert 2480 * MS <= batches[0].health.loop_lag_max_ns <= 2500 * MS
    assert batches[1].health.loop_lag_max_ns == 0


def test_a_start_that_is_heard_too_late_counts_as_lag():
    stage = Stage()

    async def main() -> None:
        await asyncio.sleep((T0_MS + 300) / 1000)
        running = asyncio.create_task(stage.closer.run())
        await asyncio.sleep(1)
        running.cancel()
        stage.closer.load_ended()
        stage.closer.close_last()
        await asyncio.gather(running, return_exceptions=True)

    run_in_virtual_time(main())
    assert stage.pipe.batches[0].health.loop_lag_max_ns == 300 * MS


def test_a_batch_says_from_when_to_when_its_interval_was_open():
    def block(stage: Stage) -> None:
        stage.pipe.blocked = True

    def free(stage: Stage) -> None:
        stage.pipe.blocked = False

    stage = play(5600, (1500, block), (4300, free))
    batches = stage.pipe.batches
    assert [one.interval for one in batches] == [0, 3, 4, 5]
    assert [one.from_ns for one in batches] == [0, *(one.until_ns for one in batches[:-1])]
    assert batches[-1].until_ns == pytest.approx((5600 - T0_MS) * MS)
    for one in batches[:-1]:
        assert 0 <= one.until_ns - (one.interval + 1) * 1000 * MS < 5 * MS
