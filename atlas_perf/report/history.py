"""The kept runs of a store: as a table, as JSON, and one of them with all that was kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from atlas_perf.model.kept_run import History, KeptRun
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.console import render_console
from atlas_perf.report.plain_values import to_plain
from atlas_perf.report.terminal_text import Paint, columns, left, printable, shortened
from atlas_perf.units import format_bytes

_LEAST_CELL = 8
_GAP = "  "
_HEAD = ("run", "scenario", "verdict", "build", "promoted as")
_LOOKS = {Verdict.PASS: "green", Verdict.FAIL: "red"}
_VERDICT = _HEAD.index("verdict")


def history_to_json(history: History) -> str:
    """The text of `atlas-perf baseline list --json`."""
    plain = to_plain(history)
    ordered = {"schema_version": plain.pop("schema_version"), **plain}
    return json.dumps(ordered, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def render_history(history: History, *, colour: bool, width: int) -> str:
    """A line for each run, oldest first, and how many there are."""
    paint = Paint(colour)
    size = format_bytes(sum(run.size_bytes for run in history.runs))
    count = f"{len(history.runs)} kept run{'' if len(history.runs) == 1 else 's'} in "
    lines = [f"{count}{printable(history.store)} · {size}"]
    return "\n".join([*_table(history.runs, paint, width), *lines]) + "\n"


def render_kept_run(run: KeptRun, summary: Summary, *, colour: bool, width: int) -> str:
    """What is said of a run, and its end summary."""
    paint = Paint(colour)
    facts = summary.facts
    said = {
        "kept run": run.id,
        "label": run.label,
        "commit": run.commit,
        "promoted as": ", ".join(run.promoted_as),
        "was": ", ".join(run.was_promoted),
        "fingerprint": run.fingerprint,
        "made with": f"atlas-perf {facts.tool_version}, Python {facts.python}, {facts.platform}, "
        f"{facts.cpu_count} × {facts.cpu_model}",
        "folder": f"{run.path} · {format_bytes(run.size_bytes)}",
    }
    lines = [
        f"  {paint('dim', left(name, 12))}{printable(text)}" for name, text in said.items() if text
    ]
    return "\n".join(["", *lines]) + "\n" + render_console(summary, colour=colour, width=width)


def _table(runs: Sequence[KeptRun], paint: Paint, width: int) -> Iterator[str]:
    if not runs:
        return
    rows = [_HEAD, *(_cells(run) for run in runs)]
    widths = [max(columns(row[at]) for row in rows) for at in range(len(_HEAD))]
    for at in (_HEAD.index("build"), _HEAD.index("scenario"), _HEAD.index("promoted as")):
        too_wide = sum(widths) + len(_GAP) * (len(_HEAD) - 1) - width
        if too_wide > 0:  # an id is never cut: it is there to be copied
            widths[at] = max(min(widths[at], _LEAST_CELL), widths[at] - too_wide)
    for number, row in enumerate(rows):
        cells = [left(shortened(cell, size), size) for cell, size in zip(row, widths, strict=True)]
        if number:
            how = _LOOKS.get(runs[number - 1].verdict, "yellow")
            cells[_VERDICT] = paint(how, cells[_VERDICT])
            yield _GAP.join(cells).rstrip()
        else:
            yield paint("dim", _GAP.join(cells).rstrip())


def _cells(run: KeptRun) -> tuple[str, ...]:
    names = ", ".join(run.promoted_as) or ("".join(f"({name})" for name in run.was_promoted))
    return (run.id, printable(run.scenario), run.verdict.value, printable(run.build), names)
