"""Several runs against one baseline file, for people."""

from __future__ import annotations

from atlas_perf.model.analysis import Analysis
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.console_baselines import baseline_table
from atlas_perf.report.console_verdict import banner, reason_lines
from atlas_perf.report.terminal_text import Paint, columns, left, printable


def render_analysis(analysis: Analysis, *, colour: bool, width: int) -> str:
    """The whole report, ending in a newline."""
    paint = Paint(colour)
    lines = ["", f"  {paint('bold', 'RUNS')}", *_run_lines(analysis)]
    if analysis.rows:
        title = f"BASELINES  {printable(analysis.file)}, version {analysis.version}"
        table = baseline_table(analysis.rows, paint, width)
        lines += ["", f"  {paint('bold', title)}", *table]
    lines += ["", *reason_lines(analysis.reasons, paint, width), ""]
    counts = [] if analysis.verdict is Verdict.INVALID else _counts(analysis)
    lines.append(banner(analysis.verdict, analysis.exit_code, counts, paint))
    return "\n".join(lines) + "\n"


def _run_lines(analysis: Analysis) -> list[str]:
    if not analysis.runs:
        return ["    none"]
    names = [printable(run.scenario) for run in analysis.runs]
    wide = max(map(columns, names))
    return [
        f"    {left(name, wide)}  {run.started_at[:19]}Z  its own verdict {run.verdict.value}  "
        f"{printable(run.folder)}"
        for name, run in zip(names, analysis.runs, strict=True)
    ]


def _counts(analysis: Analysis) -> list[str]:
    whole = len(analysis.rows)
    if not whole:
        return []
    words = {Verdict.FAIL: "failed", Verdict.NO_DATA: "without data"}
    counts = {
        word: sum(row.verdict is verdict for row in analysis.rows)
        for verdict, word in words.items()
    }
    told = [f"{count} of {whole} rows {word}" for word, count in counts.items() if count]
    return told or [f"{whole} of {whole} rows held"]
