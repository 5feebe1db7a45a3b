"""A comparison of runs, as a table with its verdict and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from atlas_perf.model.comparison import RATE, ComparedMetric, Comparison, Finding
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.plain_values import to_plain
from atlas_perf.report.terminal_text import (
    Paint,
    columns,
    left,
    printable,
    right,
    shortened,
    wrapped,
)
from atlas_perf.report.value_text import milliseconds_text
from atlas_perf.units import format_quantity

COMPARISON_SCHEMA_VERSION = "1.0"

_NUMBERS = 9, 10, 10, 19
_FINDING = 13
_LEAST_NAME = 16
_WORDS = {
    Finding.REGRESSED: ("red", "✗ worse"),
    Finding.NON_INFERIOR: ("green", "✓ no worse"),
    Finding.UNDECIDED: ("yellow", "? undecided"),
    Finding.NO_DATA: ("dim", "– no data"),
}
_IMPRESSIONS = {**_WORDS, Finding.REGRESSED: ("yellow", "! looks worse")}
VERDICT_WORDS = {
    Verdict.FAIL: ("on red", "✗", "the candidate is worse"),
    Verdict.NO_DATA: ("on yellow", "?", "a primary metric could not be compared"),
    Verdict.INCONCLUSIVE: ("on yellow", "?", "neither a regression nor its absence is shown"),
    Verdict.PASS: ("on green", "✓", "the candidate is no worse"),
}


def comparison_to_json(
    comparison: Comparison, bases: Sequence[str], candidates: Sequence[str]
) -> str:
    """The text of `atlas-perf compare --json`; the runs are named by their folders."""
    plain = to_plain(comparison)
    plain["exit_code"] = int(comparison.exit_code)
    runs = {"bases": list(bases), "candidates": list(candidates)}
    text = json.dumps(
        {"schema_version": COMPARISON_SCHEMA_VERSION, **runs, **plain},
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )
    return text + "\n"


def render_comparison(
    comparison: Comparison,
    bases: Sequence[str],
    candidates: Sequence[str],
    *,
    colour: bool,
    width: int,
) -> str:
    """The whole text; the runs are named by their folders."""
    paint = Paint(colour)
    lines = ["", *_heading(comparison, bases, candidates, paint, width), ""]
    primary = [one for one in comparison.metrics if one.primary]
    others = [one for one in comparison.metrics if not one.primary]
    lines += _table("PRIMARY", primary, comparison, paint, width)
    if others:
        lines += ["", *_table("THESE NEVER GATE", others, comparison, paint, width)]
    lines.append("")
    for reason in comparison.reasons:
        first, *rest = wrapped(printable(reason), width - 4, "  ")
        lines += [f"  {paint('bold', '›')} {first}", *(f"  {line}" for line in rest)]
    return "\n".join([*lines, "", _last_line(comparison, paint)]) + "\n"


def extent(comparison: Comparison) -> str:
    """How much was compared: `5 pairs`."""
    if comparison.sessions:
        return f"{comparison.sessions} kept sessions"
    return "one run per side" if comparison.advisory else f"{comparison.pairs} pairs"


def opposed(
    comparison: Comparison, bases: Sequence[str], candidates: Sequence[str]
) -> list[tuple[str, str]]:
    """Names of what was held against each other: pairs, or a history and one session."""
    if comparison.sessions:
        return [(f"{len(bases)} kept runs", ", ".join(candidates))]
    return list(zip(bases, candidates, strict=True))


def _heading(
    comparison: Comparison,
    bases: Sequence[str],
    candidates: Sequence[str],
    paint: Paint,
    width: int,
) -> Iterator[str]:
    terms = comparison.terms
    phase = f" of {comparison.phase}" if comparison.phase else ""
    yield f"  {paint('bold', 'COMPARISON')}{phase} · {extent(comparison)}"
    for base, candidate in opposed(comparison, bases, candidates):
        half = max(_LEAST_NAME, (width - 7) // 2)
        yield (
            f"    {shortened(printable(base), half - 2)} → "
            f"{shortened(printable(candidate), half - 2)}"
        )
    yield (
        f"  margins {terms.margin * 100:g} % of times, {terms.error_margin * 100:g} pp of failures"
        f" · false alarms at most {terms.alpha_text()}"
    )


def _table(
    title: str,
    rows: Sequence[ComparedMetric],
    comparison: Comparison,
    paint: Paint,
    width: int,
) -> Iterator[str]:
    name = _name_width(comparison.metrics, width)
    confidence = f"{(1 - 2 * comparison.terms.alpha) * 100:g} % interval"
    heads = ("base", "candidate", "change", confidence)
    cells = "".join(right(head, size) for head, size in zip(heads, _NUMBERS, strict=True))
    yield f"  {paint('bold', left(title, name))}{paint('dim', cells)}"
    for row in rows:
        how, word = finding_words(row, advisory=comparison.advisory)
        numbers = (
            value_text(row, row.base),
            value_text(row, row.candidate),
            row.text(row.change),
            interval_text(row),
        )
        cells = "".join(right(one, size) for one, size in zip(numbers, _NUMBERS, strict=True))
        said = printable(_name(row))
        if columns(said) > name:  # names differ at their ends: whole, on a line of its own
            yield f"  {shortened(said, width - 2)}"
            said = ""
        said = left(said, name)
        yield f"  {said}{cells} {paint(how, word)}".rstrip()
        if row.note and row.primary:
            yield from (f"      {line}" for line in wrapped(row.note, width - 6, ""))


def _name_width(rows: Sequence[ComparedMetric], width: int) -> int:
    """One for both tables: of the longest name that has room beside its numbers."""
    room = max(_LEAST_NAME, width - sum(_NUMBERS) - _FINDING - 3)
    fitting = (columns(printable(_name(row))) for row in rows)
    return max([_LEAST_NAME, *(size for size in fitting if size <= room)])


def finding_words(row: ComparedMetric, *, advisory: bool) -> tuple[str, str]:
    """A colour, and a mark with a word or two; of what never gates only what stands out."""
    if row.primary:
        return (_IMPRESSIONS if advisory else _WORDS)[row.finding]
    return ("yellow", "! stands out") if row.stands_out else ("dim", _quiet(row))


def _quiet(row: ComparedMetric) -> str:
    return "✓ no worse" if row.finding is Finding.NON_INFERIOR else ""


def _name(row: ComparedMetric) -> str:
    return f"{row.selector} {row.statistic}"


def value_text(row: ComparedMetric, value: float | None) -> str:
    """A level of either side, with its unit."""
    if value is None:
        return "–"
    if row.statistic == RATE:
        return f"{value * 100:.2f} %"
    return milliseconds_text(value) if row.is_time else format_quantity(value)


def interval_text(row: ComparedMetric) -> str:
    """Between which bounds the true change lies, with their unit."""
    if row.lower is None or row.upper is None:
        return "–"
    unit = row.text(0.0).rpartition(" ")[2]
    low, high = (row.text(one).rpartition(" ")[0] for one in (row.lower, row.upper))
    return f"{low} … {high} {unit}"


def _last_line(comparison: Comparison, paint: Paint) -> str:
    how, mark, meaning = VERDICT_WORDS[comparison.verdict]
    word = f"{mark} {comparison.verdict.value}"
    if comparison.advisory:
        meaning = "advice only"
    code = int(comparison.exit_code)
    parts = [meaning, f"exit code {code}" if code else ""]
    return f"  {paint(how, f' {word} ') if paint.colour else word}  " + " · ".join(
        part for part in parts if part
    )
