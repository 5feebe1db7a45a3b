"""What a calibration measured of the generator: a small table, or sentences in a summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atlas_perf.model.summary import Calibration, Floor
from atlas_perf.report.terminal_text import printable, right, wrapped
from atlas_perf.report.value_text import milliseconds_text
from atlas_perf.units import format_bytes

BUSY_SERVER_SHARE = 0.9
"""A thread of the null server that is this busy may be what limited the rate."""

_INDENT = "  "
_LABEL, _WIDE, _NARROW = 29, 13, 9


def render_calibration(
    calibration: Calibration, name: str, width: int, *, judged_from: float, judged_share: float
) -> str:
    """The table, and what it means for this machine; ends in a newline.

    Args:
        name: of the plan it is for; may be empty.
        judged_from: the multiple of the floor from which on a median is judged.
        judged_share: of the highest rate, up to which latencies are.
    """
    one = calibration
    what = f"{_count(one.connections, 'connection')} to a null server, answers of"
    judged = " and ".join(
        f"{milliseconds_text(judged_from * floor.service_p50_ms)} at {floor.rate_per_s:,.0f}/s"
        for floor in one.floors
    )
    meaning = (
        f"From here a target can be judged whose median is at least {judged}, up to "
        f"{judged_share * one.max_per_s:,.0f} requests/s; what is less is the generator's own time."
    )
    lines = [
        f"load: {printable(name) + ', ' if name else ''}{_workers(one)}, {what} "
        f"{format_bytes(one.payload_bytes)}",
        f"{_INDENT}at most {one.max_per_s:,.0f} requests/s, which took {one.worker_cores:.2f} "
        f"cores of the workers and {one.server_cores:.2f} of the null server",
        *_table(one.floors),
        *wrapped(meaning, width, ""),
    ]
    for doubt in _doubts(one):
        lines += wrapped(f"! {doubt}", width, "  ")
    return "\n".join(lines) + "\n"


def calibration_sentences(calibration: Calibration) -> Iterator[str]:
    """For the section of a summary that speaks of the generator."""
    floors = ", ".join(
        f"{milliseconds_text(floor.service_p50_ms)} and {milliseconds_text(floor.service_p99_ms)} "
        f"at {floor.rate_per_s:,.0f}/s"
        for floor in calibration.floors
    )
    yield (
        f"calibrated: at most {calibration.max_per_s:,.0f} requests/s; service time of a null "
        f"server, p50 and p99: {floors}"
    )
    yield from _doubts(calibration)


def _table(floors: Sequence[Floor]) -> Iterator[str]:
    heads = [right(f"at {floor.rate_per_s:,.0f}/s", _WIDE + _NARROW) for floor in floors]
    yield " " * (len(_INDENT) + _LABEL) + "".join(heads)
    yield _row("", ["p50", "p99"] * len(floors))
    service = [(floor.service_p50_ms, floor.service_p99_ms) for floor in floors]
    response = [(floor.response_p50_ms, floor.response_p99_ms) for floor in floors]
    yield _row("service   from when it was sent", _times(service))
    yield _row("response  from when it was due", _times(response))
    yield _row(
        "lag       how late it began",
        [cell for floor in floors for cell in ("", milliseconds_text(floor.lag_p99_ms))],
    )


def _times(pairs: Sequence[tuple[float, float]]) -> list[str]:
    return [milliseconds_text(value_ms) for pair in pairs for value_ms in pair]


def _row(label: str, cells: Sequence[str]) -> str:
    widths = (_WIDE, _NARROW) * (len(cells) // 2)
    numbers = "".join(right(cell, wide) for cell, wide in zip(cells, widths, strict=True))
    return f"{_INDENT}{label:{_LABEL}}{numbers}"


def _doubts(one: Calibration) -> Iterator[str]:
    if one.processes + 1 > one.cores:
        yield (
            f"the null server and {_workers(one)} shared {_count(one.cores, 'core')}: with a "
            "target on another machine the highest rate is higher, and the floor lower"
        )
    elif one.server_cores > BUSY_SERVER_SHARE * one.processes:
        yield (
            "the null server was as busy as it can be: the generator's highest rate is higher "
            "than this one"
        )


def _workers(one: Calibration) -> str:
    return f"{one.processes} worker process{'' if one.processes == 1 else 'es'}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
