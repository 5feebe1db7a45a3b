"""This worker's share of the plan: its virtual users, and the executors that drive them."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from atlas_perf.clock import now_ns
from atlas_perf.errors import ScenarioError
from atlas_perf.loader.scenario_file import ScenarioFile
from atlas_perf.model.batch import Ledger, ScenarioException
from atlas_perf.model.metric import BUILTIN_METRICS, FORGOTTEN_AWAITS
from atlas_perf.model.plan import ScenarioPlan, TestPlan, executor_max_vus
from atlas_perf.model.series import tags_of
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.protocols.http.resolver import shared_resolver
from atlas_perf.protocols.ws.ws_client import WsClient
from atlas_perf.protocols.ws.ws_setup import WsSetup
from atlas_perf.schedule.phases import phase_spans, tells_phases
from atlas_perf.schedule.shares import vu_ids
from atlas_perf.scripting.environment import env
from atlas_perf.wire.plain_data import decode_plain
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.executors.base import Executor
from atlas_perf.worker.executors.choose import executor_for
from atlas_perf.worker.feeding import ended_by_its_feeds
from atlas_perf.worker.iteration import IterationRunner
from atlas_perf.worker.missing_base import MissingBase
from atlas_perf.worker.recorder import Recorder
from atlas_perf.worker.stray_errors import StrayErrors
from atlas_perf.worker.user_samples import RememberedSeries
from atlas_perf.worker.virtual_user import VirtualUser

BASE_URL = "BASE_URL"
"""The variable that relative URLs are completed with."""

WS_URL = "WS_URL"
"""The same for WebSockets, which take BASE_URL where it is not set."""


class Load:
    """Everything that generates load on this worker, from arming to the last iteration."""

    def __init__(
        self,
        plan: TestPlan,
        scenario_file: ScenarioFile,
        recorder: Recorder,
        *,
        worker: int,
        workers: int,
        refuse: Callable[[ScenarioError], None],
        samples: RequestSamples | None = None,
    ) -> None:
        """`samples` is offered every request.

        `refuse` is told, once, if the scenario turns out to be one that cannot be run so.
        """
        self._plan = plan
        # Else the first connection of every worker would go to the same address.
        shared_resolver(plan.http.dns).begin_at(worker)
        self._exceptions = ExceptionLog(scenario_file.file)
        missing = MissingBase(self._exceptions, scenario_file.file, refuse)
        self.stray_errors = StrayErrors(
            self._exceptions,
            scenario_file.file,
            _function_lines(plan, scenario_file),
            on_forgotten=self._count_forgotten,
            may_be_cut_short=lambda: any(one.ledger.failed for one in self._runners.values()),
        )
        self._recorder = recorder
        self._forgotten_before: list[str] = []  # in setup, by scenario: nothing counts yet
        self._has_begun = False
        self._runners: dict[str, IterationRunner] = {}
        self._executors: list[Executor] = []
        self._users: list[VirtualUser] = []
        series = RememberedSeries(recorder)
        first_id = 1
        for scenario in plan.scenarios:
            total = executor_max_vus(scenario.executor)
            ids = [first_id + k for k in vu_ids(worker, workers, total)]
            first_id += total
            users = self._users_of(scenario, ids, series, missing, samples)
            runner = self._runner(scenario, scenario_file)
            self._runners[scenario.name] = runner
            self._users.extend(users)
            self._executors.append(
                executor_for(
                    scenario, users, runner, worker=worker, workers=workers, seed=plan.seed
                )
            )

    def _users_of(
        self,
        scenario: ScenarioPlan,
        ids: Sequence[int],
        series: RememberedSeries,
        missing: MissingBase,
        samples: RequestSamples | None,
    ) -> list[VirtualUser]:
        variables = variables_of(scenario.env)
        setup = client_setup(self._plan, self._recorder, variables, missing, samples)
        ws_setup = websocket_setup(setup, self._plan, variables, missing)
        tags = self._base_tags(scenario)
        return [
            virtual_user(
                self._plan,
                series,
                setup,
                ws_setup,
                id=number,
                scenario=scenario.name,
                tags=tags,
                variables=variables,
            )
            for number in ids
        ]

    def _runner(self, scenario: ScenarioPlan, file: ScenarioFile) -> IterationRunner:
        function = file.call_default(scenario.exec)
        return IterationRunner(
            scenario.name,
            ended_by_its_feeds(function) if self._plan.feeds else function,
            recorder=self._recorder,
            exceptions=self._exceptions,
            tags=tags_of(self._base_tags(scenario)),
            min_duration_ns=self._plan.min_iteration_duration_ns,
            phases=phase_spans(scenario) if tells_phases(self._plan) else (),
        )

    def _base_tags(self, scenario: ScenarioPlan) -> dict[str, str]:
        """Of all samples of a scenario's users, the later ones winning."""
        return {**self._plan.tags, **scenario.tags, "scenario": scenario.name}

    @property
    def active_users(self) -> int:
        return sum(executor.active_users for executor in self._executors)

    @property
    def peak_users(self) -> int:
        return sum(executor.peak_users for executor in self._executors)

    @property
    def max_users(self) -> int:
        return len(self._users)

    def _count_forgotten(self, scenario: str) -> None:
        if not self._has_begun:
            self._forgotten_before.append(scenario)
            return
        tags = tags_of({**self._plan.tags, "scenario": scenario})
        number = self._recorder.series(BUILTIN_METRICS[FORGOTTEN_AWAITS], tags)
        self._recorder.add(number, 1, now_ns())

    def requests_under_way(self) -> int:
        """HTTP requests that hold a connection now. Looks at every user."""
        return sum(user.http.requests_under_way for user in self._users)

    @property
    def last_end_ns(self) -> int | None:
        """When an iteration ended last, on the run's clock; None if none has."""
        ends = [runner.last_end_ns for runner in self._runners.values()]
        return max((end for end in ends if end is not None), default=None)

    def ledgers(self) -> Mapping[str, Ledger]:
        """Where every iteration went, by scenario."""
        return {name: runner.ledger for name, runner in self._runners.items()}

    def exceptions(self) -> tuple[ScenarioException, ...]:
        return self._exceptions.snapshot()

    def give_data(self, packed: bytes) -> None:
        """Hand setup's return value to every user, a copy each: none can change another's."""
        for user in self._users:
            user.data = decode_plain(packed)

    async def run(self, t0_ns: int) -> None:
        """Offer the load; return when the last iteration has ended and connections are closed."""
        for runner in self._runners.values():
            runner.begin_at(t0_ns)
        self._has_begun = True
        for scenario in self._forgotten_before:
            self._count_forgotten(scenario)
        async with asyncio.TaskGroup() as tasks:
            for executor in self._executors:
                tasks.create_task(executor.run(t0_ns))

    def stop(self, *, graceful: bool) -> None:
        """Begin no more iterations; see `Executor.stop`."""
        for executor in self._executors:
            executor.stop(graceful=graceful)

    async def close(self) -> None:
        """Close every user's connections."""
        await asyncio.gather(*(user.close() for user in self._users))


def variables_of(scenario_env: Mapping[str, str]) -> Mapping[str, str]:
    """What `vu.env` is, for all users: the scenario's own variables before those of the run."""
    own = MappingProxyType(dict(scenario_env))
    return ChainMap(own, env) if scenario_env else env  # type: ignore[arg-type]


def client_setup(
    plan: TestPlan,
    recorder: Recorder,
    variables: Mapping[str, str],
    missing: MissingBase | None = None,
    samples: RequestSamples | None = None,
) -> ClientSetup:
    """What the HTTP clients of one scenario share; `missing` is told if a base URL is.

    `samples` is offered their requests, to be told of by themselves.
    """
    return ClientSetup(
        options=plan.http,
        recorder=recorder,
        base_url=variables.get(BASE_URL) or None,
        phased=tells_phases(plan),
        on_no_base=None if missing is None else missing.of_http,
        samples=samples,
    )


def websocket_setup(
    http: ClientSetup,
    plan: TestPlan,
    variables: Mapping[str, str],
    missing: MissingBase | None = None,
) -> WsSetup:
    """What the WebSocket clients of one scenario share."""
    base_url = variables.get(WS_URL) or variables.get(BASE_URL) or None
    on_no_base = None if missing is None else missing.of_websockets
    return WsSetup(http, base_url, phased=tells_phases(plan), on_no_base=on_no_base)


def virtual_user(
    plan: TestPlan,
    series: RememberedSeries,
    setup: ClientSetup,
    ws_setup: WsSetup,
    *,
    id: int,
    scenario: str,
    tags: dict[str, str],
    variables: Mapping[str, str],
) -> VirtualUser:
    """A virtual user as the plan describes it, with an HTTP client of its own."""
    return VirtualUser(
        id=id,
        scenario=scenario,
        seed=plan.seed,
        env=variables,
        base_tags=tags,
        series=series,
        connect=partial(HttpClient, setup),
        connect_ws=partial(WsClient, ws_setup, seed=f"{plan.seed}/{scenario}/{id}/ws"),
    )


def _function_lines(plan: TestPlan, file: ScenarioFile) -> Mapping[str, int]:
    """Where the function of each scenario begins, and where setup and teardown do."""
    functions = {scenario.name: scenario.exec for scenario in plan.scenarios}
    functions |= {"setup": "setup", "teardown": "teardown"}
    return {name: file.lines.of_name(function) or 0 for name, function in functions.items()}
