"""What an A/A calibration found: a table, and the file that comparisons read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from atlas_perf.model.comparison import RATE
from atlas_perf.model.noise import (
    NOISE_SCHEMA_VERSION,
    FalseAlarms,
    MetricNoise,
    Noise,
    change_text,
)
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.plain_values import from_plain, to_plain
from atlas_perf.report.terminal_text import Paint, columns, left, printable, right, wrapped
from atlas_perf.report.value_text import milliseconds_text
from atlas_perf.units import format_quantity

NOISE_FILE = "noise.json"

_LEAST_NAME = 16
_COLUMN = 11


def noise_to_json(noise: Noise) -> str:
    """The text of `noise.json`."""
    plain = to_plain(noise)
    whole = {"schema_version": plain.pop("schema_version"), **plain}
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def noise_from_json(text: str) -> Noise:
    """Read the text of a `noise.json`.

    Raises:
        SummaryFormatError: in one sentence, for what is no such text, or a newer one.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise SummaryFormatError(f"this is not JSON: {error}") from None
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if not isinstance(version, str) or not version.partition(".")[0].isdigit():
        raise SummaryFormatError("this is no calibration: it has no schema_version")
    if int(version.partition(".")[0]) > int(NOISE_SCHEMA_VERSION.partition(".")[0]):
        raise SummaryFormatError(
            f"the calibration has schema version {version}, this atlas-perf reads "
            f"{NOISE_SCHEMA_VERSION}: upgrade atlas-perf to read it"
        )
    try:
        noise: Noise = from_plain(Noise, plain)
    except ValueError as error:
        raise SummaryFormatError(f"the calibration is malformed: {error}") from None
    return noise


def render_noise(noise: Noise, *, colour: bool, width: int) -> str:
    """The whole text."""
    paint = Paint(colour)
    phase = f" · {noise.phase}" if noise.phase else ""
    lines = [
        "",
        f"  {paint('bold', 'A/A CALIBRATION')} of {printable(noise.scenario)} · {noise.runs} runs "
        f"of one build{phase}",
        "",
    ]
    primary = [one for one in noise.metrics if one.primary]
    others = [one for one in noise.metrics if not one.primary]
    lines += _table("PRIMARY", primary, paint, width)
    if others:
        lines += ["", *_table("THE OTHERS", others, paint, width)]
    lines.append("")
    for sentence in _sentences(noise):
        first, *rest = wrapped(sentence, width - 4, "  ")
        lines += [f"  {paint('bold', '›')} {first}", *(f"  {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def _table(title: str, rows: list[MetricNoise], paint: Paint, width: int) -> Iterator[str]:
    told = [one.pairs for row in rows for one in row.shifts]
    pairs = sorted(set(told))
    heads = ["level", "run to run", *(f"{k} pairs" for k in pairs)]
    names = [printable(f"{row.selector} {row.statistic}") for row in rows]
    room = max(_LEAST_NAME, width - 4 - _COLUMN * len(heads))
    name_width = min(max([columns(title), *map(columns, names)]), room)
    cells = "".join(right(head, _COLUMN) for head in heads)
    yield f"  {paint('bold', left(title, name_width))}{paint('dim', cells)}"
    for row, name in zip(rows, names, strict=True):
        shown = name
        if columns(name) > name_width:
            yield f"  {name}"
            shown = ""
        numbers = [
            _level(row),
            "–" if row.run_sd is None else change_text(row.statistic, row.run_sd),
        ]
        numbers += [change_text(row.statistic, one.beyond_nothing) for one in row.shifts]
        numbers += ["–"] * (len(heads) - len(numbers))
        yield f"  {left(shown, name_width)}{''.join(right(one, _COLUMN) for one in numbers)}"
        if row.note and row.primary:
            yield from (f"      {line}" for line in wrapped(row.note, width - 6, ""))


def _level(row: MetricNoise) -> str:
    if row.level is None:
        return "–"
    if row.statistic == RATE:
        return f"{row.level * 100:.2f} %"
    return milliseconds_text(row.level) if row.is_time else format_quantity(row.level)


def _sentences(noise: Noise) -> Iterator[str]:
    yield (
        "The columns of pairs are the smallest true change that so many pairs show 4 times in 5 "
        f"with a margin of 0; a margin such as {noise.margin * 100:g} % is added to it, about."
    )
    yield (
        f"They come of {noise.runs // 2} differences between neighbours. With so few the true "
        f"deviation, and with it each of them, may be up to {noise.deviations_up_to:.1f} times as "
        "large."
    )
    alarms = noise.false_alarms
    yield _alarm_sentence(alarms, noise)
    yield (
        f"Told by single runs, p(95) > 1.1 × base, {alarms.naive_alarms * 100:.0f} % of the pairs "
        "of runs would have been regressions."
    )
    for row in noise.metrics:
        enough = [one for one in row.shifts if one.beyond_nothing <= _margin(row, noise)]
        if row.primary and row.shifts and not enough:
            yield (
                f"The margin of {change_text(row.statistic, _margin(row, noise))} is below the "
                f"noise of {row.selector} {row.statistic}: equal builds would seldom pass even "
                f"with {row.shifts[-1].pairs} pairs. Make the runs longer, or the margin wider."
            )
        elif row.primary and enough:
            yield (
                f"{row.selector} {row.statistic}: {enough[0].pairs} pairs are enough for four of "
                f"five comparisons of equal builds to pass with a margin of "
                f"{change_text(row.statistic, _margin(row, noise))}."
            )


def _alarm_sentence(alarms: FalseAlarms, noise: Noise) -> str:
    wanted = f"at most {noise.alpha * 100:g} % are wanted"
    text = (
        f"False alarms: {alarms.alarms} in {_counted(alarms.comparisons)} of {alarms.pairs} "
        f"pairs, none with a run of another (the rate is between {alarms.low * 100:.0f} and "
        f"{alarms.high * 100:.0f} %, {wanted})"
    )
    if alarms.labellings:
        text += (
            f"; {alarms.labelled_alarms * 100:.1f} % of the {alarms.labellings:,} ways to call one "
            "of each two neighbours the candidate, which have all their runs in common"
        )
    return f"{text}."


def _counted(comparisons: int) -> str:
    return "1 comparison" if comparisons == 1 else f"{comparisons} comparisons"


def _margin(row: MetricNoise, noise: Noise) -> float:
    return noise.error_margin if row.statistic == RATE else noise.margin
