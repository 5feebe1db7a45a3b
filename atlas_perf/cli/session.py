"""One `run` command from request to exit code: load everything, then run one after another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from atlas_perf.cli.baselines import baselines_of
from atlas_perf.cli.calibration import (
    DEFAULT_PAYLOAD_BYTES,
    DEFAULT_TIME_NS,
    CalibrationLoad,
    load_of_plan,
)
from atlas_perf.cli.child_server import ChildServer
from atlas_perf.cli.conduct import PreparedRun, carry_out
from atlas_perf.cli.cores import usable_cores
from atlas_perf.cli.embedded import asks_for_sockjs, contract_of, embedded_target
from atlas_perf.cli.environments import (
    TOKEN_VARIABLES,
    Environment,
    resolve_environment,
)
from atlas_perf.cli.live_view import live_view
from atlas_perf.cli.overall import overall_exit_code, overall_line
from atlas_perf.cli.preflight import refuse_hopeless
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.safety import refuse_unasked_production, under_limits
from atlas_perf.cli.safety_limits import limits_around
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import say, show
from atlas_perf.errors import AtlasPerfError, ExitCode, UsageError
from atlas_perf.judge.absent_phases import without_absent_phases
from atlas_perf.judge.thresholds import Judge
from atlas_perf.loader import (
    Overrides,
    ScenarioFile,
    build_plan,
    find_scenario,
    load_scenario_file,
    shipped_scenarios,
    unused_profile,
    with_defaults,
)
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.summary import Summary
from atlas_perf.outputs.registry import parse_output, refuse_same_file, writes_file
from atlas_perf.report.terminal_text import printable

PROCESSES_PER_CORE = 4
PROCESSES_ON_ANY_MACHINE = 64
"""More workers than this, and than four for each core, only get in each other's way."""


def run_request(request: RunRequest) -> ExitCode:
    """Load and validate every scenario first, so that the last one's typo costs no load.

    Raises:
        UsageError: a scenario, plan, variable or folder that cannot be used.
        RunInvalidError: the embedded target or the workers did not come up.
    """
    with StopSignals() as signals, ExitStack() as running:
        prepared = list(_prepare(request, running))
        live = running.enter_context(live_view(request.live))
        return _run_each([replace(one, live=live) for one in prepared], request, signals)


def _prepare(request: RunRequest, running: ExitStack) -> Iterator[PreparedRun]:
    refuse_impossible(request)
    files = [find_scenario(scenario) for scenario in request.scenarios]
    variables = {**os.environ, **request.env}
    started: ChildServer | None = None
    for scenario, file in zip(request.scenarios, files, strict=True):
        environment = environment_of(request, scenario)
        refuse_wrong_target(request, scenario, environment)
        embedded = environment.starts_target
        if embedded:
            started = started or running.enter_context(
                embedded_target(
                    request.seed,
                    contract_of(variables),
                    request.faults,
                    sockjs_framing=asks_for_sockjs(variables),
                )
            )
            environment = environment.at(started.url, request.faults)
        outputs = tuple(
            parse_output(text, interval_s=request.out_interval_s, variables=os.environ)
            for text in request.outputs
        )
        plan, warnings = make_plan(
            request,
            file,
            environment,
            own_target=embedded,
            keep_samples=any(output.wants_samples for output in outputs),
        )
        warnings += refuse_hopeless(plan, environment.base_url, ignored=request.ignore_preflight)
        target = started if embedded else None
        calibration = _calibration_of(plan, request)
        baselines = baselines_of(plan, request, shipped=scenario in shipped_scenarios())
        yield PreparedRun(plan, environment, outputs, warnings, target, calibration, baselines)


def refuse_impossible(request: RunRequest) -> None:
    """Raises UsageError for what no scenario could be run with."""
    _refuse_shared_outputs(request)
    refuse_too_many_processes(request)
    if "payload_bytes" not in request.sources or request.sources["payload_bytes"] == "--payload":
        # A default of the project waits for the run that is calibrated.
        refuse_payload_alone(request.payload_bytes, "--calibrate", given=request.calibrate)


def refuse_wrong_target(request: RunRequest, scenario: str, environment: Environment) -> None:
    """Raises UsageError for production without being told so, and for faults of another target."""
    refuse_unasked_production(
        request.environment,
        environment.base_url,
        {**os.environ, **request.env}.get("PRODUCTION_URL"),
        allowed=request.allow_production,
    )
    if request.faults and not environment.starts_target:
        raise UsageError(
            f"--fault is for the embedded target, and {scenario} runs against another one: "
            "add --environment embedded, or leave --fault out"
        )


def make_plan(
    request: RunRequest,
    file: Path,
    environment: Environment,
    *,
    own_target: bool,
    keep_samples: bool = False,
) -> tuple[TestPlan, tuple[str, ...]]:
    """The plan of one scenario as asked for, and what the user should know about it.

    Args:
        own_target: the environment is the embedded target.

    Raises:
        UsageError: the file, an option or a criterion cannot be used, or the project's safety
            limits forbid it.
    """
    overrides = overrides_of(request, environment, keep_samples=keep_samples)
    scenario_file = scenario_of(request, file, overrides.env)
    return plan_of(request, scenario_file, overrides, environment, own_target=own_target)


def plan_of(
    request: RunRequest,
    scenario_file: ScenarioFile,
    overrides: Overrides,
    environment: Environment,
    *,
    own_target: bool,
) -> tuple[TestPlan, tuple[str, ...]]:
    """`make_plan` of a file that has been read."""
    folder = Path(scenario_file.file).parent
    limits = limits_around([Path.cwd(), folder], os.environ, request.config)
    built = build_plan(scenario_file, overrides)
    plan, warnings = built.plan, built.warnings
    if request.option_defaults is not None and not overrides.kinds_of_load:
        warnings += unused_profile(scenario_file, request.option_defaults)
    if plan.processes > plan.max_vus:  # a worker without a virtual user is only in the way
        if request.processes is not None:
            warnings += (_fewer_processes(plan),)
        plan = replace(plan, processes=max(1, plan.max_vus))
    if overrides.kinds_of_load:
        plan, left_out = without_absent_phases(plan)
        warnings += left_out
    _refuse_wrong_thresholds(plan)
    plan = under_limits(plan, limits, environment.base_url, own_target=own_target)
    return plan, warnings


def scenario_of(request: RunRequest, file: Path, env: Mapping[str, str]) -> ScenarioFile:
    """A scenario file with the options that the project's configuration lends it."""
    scenario_file = load_scenario_file(file, env)
    if request.option_defaults is None:
        return scenario_file
    return with_defaults(scenario_file, request.option_defaults)


def _calibration_of(plan: TestPlan, request: RunRequest) -> CalibrationLoad | None:
    if not request.calibrate:
        return None
    return load_of_plan(plan, request.payload_bytes or DEFAULT_PAYLOAD_BYTES, DEFAULT_TIME_NS)


def refuse_payload_alone(payload_bytes: int | None, option: str, *, given: bool) -> None:
    """--payload says how large the null server's answers are, and means nothing without one."""
    if payload_bytes is not None and not given:
        raise UsageError(f"--payload is the size of the null server's answers: add {option}")


def _run_each(
    prepared: Sequence[PreparedRun], request: RunRequest, signals: StopSignals
) -> ExitCode:
    summaries: list[Summary] = []
    for run in prepared:
        later = [one.plan.name for one in prepared[len(summaries) :]]
        if summaries and (signals.came or ExitCode.INTERRUPTED in _exit_codes(summaries)):
            say(f"interrupted: not run: {', '.join(later)}")
            show("\n" + printable(overall_line(summaries, later)))
            return ExitCode.INTERRUPTED
        try:
            summaries.append(carry_out(run, request.results_dir, signals, quiet=request.quiet))
        except AtlasPerfError:
            if len(prepared) > 1:  # the error itself is told, and counts, where it ends up
                show("\n" + printable(overall_line(summaries, later[1:], broken=later[0])))
            raise
    if len(prepared) > 1:
        show("\n" + printable(overall_line(summaries, ())))
    return overall_exit_code(_exit_codes(summaries))


def _exit_codes(summaries: Sequence[Summary]) -> list[ExitCode]:
    return [summary.exit_code for summary in summaries]


def environment_of(request: RunRequest, scenario: str) -> Environment:
    """Where a scenario's load goes, as far as it is known before a target is started."""
    variables = {**os.environ, **request.env}
    shipped = scenario in shipped_scenarios()
    return resolve_environment(request.environment, variables, shipped=shipped)


def overrides_of(
    request: RunRequest, environment: Environment, *, keep_samples: bool = False
) -> Overrides:
    """What a request asks for over what its scenarios say."""
    return Overrides(
        vus=request.vus,
        duration_ns=request.duration_ns,
        iterations=request.iterations,
        rate=request.rate,
        stages=request.stages or None,
        stages_from="--profile" if "profile" in request.sources else "--stage",
        warm_up_ns=request.warm_up_ns,
        thresholds=request.thresholds,
        no_thresholds=request.no_thresholds,
        tags=request.tags,
        default_tags=request.default_tags,
        env=_scenario_env(request, environment, os.environ),
        duration_scale=request.duration_scale,
        vus_scale=request.vus_scale,
        seed=request.seed,
        trace_share=request.trace_share,
        processes=request.processes or usable_cores(),
        keep_samples=keep_samples,
    )


def _scenario_env(
    request: RunRequest, environment: Environment, process: Mapping[str, str]
) -> dict[str, str]:
    """What the plan holds and every report shows: the URLs, the tokens and each `-e`.

    A scenario reads the other variables of the process behind these; they are not copied, so that
    a plan says nothing of a machine but what was asked for.
    """
    tokens = {name: process[name] for name in TOKEN_VARIABLES if process.get(name)}
    return {**tokens, **request.env, **environment.variables()}


def _refuse_wrong_thresholds(plan: TestPlan) -> None:
    Judge(plan, plan.all_metrics)


def _refuse_shared_outputs(request: RunRequest) -> None:
    refuse_same_file(request.outputs)
    files = [output for output in request.outputs if writes_file(output)]
    if len(request.scenarios) > 1 and files:
        raise UsageError(
            f"--out {files[0]} would be overwritten by each of "
            f"{len(request.scenarios)} scenarios: run them in commands of their own"
        )


def refuse_too_many_processes(request: RunRequest) -> None:
    most = max(PROCESSES_ON_ANY_MACHINE, PROCESSES_PER_CORE * usable_cores())
    if request.processes is not None and request.processes > most:
        raise UsageError(
            f"--processes {request.processes} is more than this machine can use: ask for at most "
            f"{most}, or leave the choice to 'auto'"
        )


def _fewer_processes(plan: TestPlan) -> str:
    users = f"{plan.max_vus} virtual user{'' if plan.max_vus == 1 else 's'}"
    return f"--processes {plan.processes} is more than {users} can fill: {plan.max_vus} start"
