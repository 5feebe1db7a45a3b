"""What workers say of themselves beside their samples: ledgers, health, exceptions."""

from __future__ import annotations

from dataclasses import replace

from batches import MS, S, batch

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.batch import (
    Ledger,
    ScenarioException,
    Stall,
    StallCause,
    WorkerHealth,
)
from atlas_perf.model.summary import ExceptionSummary


class TestLedgerHealthAndExceptions:
    def test_the_ledger_is_each_workers_newest_summed(self):
        aggregator = Aggregator([], 2)
        for worker in (0, 1):
            for sequence in (0, 1):
                started = 10 * (sequence + 1)
                ledger = {"api": Ledger(started, started, 0, started - 1, 0, 1)}
                aggregator.merge(batch(sequence, worker=worker, ledger=ledger))
        assert aggregator.ledger() == {"api": Ledger(40, 40, 0, 38, 0, 2)}

    def test_health_adds_up_or_keeps_the_worst(self):
        aggregator = Aggregator([], 1)
        aggregator.merge(batch(0, health=WorkerHealth(int(3 * MS), S // 2, 100, 0, 1, 2)))
        aggregator.merge(batch(1, health=WorkerHealth(int(2 * MS), S // 4, 300, 0, 10, 20)))
        (worker,) = aggregator.workers()
        assert (worker.loop_lag_max_ms, worker.cpu_share, worker.peak_rss_bytes) == (3, 0.375, 300)
        assert (worker.refused_samples, worker.overflowed_samples) == (11, 22)

    def test_what_a_worker_says_of_its_loop_adds_up(self):
        aggregator = Aggregator([], 1)
        busy = WorkerHealth(
            length_ns=S,
            loop_cpu_ns=int(0.95 * S),
            cpu_wait_ns=S // 10,
            throttled_ns=S // 4,
            own_lag_ns=60 * MS,
            own_lags=2,
            gc_pause_max_ns=30 * MS,
            gc_pause_ns=40 * MS,
            gc_full_collections=1,
            open_files=90,
        )
        idle = WorkerHealth(length_ns=S, loop_cpu_ns=int(0.05 * S), gc_pause_ns=MS, open_files=20)
        aggregator.merge(batch(0, health=busy))
        aggregator.merge(batch(1, health=idle))
        (worker,) = aggregator.workers()
        assert (worker.loop_cpu_share, worker.saturated_share) == (0.5, 0.5)
        assert worker.cpu_wait_share == 0.05
        assert (worker.throttled_ms, worker.throttled_share) == (250, 0.125)
        assert worker.throttled_seconds == 1
        assert (worker.own_lag_ms, worker.own_lags, worker.own_lag_seconds) == (60, 2, 1)
        assert worker.own_lag_share == 0.03
        assert (worker.gc_pause_max_ms, worker.gc_pause_ms) == (30, 41)
        assert (worker.gc_full_collections, worker.peak_open_files) == (1, 90)

    def test_a_worker_that_said_nothing_of_its_time_has_no_shares(self):
        aggregator = Aggregator([], 1)
        aggregator.merge(batch(0))
        (worker,) = aggregator.workers()
        assert (worker.loop_cpu_share, worker.saturated_share, worker.own_lag_share) == (0, 0, 0)

    def test_stalls_are_those_of_the_newest_batch(self):
        aggregator = Aggregator([], 1)
        stall = Stall(StallCause.BLOCKING, "shop.py", 4, "time.sleep(1)", 1, S, S, "stack")
        newer = replace(stall, count=3, total_ns=3 * S)
        aggregator.merge(batch(0))
        aggregator.merge(batch(2, stalls=(newer,)))
        aggregator.merge(batch(1, stalls=(stall,)))
        (worker,) = aggregator.workers()
        (told,) = worker.stalls
        assert (told.file, told.line, told.count) == ("shop.py", 4, 3)
        assert (told.total_ms, told.longest_ms) == (3000, 1000)

    def test_exceptions_of_all_workers_come_most_frequent_first(self):
        aggregator = Aggregator([], 2)
        rare = ScenarioException("api", "KeyError", "'id'", "api.py", 3, 2, "tb")
        common = ScenarioException("api", "TypeError", "no", "api.py", 9, 3, "tb")
        aggregator.merge(batch(0, exceptions=(replace(common, count=1),)))
        aggregator.merge(batch(1, exceptions=(common, rare)))
        aggregator.merge(batch(0, worker=1, exceptions=(common,)))
        assert [(seen.kind, seen.line, seen.count) for seen in aggregator.exceptions()] == [
            ("TypeError", 9, 6),
            ("KeyError", 3, 2),
        ]

    def test_one_exception_of_several_workers_is_listed_once_with_its_first_message(self):
        aggregator = Aggregator([], 2)
        seen = ScenarioException("api", "KeyError", "no user 7", "api.py", 3, 2, "tb of 7")
        other = replace(seen, message="no user 8", traceback="tb of 8", count=5)
        aggregator.merge(batch(0, worker=1, exceptions=(other,)))
        aggregator.merge(batch(0, exceptions=(seen, replace(seen, line=4))))
        assert aggregator.exceptions() == (
            ExceptionSummary("api", "KeyError", "no user 7", "api.py", 3, 7, "tb of 7"),
            ExceptionSummary("api", "KeyError", "no user 7", "api.py", 4, 2, "tb of 7"),
        )
