"""Samples are of the phase in which their iteration began, and a new phase changes no load."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from iteration_log import MS, S
from virtual_time import LoopAlarm, clock, run_in_virtual_time

from atlas_perf import Counter
from atlas_perf.model.batch import Ledger
from atlas_perf.model.phase import LoadPhase, PhaseSpan
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    RampingVUs,
    ScenarioPlan,
    Stage,
    WhenBusy,
)
from atlas_perf.schedule.phases import phase_spans
from atlas_perf.testing import FakeVirtualUser, fake_virtual_user
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.executors.choose import executor_for
from atlas_perf.worker.iteration import IterationRunner

T0_NS = 2 * S
WARM_THEN_STEADY = (
    PhaseSpan(LoadPhase.WARM_UP, 0, 3 * S),
    PhaseSpan(LoadPhase.STEADY, 3 * S, 9 * S),
)
CLICKS = Counter("clicks")


def runner(vu: FakeVirtualUser, function, phases: Sequence[PhaseSpan]) -> IterationRunner:
    made = IterationRunner(
        "shop",
        function,
        recorder=vu._list,
        exceptions=ExceptionLog(__file__),
        tags=(("scenario", "shop"),),
        phases=phases,
        clock=clock,
    )
    made.begin_at(T0_NS)
    return made


def phases_of(vu: FakeVirtualUser, metric: str) -> list[str | None]:
    return [one.tags.get("phase") for one in vu.recorded if one.metric == metric]


def test_an_iteration_is_of_the_phase_that_it_begins_in_however_long_it_takes():
    async def default(vu, data):
        CLICKS.add(1)
        await asyncio.sleep(2)
        vu.check(True, {"ok": True})

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default, WARM_THEN_STEADY)
            await asyncio.sleep(T0_NS / S)
            for _ in range(3):  # at 0, 2 and 4 s of the run: the second ends at 4 s
                await run.run(vu)
            assert phases_of(vu, "iterations") == ["warm-up", "warm-up", "steady"]
            assert phases_of(vu, "iteration_duration") == ["warm-up", "warm-up", "steady"]
            assert phases_of(vu, "clicks") == ["warm-up", "warm-up", "steady"]
            assert phases_of(vu, "checks") == ["warm-up", "warm-up", "steady"]

    run_in_virtual_time(main())


@pytest.mark.parametrize(
    ("at_s", "phase"),
    [
        (0, "warm-up"),
        (2.999, "warm-up"),
        (3, "steady"),
        (8.9, "steady"),
        (9, "steady"),
        (99, "steady"),
    ],
)
def test_a_phase_begins_at_its_instant_and_the_last_one_has_no_end(at_s: float, phase: str):
    async def default(vu, data):
        pass

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default, WARM_THEN_STEADY)
            await asyncio.sleep(T0_NS / S + at_s)
            await run.run(vu)
            await run.run(vu)
            assert phases_of(vu, "iterations") == [phase, phase]

    run_in_virtual_time(main())


def test_users_in_different_phases_at_one_time_do_not_disturb_each_other():
    async def default(vu, data):
        await asyncio.sleep(vu.data)
        CLICKS.add(1)

    async def main() -> None:
        with fake_virtual_user(data=5) as slow, fake_virtual_user(data=1) as quick:
            run = runner(quick, default, WARM_THEN_STEADY)
            await asyncio.sleep(T0_NS / S)
            under_way = asyncio.create_task(run.run(slow))
            for _ in range(4):
                await run.run(quick)
            await under_way
            assert phases_of(slow, "clicks") == ["warm-up"]
            assert phases_of(quick, "clicks") == ["warm-up"] * 3 + ["steady"]

    run_in_virtual_time(main())


def test_no_tag_of_a_scenario_replaces_the_phase():
    async def default(vu, data):
        vu.tags["phase"] = "mine"
        CLICKS.add(1, tags={"phase": "mine"})
        vu.check(True, {"ok": True}, tags={"phase": "mine", "page": "cart"})
        with vu.group("checkout"):
            CLICKS.add(1)

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default, WARM_THEN_STEADY)
            await asyncio.sleep(T0_NS / S)
            await run.run(vu)
            assert {one.tags.get("phase") for one in vu.recorded} == {"warm-up"}
            (check,) = (one for one in vu.recorded if one.metric == "checks")
            assert check.tags["page"] == "cart"

    run_in_virtual_time(main())


def test_where_a_plan_has_one_phase_the_tag_is_the_scenarios_own():
    async def default(vu, data):
        vu.tags["phase"] = "mine"
        CLICKS.add(1)

    async def main() -> None:
        with fake_virtual_user() as vu:
            await runner(vu, default, ()).run(vu)
            assert phases_of(vu, "clicks") == ["mine"]

    run_in_virtual_time(main())


def test_an_arrival_is_of_the_phase_in_which_it_was_due():
    async def default(vu, data):
        CLICKS.add(1)

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default, WARM_THEN_STEADY)
            run.schedule(4)
            await asyncio.sleep(T0_NS / S + 3.5)
            for late_s in (1, 0.5, 0.4):  # due at 2.5, 3 and 3.1 s
                run.arrived(vu, round(late_s * S), 0, clock())
                await run.run(vu)
            await run.run(vu)  # and what is not due begins when it begins
            assert phases_of(vu, "clicks") == ["warm-up", "steady", "steady", "steady"]
            assert phases_of(vu, "iteration_lag") == ["warm-up", "steady", "steady"]
            assert phases_of(vu, "dropped_iterations") == ["warm-up", "steady"]

    run_in_virtual_time(main())


def test_iterations_that_never_start_are_of_the_phase_in_which_they_were_due():
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(0), WARM_THEN_STEADY)
            await asyncio.sleep(T0_NS / S + 4)
            run.drop(2, T0_NS + 1 * S)
            run.drop(3, T0_NS + 3 * S)
            run.drop(4)
            assert phases_of(vu, "dropped_iterations") == ["warm-up", "steady", "steady"]
            assert run.ledger == Ledger(scheduled=9, dropped=9)

    run_in_virtual_time(main())


LOADS = [
    ConstantVUs(2, 8 * S),
    RampingVUs(0, (Stage(2 * S, 2), Stage(4 * S, 2), Stage(2 * S, 0))),
    ConstantArrivalRate(3, 8 * S, 1, 3, when_busy=WhenBusy.QUEUE),
]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: type(load).__name__)
def test_a_new_phase_neither_drains_the_load_nor_adds_to_it(load: Executor):
    """Iterations of 0.7 s begin at the same instants with phases and without, also across 3 s."""

    def begun_ms(scenario: ScenarioPlan, *, phased: bool) -> list[tuple[int, float, str | None]]:
        begun: list[tuple[int, float, str | None]] = []

        async def default(vu, data):
            phase = dict(vu.sample_tags()).get("phase")
            begun.append((data, (clock() - T0_NS) / MS, phase))
            await asyncio.sleep(0.7)

        async def main() -> None:
            with (
                fake_virtual_user(data=0) as one,
                fake_virtual_user(data=1) as two,
                fake_virtual_user(data=2) as three,
            ):
                run = runner(one, default, phase_spans(scenario) if phased else ())
                users = [one, two, three] if "Arrival" in type(load).__name__ else [one, two]
                executor = executor_for(
                    scenario, users, run, worker=0, workers=1, clock=clock, alarm=LoopAlarm
                )
                await executor.run(T0_NS)
                assert run.ledger.balanced

        run_in_virtual_time(main())
        return begun

    plain = begun_ms(ScenarioPlan("shop", load), phased=False)
    phased = begun_ms(ScenarioPlan("shop", load, warm_up_ns=3 * S), phased=True)
    assert [one[:2] for one in phased] == [one[:2] for one in plain]
    assert len(plain) > 8
    for _, at_ms, phase in phased:
        assert (phase == "warm-up") == (at_ms < 3000), (at_ms, phase)


def test_an_arrival_that_never_began_is_of_the_phase_that_it_was_due_in():
    async def nothing(vu, data):
        """Not called: nothing begins."""

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, nothing, WARM_THEN_STEADY)
            run.arrived(vu, 0, 0, T0_NS)
            vu.http.late_ns = 0  # as after a request
            run.never_begun([8 * S, 2 * S], T0_NS + 9 * S)
            assert phases_of(vu, "http_req_response_time") == ["warm-up", "steady"]

    run_in_virtual_time(main())


def test_an_arrival_that_waited_in_vain_is_dropped_in_the_phase_that_it_was_due_in():
    """One user is busy for good: of eight arrivals that wait, two were due in the warm-up."""
    scenario = ScenarioPlan(
        "shop",
        ConstantArrivalRate(1, 9 * S, pre_allocated_vus=1, max_vus=1, when_busy=WhenBusy.QUEUE),
        graceful_stop_ns=S,
        warm_up_ns=3 * S,
    )

    async def for_ever(vu, data):
        await asyncio.sleep(1000)

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, for_ever, phase_spans(scenario))
            executor = executor_for(
                scenario, [vu], run, worker=0, workers=1, clock=clock, alarm=LoopAlarm
            )
            await executor.run(T0_NS)
            assert run.ledger.dropped == 8
            assert phases_of(vu, "dropped_iterations") == ["warm-up"] * 2 + ["steady"] * 6

    run_in_virtual_time(main())
