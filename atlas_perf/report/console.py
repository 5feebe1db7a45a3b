"""The end summary for people: k6's layout, with the verdict on the last line.

Everything here comes from the `Summary`; nothing is measured or judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from atlas_perf.model.series import Selector
from atlas_perf.model.summary import CheckResult, CriterionState, Summary, ThresholdResult
from atlas_perf.report.calibration import calibration_sentences
from atlas_perf.report.console_baselines import baseline_lines
from atlas_perf.report.console_endpoints import endpoint_lines
from atlas_perf.report.console_health import stall_lines
from atlas_perf.report.console_metrics import (
    OPEN_MODEL,
    OPEN_MODEL_LEGEND,
    custom_metrics,
    metric_lines,
    metric_sections,
)
from atlas_perf.report.console_outputs import output_lines
from atlas_perf.report.console_phases import phase_lines, shortness_text
from atlas_perf.report.console_verdict import reason_lines, telling_reasons, verdict_line
from atlas_perf.report.generator_text import load_sentences, worker_parts
from atlas_perf.report.terminal_text import (
    Paint,
    columns,
    joined,
    left,
    printable,
    right,
    shortened,
    wrapped,
)
from atlas_perf.report.value_text import bound_text, share_text
from atlas_perf.units import NS_PER_S, format_duration, format_quantity

NARROWEST = 60

_INDENT = "    "
_MOST_EXCEPTIONS = 10
_MARKS = {
    CriterionState.PASSED: ("green", "✓"),
    CriterionState.FAILED: ("red", "✗"),
    CriterionState.NO_DATA: ("yellow", "?"),
}


def render_console(summary: Summary, *, colour: bool, width: int) -> str:
    """The whole end summary, ending in a newline.

    Args:
        colour: use ANSI colours.
        width: columns of the terminal; values wrap below about 110, and 60 is the least.
    """
    width = max(width, NARROWEST)
    paint = Paint(colour)
    sections = [
        ("PHASES", phase_lines(summary.phases, paint, width)),
        ("THRESHOLDS", _threshold_lines(summary.thresholds, paint)),
        ("BASELINES", baseline_lines(summary.baselines, paint, width)),
        ("CHECKS", _check_lines(summary, paint, width)),
        *(
            (title, _section_lines(title, names, summary, paint, width))
            for title, names in metric_sections(summary.metrics).items()
        ),
        ("CUSTOM", metric_lines(summary.metrics, custom_metrics(summary.metrics), paint, width)),
        ("ENDPOINTS", endpoint_lines(summary.endpoints, paint, width)),
        ("EXCEPTIONS", _exception_lines(summary, paint, width)),
        ("GENERATOR", _generator_lines(summary, paint, width)),
        ("OUTPUTS", output_lines(summary.outputs, paint, width)),
    ]
    lines = ["", *_header_lines(summary, paint, width)]
    for title, body in sections:
        if body:
            lines += ["", f"  {paint('bold', title)}", *body]
    reasons = reason_lines(telling_reasons(summary), paint, width)
    lines += ["", *([*reasons, ""] if reasons else []), verdict_line(summary, paint)]
    return "\n".join(lines) + "\n"


def _header_lines(summary: Summary, paint: Paint, width: int) -> list[str]:
    facts = summary.facts
    environment = f" ({facts.environment})" if facts.environment else ""
    workers = len(summary.workers)
    parts = [
        f"{printable(facts.target)}{environment}" if facts.target else "",
        f"{format_duration(summary.measured_s * NS_PER_S)} measured",
        f"{workers} worker{'' if workers == 1 else 's'}",
        f"{summary.started_at[:19]}Z",
    ]
    name = printable(summary.name)
    first, *rest = joined((name, *parts), width - 2, "  ")
    return [f"  {paint('bold', name)}{first[len(name) :]}", *(f"  {line}" for line in rest)]


def _threshold_lines(thresholds: Sequence[ThresholdResult], paint: Paint) -> list[str]:
    wide = max((columns(result.expression) for result in thresholds), default=0)
    lines = []
    for (selector, default_gate), results in groupby(
        thresholds, key=lambda result: (result.selector, result.default_gate)
    ):
        note = paint("dim", "  default gate") if default_gate else ""
        lines.append(f"{_INDENT}{printable(selector)}{note}")
        for result in results:
            how, mark = _MARKS[result.state]
            expression = left(printable(result.expression), wide)
            value = _threshold_value(result, paint)
            lines.append(f"{_INDENT}{paint(how, mark)} {expression}  {value}")
    return lines


def _threshold_value(result: ThresholdResult, paint: Paint) -> str:
    if result.value is None:
        return paint("yellow", "no data")
    how, _ = _MARKS[result.state]
    value = format_quantity(result.value, result.unit, beside=result.limit)
    text = paint(how, bound_text(value, result.at_least))
    if result.state is CriterionState.NO_DATA:
        return text + paint("yellow", f"  undecided: {_cut_off(result)} were cut off in flight")
    if result.aborted_run:
        text += paint("dim", "  ended the run")
    elif result.state is CriterionState.PASSED and result.reason:
        text += paint("yellow", "  too close to call")
    short = shortness_text(result)
    return text + paint("yellow", f"  {short}") if short else text


def _cut_off(result: ThresholdResult) -> str:
    metric = Selector.parse(result.selector).metric
    return {"iteration_duration": "iterations", "group_duration": "groups"}.get(metric, "requests")


def _section_lines(
    title: str, names: Sequence[str], summary: Summary, paint: Paint, width: int
) -> list[str]:
    lines = metric_lines(summary.metrics, names, paint, width)
    if title == OPEN_MODEL and lines:
        legend = [_INDENT + line for line in wrapped(OPEN_MODEL_LEGEND, width - len(_INDENT), "")]
        lines += [paint("dim", line) for line in legend]
    return lines


def _check_lines(summary: Summary, paint: Paint, width: int) -> list[str]:
    if not summary.checks:
        return []
    lines = metric_lines(summary.metrics, ("checks",), paint, width)
    entries = _checks_by_group(summary.checks)
    counts = [(share_text(passes, whole), passes, whole) for _, _, passes, whole in entries]
    share_width = max(columns(share) for share, _, _ in counts)
    count_texts = [f"{passes} of {whole}" for _, passes, whole in counts]
    room = width - len(_INDENT) - share_width - max(map(len, count_texts)) - 8
    name_width = min(max(columns(printable(name)) for _, name, _, _ in entries), room)
    shown_group = ""
    for (group, name, passes, whole), (share, _, _), count in zip(
        entries, counts, count_texts, strict=True
    ):
        if group != shown_group:
            lines.append(f"{_INDENT}{paint('bold', printable(group[2:].replace('::', ' › ')))}")
            shown_group = group
        passed = passes == whole
        how = "green" if passed else "red"
        label = left(shortened(printable(name), name_width), name_width)
        tail = f"{right(share, share_width)}  {count}"
        lines.append(
            f"{_INDENT}{paint(how, '✓' if passed else '✗')} {label}  "
            f"{paint('dim', tail) if passed else paint('red', tail)}"
        )
    return lines


def _checks_by_group(checks: Iterable[CheckResult]) -> list[tuple[str, str, int, int]]:
    """Group, name, passes and samples, over all scenarios; ungrouped ones first."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for check in checks:
        passes, whole = sums.get((check.group, check.name), (0, 0))
        sums[check.group, check.name] = (
            passes + check.passes,
            whole + check.passes + check.fails,
        )
    return [(group, name, passes, whole) for (group, name), (passes, whole) in sorted(sums.items())]


def _exception_lines(summary: Summary, paint: Paint, width: int) -> list[str]:
    lines: list[str] = []
    for one in summary.exceptions[:_MOST_EXCEPTIONS]:
        what = f"{one.kind}: {one.message}" if one.message else one.kind
        head = f"{one.count} × {printable(what)}"
        place = f"{printable(one.file)}:{one.line} in scenario {printable(one.scenario)}"
        lines += [
            _INDENT + paint("red", shortened(head, width - len(_INDENT))),
            f"{_INDENT}  {paint('dim', place)}",
        ]
    hidden = len(summary.exceptions) - _MOST_EXCEPTIONS
    if hidden > 0:
        lines.append(_INDENT + paint("dim", f"and {hidden} more kinds in summary.json"))
    return lines


def _generator_lines(summary: Summary, paint: Paint, width: int) -> list[str]:
    workers = summary.workers
    lines = [
        _INDENT + line
        for sentence in load_sentences(summary)
        for line in wrapped(sentence, width - 4, "  ")
    ]
    if not workers:
        return lines
    lost = [worker for worker in workers if worker.lost is not None]
    lines += [_INDENT + line for line in joined(worker_parts(summary), width - 4, "  ")]
    for worker in lost:
        why = f"worker {worker.index} lost: {printable(worker.lost or '')}"
        lines.append(_INDENT + paint("red", why))
    lines += stall_lines(workers, paint, width)
    if summary.calibration is not None:
        for sentence in calibration_sentences(summary.calibration):
            lines += [_INDENT + line for line in wrapped(sentence, width - 4, "  ")]
    return lines
