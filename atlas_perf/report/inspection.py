"""A plan as it would be run, on one screen: `atlas-perf inspect`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from atlas_perf.model.plan import (
    EXECUTOR_NAMES,
    ConstantArrivalRate,
    Executor,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
    TestPlan,
    ThresholdPlan,
    executor_duration_ns,
    executor_max_vus,
    planned_arrivals,
)
from atlas_perf.report.terminal_text import (
    Paint,
    columns,
    joined,
    left,
    printable,
    shortened,
    wrapped,
)
from atlas_perf.schedule.peak_rate import peak_rate
from atlas_perf.schedule.phases import phase_spans
from atlas_perf.units import NS_PER_S, format_planned

NARROWEST = 60
_INDENT = "    "
_LABEL = 11
_WIDEST = 46
_LEAST_PLACE = 20
_MOST_STAGES = 12
"""A shape has a step for each second: what is beyond stands in the JSON."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An option that somebody says, and who: the last of those who do."""

    option: str
    value: str
    layer: str  # file, scenario, variable or flag
    place: str  # atlas-perf.toml:3, api.py:12, ATLAS_PERF_VUS, --vus
    over: tuple[str, ...] = ()  # places that say it too, and do not count


@dataclass(frozen=True, slots=True)
class Inspection:
    """A plan without its secrets, and what stands around it."""

    plan: TestPlan
    target: str  # where the load goes, in words
    environment: str | None
    base_url: str | None  # None: not known before the run, or the scenario's own
    gates: tuple[ThresholdPlan, ...]  # criteria beside the plan's own
    baselines: str | None  # in words
    seed: int | None  # None: chosen anew for each run
    results_dir: str
    outputs: tuple[str, ...]
    calibration_ns: int | None  # how long, before the load
    limits: tuple[tuple[str, str, str], ...]  # place, key and value
    origins: tuple[Origin, ...]


def total_ns(plan: TestPlan) -> int:
    """How long the load may take, the graceful stop of its last scenario included."""
    return max(scenario.end_ns + scenario.graceful_stop_ns for scenario in plan.scenarios)


def arrivals_of(plan: TestPlan) -> int | None:
    """How many iterations arrival rates make due; None where there is no such rate."""
    counts = [
        planned_arrivals(scenario.executor)
        for scenario in plan.scenarios
        if isinstance(scenario.executor, ConstantArrivalRate | RampingArrivalRate)
    ]
    return sum(counts) if counts else None


def render_inspection(inspection: Inspection, *, colour: bool, width: int) -> str:
    """The whole text, ending in a newline. Words longer than a line stand uncut."""
    width, paint = max(width, NARROWEST), Paint(colour)
    plan = inspection.plan
    title = f"  {paint('bold', printable(plan.name))}  {paint('dim', printable(plan.file))}"
    sections = [
        ("SCENARIOS", _scenario_lines(plan, paint, width)),
        ("CRITERIA", _criteria_lines(inspection, paint, width)),
        ("VARIABLES", _pairs(plan.env, width)),
        ("TAGS", _pairs(plan.tags, width)),
        ("LIMITS", _rows(_limits(inspection), paint, width)),
        ("SAID BY", _origin_lines(inspection.origins, paint, width)),
    ]
    lines = ["", title, "", *_head(inspection, paint, width)]
    for heading, body in sections:
        if body:
            lines += ["", f"  {paint('bold', heading)}", *body]
    return "\n".join(lines) + "\n"


def _limits(inspection: Inspection) -> list[tuple[str, str]]:
    return [(f"{key} = {value}", place) for place, key, value in inspection.limits]


def _head(inspection: Inspection, paint: Paint, width: int) -> Iterator[str]:
    plan = inspection.plan
    end_ns, all_ns = plan.end_ns, total_ns(plan)
    over_ns = all_ns - end_ns
    seed = "seed chosen anew for each run" if inspection.seed is None else f"seed {inspection.seed}"
    calibrated = inspection.calibration_ns
    rows = [
        ("target", [inspection.target]),
        (
            "load",
            [
                f"at most {_count(plan.max_vus, 'user')}",
                f"{format_planned(end_ns)} of load",
                f"then up to {format_planned(over_ns)} graceful stop" if over_ns else "",
            ],
        ),
        ("arrivals", _arrival_parts(plan)),
        ("workers", [_count(plan.processes, "process", "processes"), seed]),
        (
            "beside it",
            [
                "" if calibrated is None else f"calibration before, {format_planned(calibrated)}",
                f"setup within {format_planned(plan.setup_timeout_ns)}" if plan.has_setup else "",
                f"teardown within {format_planned(plan.teardown_timeout_ns)}"
                if plan.has_teardown
                else "",
            ],
        ),
        ("results", [f"{inspection.results_dir}/", *inspection.outputs]),
    ]
    for label, parts in rows:
        if any(parts):
            yield from _labelled(label, joined(map(printable, parts), width - 15, ""), paint)


def _arrival_parts(plan: TestPlan) -> list[str]:
    arrivals, peak = arrivals_of(plan), peak_rate(plan.scenarios)
    if arrivals is None:
        return []
    highest = "" if peak is None else f"up to {float(peak.per_s):,.6g} a second"
    return [f"{_count(arrivals, 'iteration')} due", highest]


def _scenario_lines(plan: TestPlan, paint: Paint, width: int) -> list[str]:
    lines: list[str] = []
    for scenario in plan.scenarios:
        executor = scenario.executor
        parts = [
            EXECUTOR_NAMES[type(executor)],
            f"{printable(scenario.exec)}()",
            _count(executor_max_vus(executor), "user"),
            _amount(executor),
            f"{'within ' if _is_limit(executor) else ''}"
            f"{format_planned(executor_duration_ns(executor))}",
            f"from {format_planned(scenario.start_time_ns)} on" if scenario.start_time_ns else "",
            f"graceful stop {format_planned(scenario.graceful_stop_ns)}",
        ]
        name = f"{_INDENT}{paint('cyan', printable(scenario.name))}"
        lines += [name, *(f"{_INDENT}  {line}" for line in joined(parts, width - 6, ""))]
        for label, texts in (
            ("stages", _stage_parts(executor)),
            ("phases", _phase_parts(scenario)),
            ("variables", [f"{name}={value}" for name, value in scenario.env.items()]),
            ("tags", [f"{name}={value}" for name, value in scenario.tags.items()]),
        ):
            if texts:
                body = joined(map(printable, texts), width - 17, "")
                lines += ["  " + line for line in _labelled(label, body, paint)]
    return lines


def _is_limit(executor: Executor) -> bool:
    return isinstance(executor, SharedIterations | PerVUIterations)


def _amount(executor: Executor) -> str:
    match executor:
        case SharedIterations(iterations=count):
            return f"{_count(count, 'iteration')} between them"
        case PerVUIterations(iterations=count):
            return f"{_count(count, 'iteration')} each"
        case ConstantArrivalRate(rate=rate, time_unit_ns=unit_ns):
            return f"{rate:,} {_per(unit_ns)}, {_count(planned_arrivals(executor), 'arrival')}"
        case RampingArrivalRate():
            return _count(planned_arrivals(executor), "arrival")
        case _:
            return ""


def _stage_parts(executor: Executor) -> list[str]:
    match executor:
        case RampingVUs(start_vus=begin, stages=stages):
            return _ramp(begin, stages, "")
        case RampingArrivalRate(start_rate=begin, stages=stages, time_unit_ns=unit_ns):
            return _ramp(begin, stages, f" {_per(unit_ns)}")
        case _:
            return []


def _ramp(begin: int, stages: Sequence[Stage], unit: str) -> list[str]:
    targets = pairwise([begin, *(stage.target for stage in stages)])
    parts = [
        f"{before:,} → {after:,}{unit} in {format_planned(stage.duration_ns)}"
        if before != after
        else f"{after:,}{unit} for {format_planned(stage.duration_ns)}"
        for (before, after), stage in zip(targets, stages, strict=True)
    ]
    more = len(parts) - _MOST_STAGES
    return parts if more <= 0 else [*parts[:_MOST_STAGES], f"and {more:,} more"]


def _phase_parts(scenario: ScenarioPlan) -> list[str]:
    parts = [
        f"{span.phase} {format_planned(span.begin_ns)}–{'' if not span.is_limit else 'at most '}"
        f"{format_planned(span.end_ns)}"
        for span in phase_spans(scenario)
    ]
    more = len(parts) - _MOST_STAGES
    return parts if more <= 0 else [*parts[:_MOST_STAGES], f"and {more:,} more"]


def _criteria_lines(inspection: Inspection, paint: Paint, width: int) -> list[str]:
    rows = [(_criterion(one), one.place or "--threshold") for one in inspection.plan.thresholds]
    rows += [(_criterion(one), "default gate") for one in inspection.gates]
    lines = _rows(rows, paint, width)
    if inspection.baselines is not None:
        lines += [_INDENT + line for line in wrapped(inspection.baselines, width - 4, "  ")]
    return lines


def _criterion(threshold: ThresholdPlan) -> str:
    ends = "  ends the run" if threshold.abort_on_fail else ""
    return f"{threshold.selector}: {threshold.expression}{ends}"


def _origin_lines(origins: Sequence[Origin], paint: Paint, width: int) -> list[str]:
    rows = []
    for origin in origins:
        over = f", over {' and '.join(origin.over)}" if origin.over else ""
        rows.append((f"{origin.option} = {origin.value}", f"{origin.place}{over}"))
    if rows:
        return _rows(rows, paint, width)
    return [_INDENT + line for line in wrapped("Nobody: all are defaults.", width - 4, "")]


def _rows(rows: Iterable[tuple[str, str]], paint: Paint, width: int) -> list[str]:
    """Two columns. What is too wide for the first one pushes its neighbour aside, or onto the next
    line, and of a place that does not fit the end stays, which has the line."""
    rows = [(printable(first), printable(second)) for first, second in rows]
    most = min(_WIDEST, width - len(_INDENT) - 2 - _LEAST_PLACE)
    wide = max((columns(first) for first, _ in rows if columns(first) <= most), default=0)
    lines = []
    for first, second in rows:
        taken = max(wide, columns(first))
        room = width - len(_INDENT) - taken - 2
        if room >= min(_LEAST_PLACE, columns(second)):
            lines.append(f"{_INDENT}{left(first, taken)}  {paint('dim', shortened(second, room))}")
        else:
            below = shortened(second, width - len(_INDENT) - 2)
            lines += [f"{_INDENT}{first}", f"{_INDENT}  {paint('dim', below)}"]
    return lines


def _pairs(values: Mapping[str, str], width: int) -> list[str]:
    pairs = (printable(f"{name}={value}") for name, value in values.items())
    return [_INDENT + line for pair in pairs for line in wrapped(pair, width - 4, "  ")]


def _labelled(label: str, body: Sequence[str], paint: Paint) -> list[str]:
    first, *rest = body
    blank = " " * _LABEL
    return [
        f"{_INDENT}{paint('dim', left(label, _LABEL))}{first}",
        *(f"{_INDENT}{blank}{line}" for line in rest),
    ]


def _per(unit_ns: int) -> str:
    return "a second" if unit_ns == NS_PER_S else f"per {format_planned(unit_ns)}"


def _count(number: int, noun: str, several: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"
