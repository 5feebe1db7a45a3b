"""The pages about metrics, thresholds and the verdict say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from atlas_perf.errors import ExitCode
from atlas_perf.judge.aggregations import ALLOWED
from atlas_perf.judge.baselines.bands import rank_bounds
from atlas_perf.judge.baselines.reading import baselines_from_text, read_baselines
from atlas_perf.judge.calibrated import (
    BUSY_REQUESTS_SHARE,
    FLOOR_FACTOR,
    PAYLOAD_FACTOR,
    RATE_SHARE_LIMIT,
)
from atlas_perf.judge.dropped import DROPPED_SHARE_LIMIT
from atlas_perf.judge.each_scenario import CENSORED_SHARE_LIMIT
from atlas_perf.judge.generator import (
    LOOP_LAG_LIMIT_MS,
    OWN_LAG_OF_MEDIAN,
    OWN_LAG_SECONDS,
    OWN_LAG_SHARE_LIMIT,
)
from atlas_perf.judge.grammar import Operator
from atlas_perf.judge.thresholds import DEFAULT_GATES
from atlas_perf.judge.validity import (
    START_LAG_LIMIT_MS,
    START_LAG_OF_NOTE_MS,
)
from atlas_perf.loader import shipped_baselines
from atlas_perf.model.metric import BUILTIN_METRICS, MetricKind
from atlas_perf.model.series import OUTCOME_TAGS
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_MS
from atlas_perf.worker.loop_lag import OWN_LAG_NS

DOCS = Path(__file__).parents[2] / "docs"
METRICS = (DOCS / "metrics.md").read_text(encoding="utf-8")
THRESHOLDS = (DOCS / "thresholds.md").read_text(encoding="utf-8")
VERDICT = (DOCS / "verdict.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]


def test_every_built_in_metric_is_described_as_it_is_and_no_other():
    described = {
        row[0].strip("`"): (row[1], row[2])
        for row in rows(METRICS)
        if len(row) == 5 and "`" in row[0]
    }
    assert described == {
        metric.name: (metric.kind.value, metric.contains.value)
        for metric in BUILTIN_METRICS.values()
    }


def test_the_outcome_tags_are_listed():
    (inside,) = re.findall(r"names an outcome \(([^)]*)\)", METRICS)
    assert set(re.findall(r"`(\w+)`", inside)) == OUTCOME_TAGS


@pytest.mark.parametrize("kind", list(MetricKind))
def test_each_kinds_aggregations_are_listed(kind):
    (row,) = [row for row in rows(THRESHOLDS) if row[0] == kind.value]
    assert re.findall(r"`([^`]+)`", row[1]) == [aggregation.value for aggregation in ALLOWED[kind]]


def test_every_operator_is_in_the_grammar():
    (line,) = [line for line in THRESHOLDS.splitlines() if line.startswith("operator ")]
    assert re.findall(r'"([^"]+)"', line) == [operator.value for operator in Operator]


def test_the_default_gates_are_listed():
    listed = [(row[0].strip("`"), row[1].strip("`")) for row in rows(THRESHOLDS) if len(row) == 2]
    assert [
        gate for gate in listed if gate in {(one.selector, one.expression) for one in DEFAULT_GATES}
    ] == [(one.selector, one.expression) for one in DEFAULT_GATES]


def test_the_verdicts_stand_in_their_order_with_their_codes():
    listed = [
        (row[0].strip("`"), int(row[1]))
        for row in rows(VERDICT)
        if row[0].strip("`") in list(Verdict)
    ]
    assert listed == [(verdict.value, int(verdict.exit_code)) for verdict in Verdict]


def test_every_exit_code_is_explained():
    codes = {int(cell) for row in rows(VERDICT) for cell in row[:2] if cell.isdigit()}
    assert codes == set(map(int, ExitCode))


def test_the_limits_of_validity_are_told():
    assert f"| {LOOP_LAG_LIMIT_MS / 1000:g} s |" in VERDICT
    assert f"more than {CENSORED_SHARE_LIMIT * 100:g} % of a run's requests" in VERDICT
    own = next(row for row in rows(VERDICT) if row[0].startswith("the generator kept its requests"))
    assert own[1] == (
        f"{OWN_LAG_SHARE_LIMIT * 100:g} % of the run, in {OWN_LAG_SECONDS} seconds or more, with "
        f"lags of {OWN_LAG_NS // NS_PER_MS} ms or more that are {OWN_LAG_OF_MEDIAN * 100:g} % of "
        "the median response or more"
    )
    assert f"| {DROPPED_SHARE_LIMIT * 100:g} % of a scenario's |" in VERDICT
    assert f"| {START_LAG_LIMIT_MS:g} ms; {START_LAG_OF_NOTE_MS:g} ms where " in VERDICT
    assert f"| {FLOOR_FACTOR:g} times |" in VERDICT
    assert f"A median below {FLOOR_FACTOR:g} times that" in VERDICT
    assert f"at over {RATE_SHARE_LIMIT * 100:g} % of the generator's highest rate | " in VERDICT
    assert f" highest rate | {BUSY_REQUESTS_SHARE * 100:g} % |" in VERDICT
    assert f"Up to {BUSY_REQUESTS_SHARE * 100:g} % of the requests in such seconds" in VERDICT
    assert f"Answers more than {PAYLOAD_FACTOR:g} times as large" in VERDICT


def test_the_page_of_baselines_lists_the_shipped_rows():
    page = (DOCS / "baselines.md").read_text(encoding="utf-8")
    for row in read_baselines(shipped_baselines()).rows:
        term, operator, limit = row.expression.partition(" over ")[0].split()
        number = {"ms": f"{limit} ms", "per_s": f"{limit}/s", "": limit}[row.unit]
        owners = ", ".join(f"`{name}`" for name in row.scenarios)
        over = " over steady" if "over steady" in row.expression else ""
        line = f"| {row.component} | {row.name} | {operator} {number} | {owners} | "
        assert f"{line}`{row.selector}`{over} |" in page, term


def test_the_page_of_baselines_shows_a_file_that_can_be_read():
    page = (DOCS / "baselines.md").read_text(encoding="utf-8")
    text = page.split("```toml\n")[1].split("```")[0]
    (row,) = baselines_from_text(text, "the page").rows
    assert row.expression == "p(95) < 500 over steady"


@pytest.mark.parametrize(("least", "percentile"), [(72, 95), (368, 99)])
def test_the_samples_that_a_percentile_takes_are_those_of_the_page(least, percentile):
    assert rank_bounds(least, percentile / 100)[1] == least
    assert rank_bounds(least - 1, percentile / 100)[1] == least  # one more than there are
