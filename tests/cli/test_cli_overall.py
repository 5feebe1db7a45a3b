"""One answer for several scenarios."""

from __future__ import annotations

from itertools import permutations

import pytest
from summaries import made_summary

from atlas_perf.cli.overall import overall_exit_code, overall_line
from atlas_perf.errors import ExitCode
from atlas_perf.model.verdict import Verdict

GRAVEST_FIRST = [130, 70, 3, 1, 4, 5, 0]


@pytest.mark.parametrize("several", list(permutations(GRAVEST_FIRST, 2)))
def test_the_gravest_exit_code_wins_in_any_order(several: tuple[int, ...]) -> None:
    expected = min(several, key=GRAVEST_FIRST.index)
    assert overall_exit_code(ExitCode(code) for code in several) == expected


def test_nothing_run_is_no_pass() -> None:
    with pytest.raises(ValueError, match="empty"):
        overall_exit_code([])


def test_the_line_names_each_scenario_and_what_was_not_run() -> None:
    summaries = [made_summary("smoke"), made_summary("api", Verdict.FAIL)]
    assert overall_line(summaries, []) == "overall: FAIL (smoke PASS, api FAIL)"
    assert overall_line(summaries[:1], ["api"]) == "overall: PASS (smoke PASS; not run: api)"
