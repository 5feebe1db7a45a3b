"""An analysis of several runs for machines: JSON, JUnit, Markdown, OpenMetrics, code quality."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from atlas_perf.model.analysis import AnalysedRun, Analysis
from atlas_perf.model.baseline import BaselineResult
from atlas_perf.model.summary import CriterionState
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.code_quality import quality_issues
from atlas_perf.report.criterion_text import (
    HEADLINES,
    CriterionText,
    baseline_text,
    criterion_text,
)
from atlas_perf.report.junit_cases import Case, Outcome, case_of, junit_text
from atlas_perf.report.markdown import MARKS, verdict_mark
from atlas_perf.report.markdown_text import plain_text, table_head, table_row
from atlas_perf.report.open_metrics import CRITERION_MET, families_text, sample_line
from atlas_perf.report.plain_values import to_plain

ANALYSIS_SCHEMA_VERSION = "1.0"


def analysis_to_json(analysis: Analysis) -> str:
    """The text of `atlas-perf analyze --json`; its schema is docs/schemas/analysis.schema.json."""
    plain: dict[str, Any] = to_plain(analysis)
    plain["exit_code"] = int(analysis.exit_code)
    document = {"schema_version": ANALYSIS_SCHEMA_VERSION, **plain}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def analysis_junit(analysis: Analysis) -> str:
    """A case for each row and each run, and one for each threshold of k6."""
    cases = [*map(_validity, analysis.runs)]
    cases += [_unreadable(number, one.reason) for number, one in enumerate(analysis.unreadable, 1)]
    for run in analysis.runs:
        invalid = run.verdict is Verdict.INVALID
        for threshold in run.thresholds:
            told = criterion_text(threshold)
            group = f"{run.scenario}.k6 {told.group}"
            cases.append(case_of(told, group=group, file=run.folder, proves_nothing=invalid))
    for row in analysis.rows:
        told = baseline_text(row)
        group = f"{row.scenario}.{told.group}"
        cases.append(case_of(told, group=group, file=analysis.file))
    return junit_text("atlas-perf analyze", cases)


def analysis_markdown(analysis: Analysis) -> str:
    """For a merge request's note, and for GitHub's step summary."""
    verdict = analysis.verdict
    runs = f"{len(analysis.runs)} run{'' if len(analysis.runs) == 1 else 's'}"
    sections = [
        [f"## {verdict_mark(verdict)} {verdict}: {runs}, {HEADLINES[verdict]}"],
        [
            plain_text(f"baselines {analysis.file}, version {analysis.version}")
            + f" · exit code {int(analysis.exit_code)}"
        ],
        [f"- {plain_text(reason)}" for reason in analysis.reasons],
        list(_criteria_table(analysis)),
        list(_runs_table(analysis)),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def analysis_metrics(analysis: Analysis) -> str:
    """As OpenMetrics: the value of each row, and whether each criterion was met."""
    values, met = [], []
    for row in analysis.rows:
        labels = {
            "scenario_file": row.scenario,
            "baseline": row.title,
            "selector": row.selector,
            "criterion": row.expression,
        }
        met.append(sample_line(CRITERION_MET, labels, float(row.verdict is Verdict.PASS)))
        if row.value is not None:
            labels = {**labels, "unit": row.unit}
            values.append(sample_line("atlas_perf_baseline_value", labels, row.value))
    for run in analysis.runs:
        for one in run.thresholds:
            labels = {
                "scenario_file": run.scenario,
                "selector": one.selector,
                "criterion": one.expression,
            }
            passed = one.state is CriterionState.PASSED
            met.append(sample_line(CRITERION_MET, labels, float(passed)))
    return families_text({"atlas_perf_baseline_value": values, CRITERION_MET: met})


def analysis_quality(analysis: Analysis) -> list[dict[str, Any]]:
    """Rows that were not met or not judged, at the baseline file."""
    rows = [_named(row) for row in analysis.rows]
    found = quality_issues("analyze", rows, analysis.file)
    for run in analysis.runs:
        found += quality_issues(run.scenario, map(criterion_text, run.thresholds), run.folder)
    return found


def _named(row: BaselineResult) -> CriterionText:
    told = baseline_text(row)
    return replace(told, group=f"{row.scenario}: {told.group}")


def _validity(run: AnalysedRun) -> Case:
    name = f"the run in {run.folder} is valid"
    if run.verdict is not Verdict.INVALID:
        return Case(f"{run.scenario}.run", name, run.folder)
    said = "INVALID: the run proves nothing"
    text = " ".join(run.reasons)
    return Case(f"{run.scenario}.run", name, run.folder, Outcome.ERROR, said, text)


def _unreadable(number: int, reason: str) -> Case:
    name = f"what was given can be read ({number})"
    return Case("analyze.run", name, "", Outcome.ERROR, "it cannot be judged", reason)


def _criteria_table(analysis: Analysis) -> Iterator[str]:
    told = [_named(row) for row in analysis.rows]
    for run in analysis.runs:
        own = map(criterion_text, run.thresholds)
        told += [replace(one, group=f"{run.scenario}: k6 {one.group}") for one in own]
    if not told:
        return
    yield from table_head("", "criterion", "value", "margin")
    for one in told:
        name = f"{plain_text(one.group)} {plain_text(one.name)}"
        yield table_row(MARKS[one.state], name, plain_text(one.value), one.margin)


def _runs_table(analysis: Analysis) -> Iterator[str]:
    if not analysis.runs:
        return
    yield from table_head("run of", "started", "its own verdict", "from")
    for run in analysis.runs:
        yield table_row(
            plain_text(run.scenario),
            f"{plain_text(run.started_at[:19])}Z",
            run.verdict.value,
            plain_text(run.folder),
        )
