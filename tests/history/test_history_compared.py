"""Kept runs as the base of a comparison: one of them by its name, or the sessions of a history."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from made_runs import FIRST_DAY, run, write

from atlas_perf.errors import ExitCode
from atlas_perf.history.kept_files import Said
from atlas_perf.history.like_sessions import MOST_SESSIONS, like_sessions
from atlas_perf.history.sessions import of_results
from atlas_perf.history.store import Store
from atlas_perf.judge.comparison.decision import LEAST_SESSIONS, against_history
from atlas_perf.model.verdict import Verdict

ALPHA = 0.05
COMPARISONS = 2000


def within_binomial(found: int, number: int, p: float) -> bool:
    """Within four standard deviations of what chance gives."""
    return abs(found - number * p) < 4 * math.sqrt(number * p * (1 - p))


@pytest.mark.parametrize("n", [LEAST_SESSIONS, 20])
def test_false_alarms_and_false_passes_are_as_rare_as_stated(n: int) -> None:
    """Sessions differ by 5 %, and the candidate is worse by just the margin: both are wrong."""
    random, margin = Random(n), math.log1p(0.05)
    regressed = passed = 0
    for _ in range(COMPARISONS):
        sessions = [random.gauss(3, 0.05) for _ in range(n)]
        found = against_history(sessions, random.gauss(3 + margin, 0.05))
        regressed += found.p_regressed(margin) < ALPHA
        passed += found.p_non_inferior(margin) < ALPHA
    assert within_binomial(regressed, COMPARISONS, ALPHA), regressed
    assert within_binomial(passed, COMPARISONS, ALPHA), passed


def test_the_rule_is_that_of_the_book() -> None:
    found = against_history([1.0, 1.1, 1.2], 1.4)
    assert found.mean == pytest.approx(0.3)
    assert found.se == pytest.approx(0.1 * math.sqrt(1 / 3 + 1))
    assert found.df == 2


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / ".atlas-perf/history")


def keep(store: Store, number: int, *, sd: float = 0.02, **changes) -> None:
    random = Random(3)
    for day in range(number):
        store.keep(run(day, math.exp(random.gauss(0, sd)), **changes), Said(f"v{day}"))


@pytest.mark.parametrize(
    ("scale", "options", "word", "exit_code"),
    [
        (1.3, (), "✗ FAIL", ExitCode.FAIL),
        (0.9, (), "✓ PASS", 0),
        (1.07, (), "? INCONCLUSIVE", 0),
        (1.07, ("--require-non-inferiority",), "? INCONCLUSIVE", ExitCode.INCONCLUSIVE),
    ],
)
def test_a_session_is_held_against_kept_ones(  # noqa: PLR0917 - columns of a table
    atlas_perf, store: Store, scale, options, word: str, exit_code
) -> None:
    keep(store, 12)
    write(Path("new"), run(12, scale))
    outcome = atlas_perf("compare", "--history", "new", "--reports", "reports", *options)
    assert outcome.exit_code == exit_code, outcome.stderr
    lines = outcome.stdout.splitlines()
    assert lines[1:3] == ["  COMPARISON of steady · 12 kept sessions", "    12 kept runs → new"]
    assert f"  {word}" in lines[-1]
    assert "advice" not in lines[-1]
    markdown = Path("reports/summary.md").read_text(encoding="utf-8")
    assert f"{word.split()[1]}: 12 kept sessions, " in markdown
    assert markdown.rstrip().endswith("- 12 kept runs → new")


def test_several_runs_of_the_candidates_session_are_one_unit(atlas_perf, store: Store) -> None:
    keep(store, 12, sd=0.05)
    names = []
    for number in range(5):
        names.append(f"new{number}")
        write(Path(names[-1]), run(12 + number / 400, 1.1))
    outcome = atlas_perf("compare", "--history", *names, "--json")
    plain = json.loads(outcome.stdout)
    alone = json.loads(atlas_perf("compare", "--history", "new0", "--json").stdout)
    assert (plain["sessions"], plain["pairs"], plain["advisory"]) == (12, 0, False)
    assert len(plain["bases"]) == 12
    assert plain["candidates"] == names
    assert plain["metrics"][0]["lower"] == pytest.approx(alone["metrics"][0]["lower"])


def test_fewer_sessions_than_eight_are_no_baseline(atlas_perf, store: Store) -> None:
    keep(store, LEAST_SESSIONS - 1)
    keep(store, LEAST_SESSIONS, facts={"cpu_model": "another"})
    write(Path("new"), run(20))
    outcome = atlas_perf("compare", "--history", "new")
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.NO_DATA, "")
    assert "no baseline: 7 sessions like it are kept in .atlas-perf/history, and it takes 8" in (
        outcome.stderr
    )
    assert "others differ in CPU model another and a CPU" in outcome.stderr


def test_only_what_passed_before_it_and_is_like_it_counts() -> None:
    candidate = of_results(run(30))
    kept = [of_results(run(day)) for day in range(25)]
    others = [
        run(25, verdict=Verdict.FAIL),
        run(26, facts={"environment": "local"}),
        run(27, facts={"python": "3.13.1"}),
        run(28, name="smoke"),
        run(31),
        run(30),
    ]
    like = like_sessions([*kept, *map(of_results, others)], [candidate])
    days = [(run.began - FIRST_DAY) / timedelta(days=1) for (run,) in like.sessions]
    assert days == list(range(25 - MOST_SESSIONS, 25))
    assert like.passed_over == "Python version 3.13.1 and 3.11.7"


def test_builds_that_ran_within_an_hour_are_one_observation_of_the_machine() -> None:
    kept = [of_results(run(day + half)) for day in range(9) for half in (0, 0.01)]
    like = like_sessions(kept, [of_results(run(30))])
    assert [len(session) for session in like.sessions] == [2] * 9


def test_a_kept_run_is_a_base_by_its_name_and_by_its_folder(atlas_perf, store: Store) -> None:
    entry, _ = store.keep(run(0), Said("v1"))
    store.promote(entry, "main", FIRST_DAY)
    other, _ = store.keep(run(0, name="smoke"), Said("v1"))
    store.promote(other, "main", FIRST_DAY)
    write(Path("new"), run(3, 1.1))
    by_name = atlas_perf("compare", "baseline:main", "new")  # that of the candidate's scenario
    by_folder = atlas_perf("compare", f".atlas-perf/history/{entry.kept.id}", "new")
    name = Path(".atlas-perf/history") / entry.kept.id
    for outcome in (by_name, by_folder):
        assert outcome.exit_code == 0
        assert outcome.stdout.splitlines()[-1] == "  ? INCONCLUSIVE  advice only"
        assert f"warning: 3 days between {name} and new: " in outcome.stderr
    assert "baseline:main → new" in by_name.stdout
    both = atlas_perf("compare", "baseline:v1", "new", "--store", str(store.path))
    assert both.exit_code == 0


def test_runs_of_one_hour_are_compared_without_a_warning(atlas_perf) -> None:
    write(Path("base"), run(0))
    write(Path("new"), run(0.04))
    assert "between" not in atlas_perf("compare", "base", "new").stderr
    write(Path("late"), run(0.05))
    assert "warning: more than an hour between base and late" in (
        atlas_perf("compare", "base", "late").stderr
    )


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("baseline:gone", "new"), ExitCode.NO_DATA, "there is no kept run 'gone' among 1"),
        (("new", "baseline:gone"), ExitCode.NO_DATA, "there is no kept run 'gone'"),
        (
            ("baseline:v1", "smoke"),
            ExitCode.NO_DATA,
            "'v1' is a kept run of api, and none of smoke",
        ),
        (("baseline:v1", "again"), ExitCode.USAGE, "are one run: compared with itself"),
        (("--history", "new", "new"), ExitCode.USAGE, "are one run"),
        (("--history", "new", "smoke"), ExitCode.INVALID, "they differ in"),
        (("--history", "new"), ExitCode.NO_DATA, "0 sessions like it are kept"),
        (("--history", "gone"), ExitCode.USAGE, "no candidate: gone"),
    ],
)
def test_what_cannot_be_compared_says_why(
    atlas_perf, store: Store, arguments: tuple[str, ...], exit_code: ExitCode, words: str
) -> None:
    store.keep(run(5), Said("v1"))
    write(Path("again"), run(5))
    write(Path("new"), run(3))
    write(Path("smoke"), run(3, name="smoke", plan={"processes": 1}))
    outcome = atlas_perf("compare", *arguments)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    (line,) = outcome.stderr.splitlines()
    assert words in line
