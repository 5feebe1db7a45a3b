"""The study of error rates: it judges as `compare` does, and the page shows what it counted."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlas_perf.judge.comparison.compare import compare
from atlas_perf.judge.comparison.decision import paired
from atlas_perf.judge.comparison.log_quantile import log_quantile
from atlas_perf.judge.comparison.measured import whole
from atlas_perf.model.comparison import Finding, Terms
from atlas_perf.model.run_sketches import KeptRate, RunSketches
from atlas_perf.report.run_files import read_run
from atlas_perf.units import NS_PER_S
from benchmarks.error_rates.chance import around, power
from benchmarks.error_rates.comparing import compared, said
from benchmarks.error_rates.drawn import log_p95
from benchmarks.error_rates.page import PAGE, with_result
from benchmarks.error_rates.real_page import real_text
from benchmarks.error_rates.real_runs import (
    LATENCIES,
    NAMES,
    Settings,
    StudyFailed,
    collect,
    measure,
    rounds,
)
from benchmarks.error_rates.regimes import REGIMES, failing, simulated
from benchmarks.error_rates.result import (
    Count,
    Real,
    RealShift,
    Result,
    from_plain,
    stored,
    to_plain,
)
from benchmarks.error_rates.rules import (
    ALPHA,
    FAILED,
    P95,
    come_to,
    difference,
    judged,
    mann_whitney,
    naive,
    two_proportions,
)
from benchmarks.error_rates.simulated_page import Counts, at_alpha, outside
from benchmarks.error_rates.simulating import simulate
from benchmarks.error_rates.studies import as_bad


@pytest.mark.parametrize("margin", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("shift", [0.0, 0.05, 0.2])
def test_it_judges_as_compare_does(shift: float, margin: float) -> None:
    found = set()
    for seed, k in enumerate((1, 3, 3, 5)):
        random = np.random.default_rng(seed)
        bases = [simulated(random, REGIMES[seed]).kept() for _ in range(k)]
        candidates = [simulated(random, REGIMES[seed]).slower(shift).kept() for _ in range(k)]
        row = compare(bases, candidates, Terms(margin=margin, primary=(P95,))).metrics[0]
        assert judged(difference(bases, candidates), math.log1p(margin)) is row.finding
        found.add(row.finding)
    assert found <= {Finding.REGRESSED, Finding.NON_INFERIOR, Finding.UNDECIDED}


@pytest.mark.parametrize("times", [1.0, 4.0])
def test_it_judges_failures_as_compare_does(times: float) -> None:
    random = np.random.default_rng(3)
    bases, candidates = ([failing(random, n) for _ in range(5)] for n in (1.0, times))
    terms = Terms(error_margin=0.0, primary=(FAILED,))
    row = compare(bases, candidates, terms).metrics[0]
    assert judged(difference(bases, candidates, FAILED), 0.0) is row.finding


def test_a_slower_run_is_the_same_times_a_factor() -> None:
    run = simulated(np.random.default_rng(5), REGIMES[1])
    again = simulated(np.random.default_rng(5), REGIMES[1])
    assert np.array_equal(run.latencies, again.latencies)
    levels = [log_quantile(whole(one.kept().trends[0]), 0.95) for one in (run, again.slower(0.1))]
    assert levels[1] - levels[0] == pytest.approx(math.log(1.1), abs=0.003)
    assert sum(map(len, run.windows)) == pytest.approx(120 * 200, rel=0.03)


def test_simulated_runs_differ_as_their_regime_says() -> None:
    """Runs of E1 differ by drift alone, about 2 %; those of E4 by 6 % more."""
    random = np.random.default_rng(6)
    sds = []
    for regime in (REGIMES[0], REGIMES[3]):
        runs = [float(np.log(simulated(random, regime).latencies).mean()) for _ in range(80)]
        sds.append(np.std(runs))
    # Of an AR(1) the mean over n seconds has about the variance sd² (1 + φ) / (1 - φ) / n.
    assert sds[0] == pytest.approx(0.05 * math.sqrt(1.7 / 0.3 / 120), rel=0.3)
    assert sds[1] == pytest.approx(math.hypot(0.06, 0.1 * math.sqrt(1.9 / 0.1 / 120)), rel=0.3)


def test_the_usual_rules() -> None:
    random = np.random.default_rng(7)
    base = random.lognormal(size=2000)
    assert naive(100.0, 111.0)
    assert not naive(100.0, 109.0)
    assert mann_whitney(base, base * 1.2)
    assert not mann_whitney(base, base * 0.9)
    few, many = (
        RunSketches("", (120,), rates=(KeptRate("http_req_failed", ((failed, 24_000),)),))
        for failed in (100, 140)
    )
    assert two_proportions(few, many)
    assert not two_proportions(many, few)


def test_power_is_alpha_at_the_margin_and_grows() -> None:
    assert power(0.0, 0.05, 5) == pytest.approx(ALPHA)
    assert power(0.02, 0.05, 5) < power(0.05, 0.05, 5) < power(0.05, 0.05, 10)
    # docs of the method: run sd 4.5 %, five pairs, +10 % is found in 86 of 100
    assert power(math.log(1.1), 0.045 * math.sqrt(2), 5) == pytest.approx(0.86, abs=0.03)
    low, high = around(0.05, 400)
    assert (low, high) == pytest.approx((0.03, 0.0725))


def test_a_study_counts_every_comparison_and_is_kept_as_it_is() -> None:
    result = simulate(seed=1, draws=1)
    counts = Counts(result.counts)
    assert counts.of_pairs("E1", 3, "FAIL", 0.0, 0.2).of == 3
    assert counts.of_pairs("E4", 10, "PASS", 0.05, 0.0).of == 1
    assert counts.of_one_run("E2", "naive", 0.0, 0.05).of == 2
    assert len(at_alpha(counts)) == 4 * 3 * 2
    assert all(one.predicted == pytest.approx(0.05) for one in at_alpha(counts))
    assert from_plain(to_plain(Result(simulated=result))) == Result(simulated=result)


def test_a_rate_that_chance_does_not_explain_is_marked() -> None:
    count = Count("E1", "pairs", "FAIL", 5, 0.0, 0.0, found=100, of=2000, predicted=0.05)
    assert not outside(count)
    assert outside(replace(count, found=125))
    assert outside(replace(count, found=75))


def test_the_page_shows_the_stored_result() -> None:
    result = stored()
    assert result.simulated is not None
    page = PAGE.read_text()
    assert with_result(page, result) == page, "python -m benchmarks.error_rates --render"


def test_studies_in_which_only_chance_works_pass_one_in_twenty_at_the_margin() -> None:
    real = stored().real
    assert real is not None
    for one in as_bad(real, studies=300, seed=3):
        assert one.mean == pytest.approx(ALPHA, abs=0.015)
        assert 0 < one.of_all < 0.3, "as bad as the real one"


@pytest.mark.parametrize("finding", [Finding.NON_INFERIOR, Finding.REGRESSED])
@pytest.mark.parametrize("k", [3, 5])
def test_many_groups_are_judged_at_once_as_one_is(k: int, finding: Finding) -> None:
    margin = math.log1p(0.05)
    groups = np.random.default_rng(k).normal(margin, 0.02, (200, k))
    each = [judged(paired(list(group)), margin) is finding for group in groups]
    assert list(come_to(groups, margin, finding)) == each
    assert any(each)


def test_what_a_target_drew_is_drawn_again(tmp_path: Path) -> None:
    file = tmp_path / "latencies.toml"
    file.write_text(LATENCIES)
    base, slower = (log_p95(file, seed=5, shift=shift, requests=900) for shift in (0.0, 0.05))
    assert slower - base == pytest.approx(math.log1p(0.05))
    assert base == pytest.approx(math.log(0.060) + 0.3 * 1.645, abs=0.1)
    assert base != log_p95(file, seed=6, shift=0.0, requests=900)


def test_pairs_that_share_none_and_all_that_can_be_made_of_them() -> None:
    differences = [0.1, 0.11, 0.1, 0.09, 0.1, 0.11, 0.1]
    share = said(differences, 3, 0.0, Finding.REGRESSED)
    assert (share.found, share.of, share.of_all) == (2, 2, 1.0)
    swapped = said(differences, 3, 0.0, Finding.REGRESSED, swap=True)
    assert swapped.of_all == pytest.approx(1 / 8, abs=0.03)  # all three the right way round
    assert said(differences[:2], 3, 0.0, Finding.REGRESSED).of == 0


def test_real_runs_are_shown_with_what_was_predicted() -> None:
    noise = (0.01, -0.01, 0.02, -0.02, 0.0, 0.01, -0.01)
    shifts = tuple(
        RealShift(shift, tuple(drew + 0.01 + one for one in noise), (drew,) * 7, 0, 5)
        for shift, drew in ((shift, math.log1p(shift) - 0.01) for shift in (0.0, 0.05, 0.1, 0.2))
    )
    text = real_text(Real("a CPU, 2 CPUs, Python 3.11.7", 6, 200, 1, shifts))
    assert "7 rounds of a base and 4 candidates, 6 s each at 200 requests/s (a CPU" in text
    assert "1 were INVALID and made again. Deviation of one pair's difference: 1.4 %" in text
    assert (
        "| +10 % | +8.9 % | +10.0 % | +8.9 % … +11.1 % | 0 of 7 (0–41 %) | 5 of 7 (29–96 %) |"
        in text
    )
    assert "| +20 % | 2 of 2 · 100 % (100 %) | 1 of 1 · 100 % (100 %) |" in text
    assert "measured difference is +1.0 % beside it, with a deviation of 1.3 %" in text
    result = Result(real=Real("a CPU", 6, 200, 1, shifts))
    assert from_plain(to_plain(result)) == result


def test_real_runs_are_collected_in_rounds_that_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One real run, which stands for all others here."""
    settings = Settings(seconds=1, per_s=450)
    (tmp_path / "latencies.toml").write_text(LATENCIES)
    while not measure(tmp_path, tmp_path / "run", 0.0, settings, seed=1):
        pass
    run = read_run(tmp_path / "run")
    drew = log_p95(tmp_path / "latencies.toml", seed=1, shift=0.0, requests=450)
    (trend,) = (one for one in run.sketches.trends if one.selector == P95.selector)
    level = log_quantile(whole(trend), 0.95)
    assert level is not None
    assert drew - 0.01 < level - math.log(NS_PER_S) < drew + 0.5  # serving it adds some
    assert run.summary.metrics["http_reqs"].values["count"] == 450
    assert 50 < run.summary.metrics["http_req_duration"].values["med"] < 90

    made: list[str] = []

    def copied(folder: Path, place: Path, *_: object) -> bool:
        made.append(place.name)
        place.parent.mkdir(exist_ok=True)
        if len(made) > 1:
            place.symlink_to(tmp_path / "run")
        return len(made) > 1  # the first was INVALID

    monkeypatch.setattr("benchmarks.error_rates.real_runs.measure", copied)
    folder = tmp_path / "study"
    (folder / "round-0001").mkdir(parents=True)  # was interrupted
    collect(1e-9, settings, folder)
    assert set(made) == set(NAMES)
    (found,) = rounds(folder)
    assert (set(found.runs), found.repeated) == (set(NAMES), 1)
    with pytest.raises(StudyFailed, match="other settings"):
        collect(1e-9, replace(settings, seed=2), folder)
    with pytest.raises(StudyFailed, match="too few"):
        compared([found], settings)
    real = compared([found] * 4, settings)
    assert [one.differences for one in real.shifts] == [(0.0,) * 4] * 4
    assert real.shifts[3].drawn == pytest.approx(
        [found.drawn["slower-0.20"] - found.drawn["base"]] * 4
    )
    seed = int((folder / "round-0001" / "slower-0.20.seed").read_text())
    assert found.drawn["slower-0.20"] == log_p95(
        folder / "latencies.toml", seed=seed, shift=0.2, requests=450
    )
    assert (real.repeated, real.shifts[0].mann_whitney, real.shifts[0].naive) == (4, 0, 0)
