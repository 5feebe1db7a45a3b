"""From a scenario file's options, and what is asked for over them, to the plan of a run."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from atlas_perf.errors import PlanError, UsageError
from atlas_perf.loader.executors import ONE_ABOVE_ZERO, endless_warm_up, refuse_idle_users
from atlas_perf.loader.option_table import HTTP, KIND_OF_LOAD, OPTIONS, RUN, select
from atlas_perf.loader.overrides import Overrides
from atlas_perf.loader.plan_limits import refuse_beyond_measure
from atlas_perf.loader.problem import OptionProblem
from atlas_perf.loader.scaling import scaled
from atlas_perf.loader.scenario_file import ScenarioFile
from atlas_perf.loader.shapes import with_named_shapes
from atlas_perf.loader.shortcuts import Shortcuts, executor_of
from atlas_perf.model.plan import (
    HttpOptions,
    ScenarioPlan,
    SharedIterations,
    TestPlan,
    ThresholdPlan,
    executor_max_vus,
)

NO_OVERRIDES = Overrides()
SEED_BITS = 32


@dataclass(frozen=True, slots=True)
class BuiltPlan:
    """A plan, and sentences about what in the file it leaves aside."""

    plan: TestPlan
    warnings: tuple[str, ...] = ()


def build_plan(scenario_file: ScenarioFile, overrides: Overrides = NO_OVERRIDES) -> BuiltPlan:
    """Check a file's options, lay the overrides over them, and resolve what is left open.

    The seed is chosen here if none is given, so that the plan that is reported can be repeated.

    Raises:
        ScenarioError: for an option that cannot be used, with file and line.
        UsageError: for overrides that cannot be applied to this file.
        PlanError: if the result is a load that cannot be run.
    """
    try:
        options = with_named_shapes(scenario_file.options, scenario_file.names)
        values = OPTIONS.read(options, ())
        refuse_contradictions(values, scenario_file.options)
    except OptionProblem as problem:
        raise scenario_file.problem_error(problem) from None
    scenarios, warnings = _scenarios(scenario_file, values, overrides)
    scenarios = _warmed_up(scenarios, values, overrides)
    _refuse_idle_plan(scenarios)
    plan = TestPlan(
        name=scenario_file.name,
        file=scenario_file.file,
        file_sha256=scenario_file.sha256,
        scenarios=tuple(
            scaled(scenario, overrides.duration_scale, overrides.vus_scale)
            for scenario in scenarios
        ),
        metrics=scenario_file.metrics,
        feeds=tuple(feed.plan for feed in scenario_file.feeds),
        env=overrides.env,
        http=_http_options(values, overrides),
        seed=_seed(overrides.seed),
        processes=overrides.processes,
        keep_samples=overrides.keep_samples,
        has_setup=scenario_file.setup is not None,
        has_teardown=scenario_file.teardown is not None,
        **select(RUN, values),
    )
    refuse_beyond_measure(plan)
    plan = replace(
        plan,
        tags={**overrides.default_tags, **plan.tags, **overrides.tags},
        thresholds=_placed(plan.thresholds, scenario_file),
    )
    plan = _with_thresholds(plan, overrides)
    return BuiltPlan(plan, warnings)


def refuse_contradictions(values: Mapping[str, Any], written: Mapping[str, object]) -> None:
    """Refuse top-level options that do not go together, each of them right by itself.

    Raises:
        OptionProblem: with the path of one of them.
    """
    kinds = [name for name in written if name in KIND_OF_LOAD]
    for first, second in combinations(kinds, 2):
        if {first, second} != {"iterations", "duration"}:  # those two are one kind together
            message = f"`{first}` and `{second}` are two kinds of load and cannot be used together"
            raise OptionProblem((second,), message)
    for name in ("vus", "warmUp"):
        if "scenarios" in values and name in values:
            message = f"`{name}` does nothing beside `scenarios`: set it in each"
            raise OptionProblem((name,), message)
    if "iterations" in values:
        refuse_idle_users(values["iterations"], values.get("vus", 1), ("iterations",))
    if "proxy" in values and values.get("proxyFromEnvironment"):
        message = "`proxy` and `proxyFromEnvironment` each say which proxy to use: give one of them"
        raise OptionProblem(("proxyFromEnvironment",), message)
    if values.get("vus") == 0:
        if "stages" not in values:
            raise OptionProblem(("vus",), "`vus` must be 1 or more, not 0")
        if all(stage.target == 0 for stage in values["stages"]):
            raise OptionProblem(("stages",), f"`stages` never has a user: {ONE_ABOVE_ZERO}")


def _scenarios(
    scenario_file: ScenarioFile, values: Mapping[str, Any], overrides: Overrides
) -> tuple[tuple[ScenarioPlan, ...], tuple[str, ...]]:
    """The scenarios that will run. An override that says what the load is replaces all of the
    file's, as in k6; one of `vus` alone fills in for the file's own.
    """
    kept, warnings = _without_replaced(values, overrides)
    if "scenarios" in kept:
        if overrides.vus is not None:
            raise UsageError(
                f"--vus cannot change the scenarios of {scenario_file.file}: use --vus-scale, "
                "or --duration with it to replace them"
            )
        scenarios: tuple[ScenarioPlan, ...] = kept["scenarios"]
        _check_functions(scenario_file, scenarios)
        return scenarios, warnings
    if overrides.vus is not None and "stages" in kept:
        warnings += (
            f"--vus {overrides.vus} only sets where the file's `stages` start from: "
            "use --vus-scale to change the load, or --duration with it to replace the stages",
        )
    scenario_file.call_default()
    executor = executor_of(_shortcuts(kept, overrides))
    return (ScenarioPlan(_scenario_name(scenario_file.name), executor),), warnings


def _without_replaced(
    values: Mapping[str, Any], overrides: Overrides
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    if not overrides.kinds_of_load:
        return values, ()
    kept = {name: value for name, value in values.items() if name not in KIND_OF_LOAD}
    lost = [
        f"`{name}`"
        for name in KIND_OF_LOAD
        if name in values and name not in overrides.kinds_of_load
    ]
    if not lost:
        return kept, ()
    flags = {
        "duration": "--duration",
        "iterations": "--iterations",
        "stages": overrides.stages_from,
    }
    given = [flags[name] for name in flags if name in overrides.kinds_of_load]
    verb = "replaces" if len(given) == 1 else "replace"
    return kept, (f"{' and '.join(given)} {verb} the file's {' and '.join(lost)}",)


def _shortcuts(values: Mapping[str, Any], overrides: Overrides) -> Shortcuts:
    vus = values.get("vus") if overrides.vus is None else overrides.vus
    if overrides.kinds_of_load:
        return Shortcuts(
            vus, overrides.duration_ns, overrides.iterations, overrides.stages, overrides.rate
        )
    return Shortcuts(vus, values.get("duration"), values.get("iterations"), values.get("stages"))


def _check_functions(scenario_file: ScenarioFile, scenarios: tuple[ScenarioPlan, ...]) -> None:
    for scenario in scenarios:
        name = scenario.exec
        if name in scenario_file.functions or name in scenario_file.unusable:
            scenario_file.call_default(name)
            continue
        raise scenario_file.option_error(
            f"scenario {scenario.name!r}: {scenario_file.missing(name)}",
            ("scenarios", scenario.name, "exec"),
        )


def _placed(
    thresholds: tuple[ThresholdPlan, ...], scenario_file: ScenarioFile
) -> tuple[ThresholdPlan, ...]:
    """Say where each criterion is written: whoever reads its expression can then name the line."""
    seen: Counter[str] = Counter()
    placed: list[ThresholdPlan] = []
    for threshold in thresholds:
        path = ("thresholds", threshold.selector, seen[threshold.selector])
        file, line = scenario_file.place_of(path)
        placed.append(replace(threshold, place=f"{file}:{line}"))
        seen[threshold.selector] += 1
    return tuple(placed)


def _with_thresholds(plan: TestPlan, overrides: Overrides) -> TestPlan:
    if overrides.no_thresholds:
        return replace(plan, thresholds=())
    thresholds: tuple[ThresholdPlan, ...] = (*plan.thresholds, *overrides.thresholds)
    return replace(plan, thresholds=thresholds)


def _warmed_up(
    scenarios: tuple[ScenarioPlan, ...], values: Mapping[str, Any], overrides: Overrides
) -> tuple[ScenarioPlan, ...]:
    """The scenarios with the warm-up that is given beside them, if one is.

    Raises:
        PlanError: if nothing is left of a scenario after it.
    """
    warm_ns = values.get("warmUp") if overrides.warm_up_ns is None else overrides.warm_up_ns
    if warm_ns is None:
        return scenarios
    warmed = tuple(replace(scenario, warm_up_ns=warm_ns) for scenario in scenarios)
    for scenario in warmed:
        endless = endless_warm_up(scenario)
        if endless:
            raise PlanError(endless)
    return warmed


def _http_options(values: Mapping[str, Any], overrides: Overrides) -> HttpOptions:
    options = HttpOptions(**select(HTTP, values))
    if overrides.trace_share is None:
        return options
    return replace(options, trace_share=overrides.trace_share)


def _refuse_idle_plan(scenarios: tuple[ScenarioPlan, ...]) -> None:
    for scenario in scenarios:
        executor = scenario.executor
        if executor_max_vus(executor) == 0:
            raise PlanError(f"scenario {scenario.name!r} never has a user: {ONE_ABOVE_ZERO}")
        if isinstance(executor, SharedIterations) and executor.iterations < executor.vus:
            raise PlanError(
                f"scenario {scenario.name!r} shares {executor.iterations} iterations among "
                f"{executor.vus} virtual users: ask for at least one iteration for each"
            )


def _scenario_name(name: str) -> str:
    """A file's name as a scenario's, which is a tag value and narrower."""
    return re.sub(r"[^0-9A-Za-z_-]", "-", name)


def _seed(given: int | None) -> int:
    return random.SystemRandom().getrandbits(SEED_BITS) if given is None else given
