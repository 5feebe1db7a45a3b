"""Batches count once, whole, and in any order; what is missing or wrong shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from batches import MS, S, batch, counter, gauge, named, rate, trend
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.batch import (
    Batch,
    Ledger,
    ScenarioException,
    TrendDelta,
    WorkerHealth,
)
from atlas_perf.model.metric import Metric, MetricKind
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import TrendTotal
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.wire.batch_codec import decode_batch, encode_batch
from atlas_perf.wire.errors import WireError

WORKERS = 3
NEW = [
    named(0, "http_reqs", name="/a"),
    named(1, "checks", check="ok"),
    named(2, "http_req_duration", expected_response="true"),
    named(3, "vus"),
    named(4, "http_req_duration", expected_response="false"),
]
SELECTORS = [Selector(new.metric.name) for new in NEW] + [
    Selector.parse("http_req_duration{expected_response:false}")
]


def everything(aggregator: Aggregator) -> list[object]:
    """All that a snapshot says, in values that compare."""
    totals = [aggregator.total(selector) for selector in SELECTORS]
    return [
        [total.distribution if isinstance(total, TrendTotal) else total for total in totals],
        aggregator.windows(),
        aggregator.workers(),
        aggregator.ledger(),
        aggregator.exceptions(),
        aggregator.elapsed_ns,
    ]


COUNT = st.integers(0, 1000)


@st.composite
def batches_of_worker(draw, worker: int) -> list[Batch]:
    made = []
    interval = until_ns = 0
    for sequence in range(draw(st.integers(1, 4))):
        interval += draw(st.integers(0, 3))
        from_ns, until_ns = until_ns, max(until_ns, interval * S) + draw(st.integers(1, S // 10))
        count = draw(COUNT)
        deltas = [
            counter(0, count),
            rate(1, count // 2, count),
            trend(2, *draw(st.lists(st.integers(0, 10**12), max_size=5))),
            gauge(3, count, interval * S + draw(st.integers(0, S - 1))),
            trend(4, draw(st.integers(0, 10**12))),
        ]
        error = ScenarioException("default", "E", "m", "f.py", 1, count + 1, "tb")
        made.append(
            batch(
                sequence,
                *draw(st.permutations(deltas)),
                worker=worker,
                interval=interval,
                new=NEW if sequence == 0 else (),
                ledger={"default": Ledger(count, count, 0, count)},
                health=WorkerHealth(draw(COUNT), draw(COUNT), draw(COUNT), 0, draw(COUNT), 1),
                exceptions=(error,),
                from_ns=from_ns,
                until_ns=until_ns,
            )
        )
    if draw(st.booleans()):
        made[-1] = replace(made[-1], last=True, ended_at_ns=interval * S + 1)
    return made


@st.composite
def two_orders(draw) -> tuple[list[Batch], list[Batch]]:
    """The same batches twice; each worker's first one comes first of its own."""
    workers = [draw(batches_of_worker(worker)) for worker in range(WORKERS)]

    def ordered() -> list[Batch]:
        firsts = draw(st.permutations([batches[0] for batches in workers]))
        return firsts + draw(st.permutations([b for batches in workers for b in batches[1:]]))

    return ordered(), ordered()


@given(two_orders(), st.data())
def test_order_and_repetition_of_batches_change_nothing(orders, data):
    one, other = (Aggregator([], WORKERS, max_windows=8) for _ in range(2))
    for received in orders[0]:
        assert one.merge(received)
    for received in orders[1]:
        assert other.merge(received)
        if data.draw(st.booleans()):
            assert not other.merge(received)
    assert everything(one) == everything(other)
    for received in data.draw(st.permutations(orders[0])):
        assert not other.merge(received)
    assert everything(one) == everything(other)


@given(st.lists(st.lists(st.integers(0, 10**12), max_size=20), min_size=1, max_size=10))
def test_a_run_split_over_batches_is_one_sketch_bin_for_bin(parts):
    aggregator = Aggregator([], 2)
    whole = Sketch()
    for position, values in enumerate(parts):
        for value in values:
            whole.add(value)
        aggregator.merge(
            batch(
                position // 2,
                trend(2, *values),
                worker=position % 2,
                new=NEW if position < 2 else (),
            )
        )
    total = aggregator.total(Selector("http_req_duration"))
    assert (total.distribution if total else Sketch()) == whole


class TestSequence:
    def sent(self, *sequences: int, intervals: dict[int, int] | None = None) -> Aggregator:
        aggregator = Aggregator([], 2)
        for sequence in sequences:
            interval = (intervals or {}).get(sequence, sequence)
            assert aggregator.merge(batch(sequence, interval=interval))
        return aggregator

    @pytest.mark.parametrize(
        ("sequences", "missing"),
        [
            ((0, 1, 2), ()),
            ((0, 2), (1,)),
            ((3,), (0, 1, 2)),
            ((0, 5, 2), (1, 3, 4)),
            ((0, 5, 2, 1, 4, 3), ()),
            ((), ()),
        ],
    )
    def test_a_gap_shows_until_it_is_filled(self, sequences, missing):
        aggregator = self.sent(*sequences)
        gaps = [worker.missing_intervals for worker in aggregator.workers()]
        assert gaps == [missing, ()]

    def test_a_worker_that_was_held_up_misses_no_batch(self):
        aggregator = self.sent(0, 1, 2, intervals={0: 0, 1: 4, 2: 5})
        assert aggregator.workers()[0].missing_intervals == ()

    def test_a_gap_between_neighbouring_seconds_names_the_later_one(self):
        aggregator = self.sent(0, 2, intervals={0: 3, 2: 4})
        assert aggregator.workers()[0].missing_intervals == (4,)

    def test_a_lost_worker_misses_every_second_to_the_runs_newest(self):
        aggregator = Aggregator([], 2)
        for second in range(6):
            aggregator.merge(batch(second))
            if second < 3:
                aggregator.merge(batch(second, worker=1))
        aggregator.mark_lost(1, "it was killed")
        aggregator.mark_lost(1, "its pipe broke")
        kept, lost = aggregator.workers()
        assert (kept.lost, kept.missing_intervals, kept.batches) == (None, (), 6)
        assert (lost.lost, lost.missing_intervals, lost.batches) == ("it was killed", (3, 4, 5), 3)

    def test_what_a_lost_worker_had_sent_stays_counted(self):
        aggregator = Aggregator([], 2)
        aggregator.merge(batch(0, counter(0, 7), worker=1, new=NEW))
        aggregator.mark_lost(1, "it was killed")
        assert aggregator.total(Selector("http_reqs")).total == 7

    def test_a_worker_without_its_last_batch_is_lost_when_the_run_ends(self):
        aggregator = Aggregator([], 3)
        aggregator.merge(batch(0, last=True, ended_at_ns=5))
        aggregator.merge(batch(0, worker=1))
        aggregator.mark_lost(2, "killed")
        aggregator.finish()
        finished, silent, killed = aggregator.workers()
        assert finished.lost is None
        assert silent.lost is not None and "last batch" in silent.lost
        assert killed.lost == "killed"


class TestElapsed:
    def test_it_is_the_end_of_the_newest_second_every_living_worker_reported(self):
        aggregator = Aggregator([], 2)
        assert aggregator.elapsed_ns == 0
        for second in range(4):
            aggregator.merge(batch(second))
        assert aggregator.elapsed_ns == 0
        aggregator.merge(batch(0, worker=1))
        assert aggregator.elapsed_ns == 1 * S
        aggregator.mark_lost(1, "killed")
        assert aggregator.elapsed_ns == 4 * S

    def test_after_the_end_it_is_the_end_of_the_last_iteration(self):
        aggregator = Aggregator([], 2)
        aggregator.merge(batch(0, last=True, ended_at_ns=300_000_000))
        assert aggregator.elapsed_ns == 0
        aggregator.merge(batch(0, worker=1, last=True, ended_at_ns=700_000_000))
        assert aggregator.elapsed_ns == 700_000_000

    def test_a_lost_worker_counts_to_the_end_of_its_last_second(self):
        aggregator = Aggregator([], 2)
        aggregator.merge(batch(0, last=True, ended_at_ns=300_000_000))
        aggregator.merge(batch(0, worker=1, interval=2))
        aggregator.finish()
        assert aggregator.elapsed_ns == 3 * S


class TestRefusals:
    """A batch that cannot be the run's is refused, and nothing of it is counted."""

    @pytest.mark.parametrize(
        "wrong",
        [
            batch(1, worker=3),
            batch(1, worker=-1),
            batch(1, interval=-1),
            batch(1, interval=32 * 86_400),
            batch(-1, interval=0),
            batch(10**6, interval=5),
            batch(1, counter(0, 1), counter(9, 1)),
            batch(1, counter(0, 1), counter(1, 1)),
            batch(1, counter(0, 1), trend(0, 5.0)),
            batch(1, counter(0, 1), TrendDelta(2, b"")),
            batch(1, counter(0, 1), TrendDelta(2, b"\x01\x00rubbish")),
            batch(1, counter(0, 1), TrendDelta(2, Sketch(0.02).to_bytes())),
            batch(1, counter(0, 1), trend(2, 5.0, times=2**39)),
            batch(1, counter(0, 1, samples=2**39)),
            batch(1, counter(0, 1e300)),
            batch(1, counter(0, 1), new=[named(0, "http_reqs", name="/b")]),
            batch(1, counter(5, 1), new=[named(5, Metric("vus", MetricKind.COUNTER))]),
            batch(
                1,
                counter(5, 1),
                new=[named(5, "http_reqs", name="/c"), named(5, "http_reqs", name="/d")],
            ),
        ],
        ids=lambda wrong: f"{wrong.worker}-{wrong.sequence}-{wrong.interval}-{len(wrong.deltas)}",
    )
    def test_it_is_refused_whole(self, wrong):
        aggregator = Aggregator([], WORKERS)
        aggregator.merge(batch(0, counter(0, 7), trend(2, 5 * MS), new=NEW))
        before = everything(aggregator)
        with pytest.raises(WireError, match=r"^(batch -?\d+|a batch) of worker"):
            aggregator.merge(wrong)
        assert everything(aggregator) == before
        assert aggregator.merge(batch(1, counter(0, 1)))

    def test_intervals_must_rise_with_the_numbers(self):
        aggregator = Aggregator([], 1)
        aggregator.merge(batch(1, interval=10))
        with pytest.raises(WireError, match="out of order"):
            aggregator.merge(batch(2, interval=9))
        with pytest.raises(WireError, match="out of order"):
            aggregator.merge(batch(0, interval=11))

    def test_nothing_follows_a_workers_last_batch(self):
        aggregator = Aggregator([], 1)
        aggregator.merge(batch(0))
        aggregator.merge(batch(2, last=True))
        aggregator.merge(batch(1))  # a gap may still be filled
        with pytest.raises(WireError, match="after the worker's last"):
            aggregator.merge(batch(3))

    def test_a_batch_cannot_be_the_last_if_later_ones_came(self):
        aggregator = Aggregator([], 1)
        aggregator.merge(batch(0))
        aggregator.merge(batch(2))
        with pytest.raises(WireError, match="after the worker's last"):
            aggregator.merge(batch(1, last=True))

    def test_an_unknown_number_does_not_resolve(self):
        with pytest.raises(WireError, match="worker 0 never said what series 4 is"):
            Aggregator([], 1).resolve(0, 4)

    def test_a_run_has_a_worker(self):
        with pytest.raises(ValueError, match="at least one worker"):
            Aggregator([], 0)

    @given(st.data())
    def test_damaged_bytes_never_do_more_than_raise_a_wire_error(self, data):
        good = batch(
            0, counter(0, 7), rate(1, 1, 2), trend(2, 5 * MS, 7 * MS), gauge(3, 1, 5), new=NEW
        )
        packed = bytearray(encode_batch(good))
        for _ in range(data.draw(st.integers(1, 2))):
            packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
        aggregator = Aggregator([], WORKERS)
        try:
            aggregator.merge(decode_batch(bytes(packed)))
        except WireError:
            assert all(total is None for total in map(aggregator.total, SELECTORS))
        else:
            aggregator.windows()
            everything(aggregator)
