"""What is compared of each run, to the last sample: on runs that are made by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import pytest

from atlas_perf.judge.comparison.compare import compare
from atlas_perf.judge.comparison.decision import (
    Difference,
    against_history,
    benjamini_hochberg,
    pairs_to_decide,
    unpaired,
)
from atlas_perf.judge.comparison.log_quantile import log_quantile
from atlas_perf.judge.comparison.measured import level_of, measured, measured_against, reading
from atlas_perf.model.comparison import RATE, Finding, Quantity, Terms
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS

P95 = Quantity("http_req_duration", "p(95)")
FAILED = Quantity("http_req_failed", RATE)
DEPTH = Quantity("queue_depth", "p(95)")
LOG_GAMMA = math.log(1.01 / 0.99)


def sketch_of(*counted: tuple[float, int]) -> Sketch:
    sketch = Sketch()
    for value, count in counted:
        sketch.add(value, count)
    return sketch


def trend(
    *windows: tuple[float, int],
    name: str = P95.metric,
    censored: int = 0,
    contains: Contains = Contains.TIME,
) -> KeptTrend:
    """Of each window a time in milliseconds and how often."""
    packed = tuple(sketch_of((ms * NS_PER_MS, count)).to_bytes() for ms, count in windows)
    return KeptTrend(name, contains, censored, packed)


def run(
    *trends: KeptTrend,
    rate: Sequence[tuple[int, int]] = (),
    name: str = FAILED.metric,
    window_s: tuple[int, ...] = (60,),
) -> RunSketches:
    rates = (KeptRate(name, tuple(rate)),) if rate else ()
    return RunSketches("", window_s, trends, rates)


def test_the_rank_of_a_quantile_lies_evenly_within_its_bin() -> None:
    """1, eight of 100, and 10,000: rank 5 of 10 is in the middle of the bin of 100."""
    sketch = sketch_of((1, 1), (100, 8), (10_000, 1))
    (_, key, _) = sketch.bins()
    assert log_quantile(sketch, 0.5) == pytest.approx((key - 0.5) * LOG_GAMMA)
    assert log_quantile(sketch, 2.5 / 9) == pytest.approx((key - 0.75) * LOG_GAMMA)
    assert log_quantile(sketch, 8.5 / 9) == pytest.approx(key * LOG_GAMMA)  # its upper edge


def test_a_quantile_of_one_value_is_that_value_and_of_nought_is_none() -> None:
    for value in (0.5, 0.997, 1.0, 1.003, 7.0):
        assert log_quantile(sketch_of((value, 1)), 0.95) == pytest.approx(math.log(value))
    with_zeros = sketch_of((0.0, 3), (5.0, 3))
    assert log_quantile(with_zeros, 2.5 / 5) is None  # rank 3: the last nought
    assert log_quantile(with_zeros, 0.9) == pytest.approx(math.log(5.0), abs=LOG_GAMMA)


@pytest.mark.parametrize(("count", "censored", "lacks"), [(995, 5, False), (994, 6, True)])
def test_a_tenth_of_what_is_beyond_a_quantile_may_have_been_cut_off(
    count: int, censored: int, lacks: bool
) -> None:
    found = reading(P95, run(trend((20, count), censored=censored)))
    assert found is not None
    assert ("cut off in flight" in found.lacking) is lacks
    assert (level_of(P95, run(trend((20, count), censored=censored))) is None) is lacks


@pytest.mark.parametrize(("count", "lacks"), [(400, False), (399, True)])
def test_twenty_samples_have_to_be_beyond(count: int, lacks: bool) -> None:
    few, many = run(trend((20, count))), run(trend((20, 5000)))
    found = measured(P95, [many, many], [many, few], run_sd=0.03)
    assert (found.difference is None) is lacks
    assert found.lacking == ("399 samples in a run, and it takes 400" if lacks else "")


def test_two_pairs_are_judged_by_their_differences() -> None:
    bases = [run(trend((ms, 500)), rate=[(failed, 1000)]) for ms, failed in ((10, 10), (20, 20))]
    new = [run(trend((ms, 500)), rate=[(failed, 1000)]) for ms, failed in ((12, 30), (22, 60))]
    times, shares = (measured(one, bases, new, run_sd=0.03) for one in (P95, FAILED))
    assert times.difference is not None
    assert times.difference.df == 1
    assert times.difference.mean == pytest.approx(fmean((math.log(1.2), math.log(1.1))))
    assert (times.base, times.candidate) == (
        pytest.approx(math.log(NS_PER_MS) + math.log(10 * 20) / 2),
        pytest.approx(math.log(NS_PER_MS) + math.log(12 * 22) / 2),
    )
    assert shares.difference is not None
    assert shares.difference.df == 1
    assert (shares.base, shares.candidate, shares.difference.mean) == (
        pytest.approx(0.015),
        pytest.approx(0.045),
        pytest.approx(0.03),
    )


def test_one_run_per_side_is_judged_by_its_long_and_full_windows() -> None:
    """The window of 900 ms has too few samples, that of 700 ms is too short."""
    windows = ((10, 500), (11, 500), (12, 500), (900, 399), (700, 500))
    one = run(trend(*windows), window_s=(20, 20, 20, 20, 19))
    found = measured(P95, [one], [one], run_sd=0.0)
    assert found.difference is not None
    assert (found.difference.df, found.difference.mean) == (2, 0)
    spread = [math.log(ms) for ms in (10, 11, 12)]
    assert found.difference.se == pytest.approx(unpaired(spread, spread, run_sd=0.0).se)
    two = run(trend(*windows[1:]), window_s=(20, 20, 20, 19))
    assert measured(P95, [one], [two], run_sd=0.0).lacking.startswith("too short for a band")


def test_shares_of_one_run_per_side_are_of_what_went_wrong() -> None:
    checks = Quantity("checks", RATE)
    lengths = (20, 20, 20, 19)
    good = run(rate=[(100, 100)] * 3 + [(0, 100)], name="checks", window_s=lengths)
    bad = run(rate=[(90, 100), (80, 100), (70, 100), (0, 100)], name="checks", window_s=lengths)
    found = measured(checks, [good], [bad], run_sd=0.03)
    assert found.difference is not None
    assert found.difference.mean == pytest.approx(0.2)
    assert (found.base, found.candidate) == (0.25, pytest.approx(0.4))


def test_what_a_side_lacks_is_said() -> None:
    full, empty = run(trend((20, 500)), rate=[(1, 100)]), run(rate=[(0, 0)])
    for quantity in (P95, FAILED):
        found = measured(quantity, [full] * 3, [full, full, empty], run_sd=0.03)
        assert found.difference is None
        assert found.lacking.startswith("not every run has it")
    assert reading(P95, empty) is None
    assert reading(FAILED, empty) is None
    once = reading(FAILED, run(rate=[(1, 1)]))
    assert once is not None
    assert once.value == 1


def test_nobody_says_that_more_of_a_thing_is_worse_unless_it_is_a_time_everywhere() -> None:
    time = run(trend((20, 500)))
    other = run(trend((20, 500), contains=Contains.DEFAULT))
    assert measured(P95, [time] * 3, [time] * 3, run_sd=0).higher_is_worse
    assert not measured(P95, [time] * 3, [time, time, other], run_sd=0).higher_is_worse


def test_a_session_counts_once_with_what_its_runs_have() -> None:
    """Eight sessions of 10 ms; one has a run too short to count, the candidate is of two runs."""
    few, full = run(trend((900, 10))), run(trend((10, 500)))
    sessions = [[full, few], *[[full]] * 7]
    candidate = [run(trend((20, 500))), run(trend((5, 500)))]
    found = measured_against(P95, sessions, candidate)
    assert found.difference is not None
    assert found.difference.mean == pytest.approx(0, abs=1e-9)
    lacking = measured_against(P95, [[few], *sessions[1:]], candidate)
    assert (lacking.difference, lacking.lacking[:26]) == (None, "7 of the sessions have too")
    lacking = measured_against(P95, sessions, [few])
    assert lacking.lacking.startswith("the candidate has too little")
    nothing = measured_against(FAILED, sessions, candidate)
    assert nothing.difference is None


def test_degrees_of_freedom_are_those_of_the_fewer_windows() -> None:
    found = unpaired([1.0, 1.1, 1.2, 1.3], [1.3, 1.4, 1.5], run_sd=0.03)
    assert (found.df, found.deviation) == (2, 0.0)
    assert unpaired([1.0, 1.1, 1.2], [1.3] * 5, run_sd=0.03).df == 2
    sessions = [1.0, 1.1, 1.2]
    assert against_history(sessions, 1.4).deviation == pytest.approx(0.1 * math.sqrt(2))


def test_what_is_on_its_line_stands_out() -> None:
    assert benjamini_hochberg([0.025, 0.9], 0.05) == [True, False]


@pytest.mark.parametrize(("distance", "k"), [(2.4, 3), (1.8, 4), (1.5, 5)])
def test_pairs_to_decide_by_the_tables(distance: float, k: int) -> None:
    """(t(0.95) + t(0.8)) / sqrt(k) is 2.30, 1.67 and 1.37 for 3, 4 and 5 pairs."""
    assert pairs_to_decide(Difference(0.0, 0.0, 2, 0.1), 0.1 * distance, 0.05) == k


def _pairs(
    *trends: tuple[KeptTrend, KeptTrend], failed: tuple[int, int]
) -> tuple[list[RunSketches], list[RunSketches]]:
    base, new = (
        run(*(one[side] for one in trends), rate=[(failed[side], 10_000)]) for side in (0, 1)
    )
    return [base] * 3, [new] * 3


def test_levels_are_milliseconds_and_shares_and_changes_are_relative_of_times_alone() -> None:
    depth = trend((10, 500), name="queue_depth", contains=Contains.DEFAULT)
    deeper = trend((90, 500), name="queue_depth", contains=Contains.DEFAULT)
    sides = _pairs((trend((10, 500)), trend((11, 500))), (depth, deeper), failed=(100, 400))
    found = compare(*sides, Terms())
    rows = {row.selector: row for row in found.metrics}
    time, share, other = (rows[one.metric] for one in (P95, FAILED, DEPTH))
    assert (time.base, time.candidate, time.change) == tuple(
        pytest.approx(one) for one in (10, 11, 0.1)
    )
    assert (share.base, share.candidate, share.change) == tuple(
        pytest.approx(one) for one in (0.01, 0.04, 0.03)
    )
    assert (time.is_time, share.is_time, other.is_time) == (True, False, False)
    assert (time.margin, share.margin) == (Terms().margin, Terms().error_margin)
    assert (other.stands_out, other.finding) == (False, Finding.UNDECIDED)
    assert other.note == "no direction is worse"
    assert other.candidate == pytest.approx(90 * NS_PER_MS)  # no time: as it was measured


def test_what_passed_is_counted_in_words() -> None:
    same = trend((10, 500))
    found = compare(*_pairs((same, same), failed=(10, 10)), Terms())
    assert found.reasons[0].startswith("All 2 primary metrics are shown to be no worse")
    found = compare(*_pairs((same, same), failed=(10, 10)), Terms(primary=(P95,)))
    assert found.reasons[0].startswith("The primary metric is shown to be no worse")


def test_five_metrics_may_gate() -> None:
    names = [f"http_req_{number}" for number in range(5)]
    trends = [(trend((10, 500), name=name),) * 2 for name in names]
    terms = Terms(primary=tuple(Quantity(name, "p(95)") for name in names))
    assert (
        len([row for row in compare(*_pairs(*trends, failed=(1, 1)), terms).metrics if row.primary])
        == 5
    )


def test_only_what_looks_worse_is_said_to() -> None:
    windows = ((10, 500), (10.1, 500), (10.2, 500))
    slow = tuple((3 * ms, count) for ms, count in windows)
    lengths = (20, 20, 20)
    base = run(trend(*windows), trend(*windows, name="ws_rtt"), window_s=lengths)
    new = run(trend(*windows), trend(*slow, name="ws_rtt"), window_s=lengths)
    found = compare([base], [new], Terms())
    assert [reason for reason in found.reasons if "looks worse" in reason] == [
        "ws_rtt p(95) looks worse: +200.0 %."
    ]
