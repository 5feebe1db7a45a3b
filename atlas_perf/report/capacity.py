"""A search for a capacity, as a table with its answer and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from atlas_perf.model.capacity import (
    CapacityResult,
    CapacityStep,
    CapacityWord,
    LoadModel,
    StepOutcome,
)
from atlas_perf.report.terminal_text import Paint, printable, right, wrapped
from atlas_perf.report.value_text import milliseconds_text

CAPACITY_SCHEMA_VERSION = "1.0"

_INDENT = "    "
_HOW = {StepOutcome.MET: "green", StepOutcome.BROKEN: "red", StepOutcome.UNPROVEN: "yellow"}
_LEAST_REASON = 20


def level_text(level: int, model: LoadModel) -> str:
    """`200/s`, or `50 VUs`."""
    if model is LoadModel.RATE:
        return f"{level:,}/s"
    return f"{level:,} VU{'' if level == 1 else 's'}"


def capacity_to_json(result: CapacityResult) -> str:
    """The text of `capacity.json`."""
    plain = {"schema_version": CAPACITY_SCHEMA_VERSION, **asdict(result)}
    plain["exit_code"] = int(result.exit_code)
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def render_capacity(result: CapacityResult, *, colour: bool, width: int) -> str:
    """The whole text, ending in a newline."""
    paint = Paint(colour)
    target = f" · {printable(result.facts.target)}" if result.facts.target else ""
    lines = ["", f"  {paint('bold', printable(result.name))}{target}", ""]
    lines += [f"  {paint('bold', 'SLO')}", *(f"{_INDENT}{printable(one)}" for one in result.slo)]
    lines += ["", f"  {paint('bold', 'STEPS')}", *_table(result, paint, width), ""]
    for sentence in result.sentences:
        lines += [f"  {line}" for line in wrapped(printable(sentence), width - 2, "")]
    return "\n".join([*lines, "", f"  {paint(_colour(result), _last_line(result))}"]) + "\n"


def step_line(step: CapacityStep, model: LoadModel) -> str:
    """One step in a line of a log."""
    cells = _cells(step, model)
    told = f": {step.reasons[0]}" if step.reasons else ""
    return f"{cells[0]}: {step.outcome.value}, {cells[1]} achieved, p95 {cells[2]}{told}"


def _last_line(result: CapacityResult) -> str:
    word = "NOT FINISHED" if result.word is None else result.word.value.upper()
    met, broken = (
        "?" if bound is None else level_text(bound, result.model)
        for bound in (result.bounds.met, result.bounds.broken)
    )
    return f"{word}  met up to {met}, broken from {broken}"


def _colour(result: CapacityResult) -> str:
    if result.word in (CapacityWord.FOUND, CapacityWord.HELD):
        return "green"
    return "red" if result.word is CapacityWord.BROKEN_AT_ONCE else "yellow"


def _table(result: CapacityResult, paint: Paint, width: int) -> Iterator[str]:
    head = ("level", "achieved", "p95", "failed", "verdict")
    rows = [_cells(step, result.model) for step in result.steps]
    widths = [max(map(len, column)) for column in zip(head[:4], *rows, strict=True)]
    yield _INDENT + paint("dim", _row(head[:4], widths) + f"  {head[4]}")
    for step, cells in zip(result.steps, rows, strict=True):
        text = _row(cells, widths)
        yield f"{_INDENT}{text}  {paint(_HOW[step.outcome], step.outcome.value)}"
        room = max(_LEAST_REASON, width - len(_INDENT) - 4)
        for reason in step.reasons:
            for line in wrapped(printable(reason), room, ""):
                yield f"{_INDENT}    {paint('dim', line)}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(right(cell, wide) for cell, wide in zip(cells, widths, strict=True))


def _cells(step: CapacityStep, model: LoadModel) -> tuple[str, str, str, str]:
    return (
        level_text(step.level, model),
        f"{step.achieved_per_s:,.1f}/s",
        "–" if step.p95_ms is None else milliseconds_text(step.p95_ms),
        _share_text(step.failed_share),
    )


def _share_text(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{share:.0%}".replace("%", " %") if share in (0, 1) else f"{share * 100:.2f} %"
