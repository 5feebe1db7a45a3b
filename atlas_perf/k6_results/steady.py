"""Which part of a k6 run was its steady phase: k6 tells none, so that the user does."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.model.plan import ConstantVUs, RampingVUs, ScenarioPlan, Stage
from atlas_perf.units import NS_PER_S, format_planned, parse_duration_ns

WHOLE_WORD = "all"


@dataclass(frozen=True, slots=True)
class Steady:
    """Seconds from the run's first sample on."""

    begin_s: int = 0
    end_s: int | None = None  # None: to the run's end

    @property
    def is_whole(self) -> bool:
        return self.begin_s == 0 and self.end_s is None

    def __str__(self) -> str:
        if self.is_whole:
            return WHOLE_WORD
        assert self.end_s is not None, "a part is written with both ends"
        begin, end = (format_planned(one * NS_PER_S) for one in (self.begin_s, self.end_s))
        return f"{begin}-{end}"


WHOLE = Steady()


def read_steady(text: str) -> Steady:
    """Read `30s-2m30s` or `all`.

    Raises:
        ValueError: with a sentence that shows how it is written.
    """
    if text.strip() == WHOLE_WORD:
        return WHOLE
    begin, dash, end = text.partition("-")
    try:
        begin_ns, end_ns = parse_duration_ns(begin), parse_duration_ns(end)
    except ValueError:
        dash = ""
    if not dash or begin_ns % NS_PER_S or end_ns % NS_PER_S or begin_ns >= end_ns:
        raise ValueError(
            f"{text!r} is no part of a run: write its begin and end in whole seconds from the "
            "first sample on, such as 30s-2m30s, or all"
        )
    return Steady(begin_ns // NS_PER_S, end_ns // NS_PER_S)


def scenario_of(steady: Steady, length_ns: int) -> ScenarioPlan:
    """A plan whose phases lie where the user says those of k6's script do.

    Args:
        length_ns: of the run.
    """
    if steady.end_s is None:
        return ScenarioPlan("k6", ConstantVUs(1, max(length_ns, 1)))
    lengths_s = steady.begin_s, steady.end_s - steady.begin_s
    stages = [Stage(length_s * NS_PER_S, 1) for length_s in lengths_s if length_s]
    rest_ns = length_ns - steady.end_s * NS_PER_S
    if rest_ns > 0:
        stages.append(Stage(rest_ns, 0))
    return ScenarioPlan("k6", RampingVUs(0 if steady.begin_s else 1, tuple(stages)))
