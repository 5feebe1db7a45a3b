"""A `find-capacity` command as asked for, and the plan of each of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.request import RunRequest
from atlas_perf.errors import UsageError
from atlas_perf.judge.capacity_search import SearchPlan
from atlas_perf.judge.slo import with_slo
from atlas_perf.model.capacity import LoadModel
from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    Spacing,
    TestPlan,
    ThresholdPlan,
    WhenBusy,
)
from atlas_perf.units import NS_PER_S

DEFAULT_FIRST = {LoadModel.RATE: 10, LoadModel.VUS: 1}
DEFAULT_LAST = {LoadModel.RATE: 10_000, LoadModel.VUS: 1_000}

SECONDS_OF_USERS = 4
"""Users for so many seconds' arrivals: with all of them busy, every request took far too long."""

MOST_DEFAULT_USERS = 10_000

BEFORE_THE_END_NS = 2 * NS_PER_S
"""Of the graceful stop: measurements come once a second."""

BESIDE_EACH_STEP_NS = 5 * NS_PER_S
"""Allowance for starting and ending the workers of one step."""


@dataclass(frozen=True, slots=True)
class CapacityRequest:
    """Names follow the options; None means that the option was not given."""

    scenario: str
    slo: tuple[ThresholdPlan, ...]  # an empty selector means the latency of requests
    environment: EnvironmentName | None
    env: Mapping[str, str]
    rate_from: int | None = None
    rate_to: int | None = None
    vus_from: int | None = None
    vus_to: int | None = None
    max_vus: int | None = None
    spacing: Spacing = Spacing.UNIFORM
    warm_up_ns: int = 5 * NS_PER_S
    hold_ns: int = 15 * NS_PER_S
    rest_ns: int = 5 * NS_PER_S
    precision: float = 0.05
    repeats: int = 2
    processes: int | None = None
    seed: int | None = None
    results_dir: Path = Path("results")
    ignore_preflight: bool = False
    allow_production: bool = False
    quiet: bool = False

    @property
    def model(self) -> LoadModel:
        closed = self.vus_from is not None or self.vus_to is not None
        return LoadModel.VUS if closed else LoadModel.RATE

    @property
    def step_ns(self) -> int:
        return self.warm_up_ns + self.hold_ns

    @property
    def graceful_stop_ns(self) -> int:
        """How long a step waits for what it began: arrivals that wait for a user included."""
        return min(30 * NS_PER_S, max(5 * NS_PER_S, self.hold_ns))

    def search(self) -> SearchPlan:
        """Which levels the search may try.

        Raises:
            UsageError: for levels of both models or from more to less, and for times that no
                step can be measured in.
        """
        for flag, length_ns in (("--hold", self.hold_ns), ("--warm-up", self.warm_up_ns)):
            if length_ns % NS_PER_S:
                raise UsageError(f"{flag} must be whole seconds, such as 5s")
        if self.model is LoadModel.VUS and (self.rate_from or self.rate_to):
            raise UsageError(
                "--rate-from and --rate-to are of arrivals, --vus-from and --vus-to of users who "
                "iterate: give the ones or the others"
            )
        if self.model is LoadModel.VUS and self.max_vus is not None:
            raise UsageError("--max-vus is of arrival rates: --vus-to says how many users to try")
        rate = self.model is LoadModel.RATE
        first = (self.rate_from if rate else self.vus_from) or DEFAULT_FIRST[self.model]
        last = (self.rate_to if rate else self.vus_to) or max(first, DEFAULT_LAST[self.model])
        if last < first:
            name = self.model.value
            raise UsageError(f"--{name}-to {last} is below --{name}-from {first}")
        return SearchPlan(first, last, self.precision, self.repeats)

    def longest_ns(self, search: SearchPlan) -> int:
        """How long the search takes at the most, setup and teardown aside."""
        each_ns = self.step_ns + self.graceful_stop_ns + self.rest_ns + BESIDE_EACH_STEP_NS
        return search.most_steps * each_ns

    def users(self, level: int) -> int:
        """Virtual users there may be in a step."""
        if self.model is LoadModel.VUS:
            return level
        return self.max_vus or max(10, min(SECONDS_OF_USERS * level, MOST_DEFAULT_USERS))

    def criteria(self) -> tuple[ThresholdPlan, ...]:
        """The SLO with its metric, in a form that ends what would not come to an end.

        Where a target has not worked off a step shortly before its graceful stop is over and an
        SLO is broken, that is why, and arrivals that never began are no fault of the generator's.
        """
        latency = HTTP_RESPONSE_TIME if self.model is LoadModel.RATE else "http_req_duration"
        return tuple(
            replace(
                one,
                selector=one.selector or latency,
                abort_on_fail=True,
                delay_abort_eval_ns=self.step_ns + self.graceful_stop_ns - BEFORE_THE_END_NS,
            )
            for one in self.slo
        )

    def base_request(self, search: SearchPlan) -> RunRequest:
        """The `run` command that all steps have in common, at the highest level there may be:
        limits that forbid that one are to refuse the search, and not its last steps."""
        return RunRequest(
            scenarios=(self.scenario,),
            environment=self.environment,
            env=self.env,
            processes=self.processes,
            vus=self.users(search.last),
            rate=search.last if self.model is LoadModel.RATE else None,
            duration_ns=self.step_ns,
            warm_up_ns=self.warm_up_ns,
            no_thresholds=True,
            seed=self.seed,
            ignore_preflight=self.ignore_preflight,
            allow_production=self.allow_production,
        )

    def step_plan(self, base: TestPlan, level: int, number: int) -> TestPlan:
        """The plan of one step; `number` counts steps from 0, and no two ask the same things.

        A request that takes longer than a step is measured for has failed: of a target that never
        answers, that is all there is to see.
        """
        http = replace(base.http, timeout_ns=min(base.http.timeout_ns, self.hold_ns))
        scenario = replace(
            base.scenarios[0],
            executor=self._executor(level),
            graceful_stop_ns=self.graceful_stop_ns,
        )
        plan = replace(
            base,
            scenarios=(scenario,),
            http=http,
            exclude_warm_up=True,
            processes=min(base.processes, self.users(level)),
            seed=base.seed + number,
        )
        return with_slo(plan, self.criteria())

    def _executor(self, level: int) -> Executor:
        if self.model is LoadModel.VUS:
            return ConstantVUs(level, self.step_ns)
        users = self.users(level)
        return ConstantArrivalRate(
            level,
            self.step_ns,
            pre_allocated_vus=min(level, users),
            max_vus=users,
            spacing=self.spacing,
            when_busy=WhenBusy.QUEUE,  # dropped, an arrival would be missing among the latencies
        )
