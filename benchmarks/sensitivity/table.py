"""The matrix as Markdown, and its place in the page that holds it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from itertools import groupby

from benchmarks.sensitivity.case import Case
from benchmarks.sensitivity.outcome import Judged, Outcome

BEGIN, END = "<!-- matrix: written by python -m benchmarks.sensitivity -->", "<!-- end -->"
HEAD = "| criterion | healthy | fault | with it | follows |\n|---|--:|---|--:|---|"


def tables(outcomes: Mapping[Case, Outcome]) -> str:
    """A table for each scenario and contract: what broke each criterion, and its values."""
    cases = sorted(
        (case for case in outcomes if not case.is_control),
        key=lambda case: (case.load.scenario, case.contract != "documented"),
    )
    groups = groupby(cases, key=lambda case: (case.load.scenario, case.contract))
    return "\n\n".join(
        "\n".join(
            (f"### {scenario}, {contract}\n", HEAD, *(_row(case, outcomes) for case in group))
        )
        for (scenario, contract), group in groups
    )


def placed_in(page: str, text: str) -> str:
    """The page with `text` between its two marks.

    Raises:
        ValueError: it does not have them.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} followed by {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def _row(case: Case, outcomes: Mapping[Case, Outcome]) -> str:
    control, broken = outcomes[Case(case.load, case.contract)], outcomes[case]
    followed = [_named(name, broken) for name in case.follows if name in broken.failed]
    followed += [
        f"no data for {_named(name, broken)}"
        for name in case.undecided
        if name in broken.without_data
    ]
    cells = (
        "<br>".join(_asked(name, control) for name in case.breaks),
        "<br>".join(_value(control.criteria.get(name)) for name in case.breaks),
        "<br>".join(f"`{_cell(fault)}`" for fault in case.faults),
        "<br>".join(_value(broken.criteria.get(name)) for name in case.breaks),
        ", ".join(followed) + (f": {case.because}" if followed else ""),
    )
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def loads(outcomes: Mapping[Case, Outcome]) -> str:
    """The command of each load; a case adds its faults to it."""
    controls = [case for case in outcomes if case.is_control]
    return "\n".join(f"atlas-perf {shlex.join(case.command)}" for case in controls)


def _asked(name: str, control: Outcome) -> str:
    """A baseline by its name and what it asks; a threshold is both."""
    judged = control.criteria.get(name)
    if judged is None or judged.asks == name:
        return f"`{_cell(name)}`"
    return f"**{name}** `{_cell(judged.asks)}`"


def _named(name: str, outcome: Outcome) -> str:
    judged = outcome.criteria[name]
    return f"`{_cell(name)}`" if judged.asks == name else name


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _value(judged: Judged | None) -> str:
    if judged is None or judged.value is None:
        return "–"
    value = judged.value
    if judged.unit == "ms":
        return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
    if judged.unit == "per_s":
        return f"{value:,.0f}/s"
    return f"{value:.2%}".replace("%", " %") if 0 <= value <= 1 else f"{value:,.0f}"
