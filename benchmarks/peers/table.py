"""The comparison as text: one line of figures for each subject, one of ratios below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.peers.comparison import FIGURES, Rounds, Spread, reference_of
from benchmarks.peers.subject import REFERENCES, WHAT, Workload

HEADINGS = {
    "requests_per_s": "requests/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_s_per_100k": "CPU s/100k",
    "steady_cpu_s_per_100k": "… steady",
    "peak_mb": "memory MB",
}
_NAME_WIDTH = 17
_WIDTH = 21


def table(everything: Sequence[Rounds], absent: Mapping[str, str]) -> str:
    """All workloads that have a subject, and who is not among them and why."""
    lines: list[str] = []
    for workload in Workload:
        rows = [rounds for rounds in everything if rounds.subject.workload is workload]
        if rows:
            lines += ["", f"{workload.value}: {WHAT[workload]}; × {REFERENCES[workload]}"]
            lines.append(
                " " * _NAME_WIDTH + "".join(f"{HEADINGS[name]:>{_WIDTH}}" for name in FIGURES)
            )
            for rounds in rows:
                lines += _rows(rounds, everything)
    if absent:
        lines += ["", "absent:", *(f"  {name}: {why}" for name, why in absent.items())]
    return "\n".join(lines)


def _rows(rounds: Rounds, everything: Sequence[Rounds]) -> Iterator[str]:
    if rounds.runs:
        yield f"{rounds.subject.name:<{_NAME_WIDTH}}" + "".join(
            f"{_figure(rounds.figure(name)):>{_WIDTH}}" for name in FIGURES
        )
        reference = reference_of(rounds, everything)
        if reference is not None and reference is not rounds:
            yield " " * _NAME_WIDTH + "".join(
                f"{_ratio(rounds.ratio(name, reference)):>{_WIDTH}}" for name in FIGURES
            )
    for reason in rounds.broken:
        yield f"{rounds.subject.name:<{_NAME_WIDTH}}  {reason}"


def _figure(spread: Spread | None) -> str:
    if spread is None:
        return "–"
    value = spread.median
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def _ratio(spread: Spread | None) -> str:
    if spread is None:
        return ""
    return f"×{_short(spread.median)} [{_short(spread.low)}–{_short(spread.high)}]"


def _short(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"
