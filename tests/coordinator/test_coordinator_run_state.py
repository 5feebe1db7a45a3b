"""The run's state machine, driven by tables of events; its invariants hold after every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.coordinator.events import (
    BeginLoad,
    Event,
    Instruction,
    Kill,
    LoadEnded,
    SetLimit,
    SetupBroke,
    SetupDone,
    StopAsked,
    TeardownDone,
    Tell,
    ThresholdBreached,
    TimeIsUp,
    WorkerArmed,
    WorkerCrashed,
    WorkerLost,
    WorkerReady,
    WorkerRefused,
)
from atlas_perf.coordinator.run_state import (
    ANSWER_MARGIN_NS,
    HARD_STOP_LIMIT_NS,
    RunState,
    WorkerState,
)
from atlas_perf.errors import InternalError, RunInvalidError, ScenarioError, SetupError
from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.progress import RunPhase
from atlas_perf.wire.control import Arm, Prepare, RunSetup, RunTeardown, StopLoad

PLAN = TestPlan(
    name="shop",
    file="shop.py",
    file_sha256="0" * 64,
    scenarios=(
        ScenarioPlan("short", ConstantVUs(2, 10 * 10**9), graceful_stop_ns=3 * 10**9),
        ScenarioPlan("long", ConstantVUs(2, 60 * 10**9), graceful_stop_ns=7 * 10**9),
    ),
    processes=3,
    setup_timeout_ns=5 * 10**9,
    teardown_timeout_ns=6 * 10**9,
)

READY = [WorkerReady(worker) for worker in range(3)]
SET_UP = [*READY, SetupDone(b"data")]
RUNNING = [*SET_UP, *(WorkerArmed(worker) for worker in range(3))]
ENDED = [LoadEnded(worker) for worker in range(3)]
FAILURE = ScenarioException("teardown", "KeyError", "'x'", "shop.py", 9, 1, "")
PHASES = list(RunPhase)


class Driven:
    """A machine that has taken in events, checked after each."""

    def __init__(self, events: Sequence[Event] = (), plan: TestPlan = PLAN) -> None:
        self.state = RunState(plan)
        self.instructions: list[Instruction] = list(self.state.begin())
        for event in events:
            self.take(event)

    def take(self, event: Event) -> tuple[Instruction, ...]:
        before = self.state.phase
        given = self.state.handle(event)
        self.instructions.extend(given)
        self.check(before, given)
        return given

    def check(self, before: RunPhase, given: Sequence[Instruction]) -> None:
        state = self.state
        assert PHASES.index(before) <= PHASES.index(state.phase)
        told = [one.message for one in self.instructions if isinstance(one, Tell)]
        begun = [one for one in self.instructions if isinstance(one, BeginLoad)]
        assert len(begun) == state.load_begun <= 1
        assert sum(isinstance(message, RunTeardown) for message in told) <= 1
        assert sum(isinstance(message, RunSetup) for message in told) <= 1
        if any(isinstance(message, StopLoad) for message in told):
            assert begun
        assert set(state.lost) == {
            worker for worker, kind in state.workers.items() if kind is WorkerState.LOST
        }
        if state.phase is not RunPhase.RUNNING and state.phase is not RunPhase.STOPPING:
            assert not state.at_work
        for one in given:
            if isinstance(one, Tell):
                assert set(one.workers) <= set(state.living)
        limits = [one.duration_ns for one in self.instructions if isinstance(one, SetLimit)]
        # A phase that waits for an answer always has a limit.
        assert (limits[-1] is None) == (state.phase is RunPhase.FINISHED)


def test_the_way_of_a_run_without_trouble():
    run = Driven()
    assert run.instructions[:3] == [Tell((w,), Prepare(PLAN, w, 3)) for w in range(3)]
    assert run.take(WorkerReady(1)) == ()
    assert run.take(WorkerReady(0)) == ()
    assert run.take(WorkerReady(2)) == (
        Tell((0,), RunSetup()),
        SetLimit(PLAN.setup_timeout_ns + ANSWER_MARGIN_NS),
    )
    assert run.take(SetupDone(b"data"))[0] == Tell((0, 1, 2), Arm(b"data"))
    assert run.take(WorkerArmed(2)) == run.take(WorkerArmed(0)) == ()
    assert run.state.phase is RunPhase.SETUP
    assert run.take(WorkerArmed(1)) == (
        BeginLoad((0, 1, 2)),
        SetLimit(60 * 10**9 + 7 * 10**9 + ANSWER_MARGIN_NS),
    )
    assert run.state.phase is RunPhase.RUNNING
    assert run.take(LoadEnded(1)) == run.take(LoadEnded(2)) == ()
    assert run.take(LoadEnded(0)) == (
        Tell((0,), RunTeardown()),
        SetLimit(PLAN.teardown_timeout_ns + ANSWER_MARGIN_NS),
    )
    assert not run.state.in_order
    assert run.take(TeardownDone(None)) == (SetLimit(None),)
    assert run.state.phase is RunPhase.FINISHED
    assert run.state.in_order
    assert (run.state.error, run.state.lost, run.state.interrupted) == (None, {}, False)


@pytest.mark.parametrize(
    ("events", "error", "words"),
    [
        ([WorkerRefused(1, "there is no `default`", "shop.py", 3)], ScenarioError, "shop.py:3"),
        ([READY[0], WorkerLost(1, "it was killed by SIGKILL")], RunInvalidError, "SIGKILL"),
        ([READY[0], TimeIsUp()], RunInvalidError, "worker 1, 2 did not load"),
        ([WorkerCrashed(2, "Traceback …")], InternalError, "Traceback …"),
        ([*READY, SetupBroke("setup raised X", "a.py", 7)], SetupError, "a.py:7: setup raised X"),
        ([*READY, TimeIsUp()], SetupError, "within its limit of 5s"),
        ([*SET_UP, TimeIsUp()], RunInvalidError, "did not take over"),
        ([*READY, WorkerLost(2, "it exited with code 1")], RunInvalidError, "worker 2 ended"),
        ([*RUNNING, WorkerCrashed(0, "Traceback …")], InternalError, "worker 0 met a bug"),
        ([*RUNNING, *ENDED, WorkerCrashed(0, "Traceback …")], InternalError, "bug"),
    ],
)
def test_errors_end_the_run_without_a_summary(events, error, words):
    run = Driven(events)
    assert run.state.phase is RunPhase.FINISHED
    assert type(run.state.error) is error
    assert words in str(run.state.error)
    assert not run.state.in_order


def test_a_lost_worker_stops_the_others_and_teardown_runs_on_a_living_one():
    run = Driven(RUNNING)
    assert run.take(WorkerLost(0, "it was killed by SIGKILL")) == (
        Tell((1, 2), StopLoad(graceful=True)),
        SetLimit(7 * 10**9 + ANSWER_MARGIN_NS),
    )
    assert run.state.phase is RunPhase.STOPPING
    assert run.state.lost == {0: "it was killed by SIGKILL"}
    run.take(LoadEnded(2))
    assert run.take(LoadEnded(1))[0] == Tell((1,), RunTeardown())


def test_all_workers_lost_end_the_run():
    run = Driven([*RUNNING, *(WorkerLost(worker, "gone") for worker in range(3))])
    assert run.state.phase is RunPhase.FINISHED
    assert set(run.state.lost) == {0, 1, 2}
    assert run.state.error is None
    assert run.state.teardown_skipped is not None


def test_the_only_worker_lost_ends_the_run():
    plan = replace(PLAN, processes=1)
    run = Driven([WorkerReady(0), SetupDone(b""), WorkerArmed(0), WorkerLost(0, "gone")], plan)
    assert run.state.phase is RunPhase.FINISHED
    assert run.state.lost == {0: "gone"}


def test_a_worker_that_dies_after_its_last_batch_takes_nothing_with_it():
    run = Driven([*RUNNING, LoadEnded(0), WorkerLost(0, "gone")])
    assert run.state.phase is RunPhase.RUNNING
    assert run.state.lost == {}
    run.take(LoadEnded(1))
    assert run.take(LoadEnded(2))[0] == Tell((1,), RunTeardown())


class TestInterrupts:
    def test_the_first_stops_gracefully_and_teardown_runs(self):
        run = Driven(RUNNING)
        assert run.take(StopAsked())[0] == Tell((0, 1, 2), StopLoad(graceful=True))
        for event in [*ENDED, TeardownDone(None)]:
            run.take(event)
        assert run.state.interrupted
        assert run.state.in_order
        assert run.state.teardown_skipped is None

    def test_the_second_stops_at_once_and_skips_teardown(self):
        run = Driven([*RUNNING, StopAsked(), LoadEnded(1)])
        assert run.take(StopAsked()) == (
            Tell((0, 2), StopLoad(graceful=False)),
            SetLimit(HARD_STOP_LIMIT_NS),
        )
        run.take(LoadEnded(0))
        assert run.take(LoadEnded(2)) == (SetLimit(None),)
        assert run.state.lost == {}
        assert not any(
            isinstance(one, Tell) and one.message == RunTeardown() for one in run.instructions
        )
        assert run.state.teardown_skipped == "the run was interrupted a second time"

    def test_a_worker_that_does_not_stop_at_once_is_killed(self):
        run = Driven([*RUNNING, StopAsked(), StopAsked(), LoadEnded(0), LoadEnded(1)])
        assert run.take(TimeIsUp()) == (Kill(2), SetLimit(None))
        assert set(run.state.lost) == {2}

    def test_the_third_waits_for_nothing(self):
        run = Driven([*RUNNING, StopAsked(), StopAsked(), StopAsked()])
        assert run.state.phase is RunPhase.FINISHED
        assert set(run.state.lost) == {0, 1, 2}

    def test_the_first_during_another_stop_changes_nothing_but_is_noted(self):
        run = Driven([*RUNNING, ThresholdBreached()])
        assert run.take(StopAsked()) == ()
        assert run.state.interrupted
        assert isinstance(run.take(StopAsked())[0], Tell)

    @pytest.mark.parametrize("events", [[], READY[:2], READY])
    def test_before_setup_has_returned_the_run_just_ends(self, events):
        run = Driven([*events, StopAsked()])
        assert run.state.phase is RunPhase.FINISHED
        assert run.state.interrupted
        assert run.state.error is None
        assert run.state.setup_interrupted == (events == READY)

    def test_after_setup_has_returned_teardown_undoes_it(self):
        run = Driven(SET_UP)
        assert run.take(StopAsked())[0] == Tell((0,), RunTeardown())
        run.take(WorkerArmed(1))
        run.take(TeardownDone(None))
        assert run.state.phase is RunPhase.FINISHED
        assert not run.state.load_begun

    def test_during_teardown_it_ends_the_run(self):
        run = Driven([*RUNNING, *ENDED, StopAsked()])
        assert run.state.phase is RunPhase.FINISHED
        assert run.state.interrupted
        assert run.state.teardown_skipped == "it was interrupted"


def test_a_breached_threshold_interrupts_at_once_and_teardown_runs():
    run = Driven(RUNNING)
    assert run.take(ThresholdBreached())[0] == Tell((0, 1, 2), StopLoad(graceful=False))
    assert run.state.aborted
    for event in ENDED:
        run.take(event)
    assert run.state.phase is RunPhase.TEARDOWN


def test_workers_that_overrun_the_plan_are_killed_and_lost():
    run = Driven([*RUNNING, LoadEnded(1)])
    assert run.take(TimeIsUp())[:2] == (Kill(0), Kill(2))
    assert set(run.state.lost) == {0, 2}
    assert run.state.phase is RunPhase.TEARDOWN
    # Their end is reported too, and is no news.
    assert run.take(WorkerLost(0, "it was killed by SIGKILL")) == ()


@pytest.mark.parametrize(
    ("event", "failure", "skipped"),
    [
        (TeardownDone(FAILURE), FAILURE, None),
        (TimeIsUp(), None, "it did not return within its limit of 6s"),
        (WorkerLost(0, "it exited with code 1"), None, "its worker ended: it exited with code 1"),
    ],
)
def test_a_teardown_that_fails_is_told_and_loses_nothing(event, failure, skipped):
    run = Driven([*RUNNING, *ENDED, event])
    assert run.state.phase is RunPhase.FINISHED
    assert (run.state.teardown_failure, run.state.teardown_skipped) == (failure, skipped)
    assert run.state.lost == {}
    assert run.state.error is None


def test_another_worker_may_die_during_teardown():
    run = Driven([*RUNNING, *ENDED, WorkerLost(2, "gone")])
    assert run.state.phase is RunPhase.TEARDOWN
    assert run.state.lost == {}


@pytest.mark.parametrize(
    ("events", "event"),
    [
        ([], LoadEnded(0)),
        ([], SetupDone(b"")),
        (READY, WorkerReady(0)),
        (RUNNING, SetupDone(b"")),
        (RUNNING, TeardownDone(None)),
        ([*RUNNING, StopAsked()], ThresholdBreached()),
        ([*RUNNING, *ENDED], ThresholdBreached()),
    ],
)
def test_what_cannot_happen_raises_with_the_story(events, event):
    run = Driven(events)
    with pytest.raises(InternalError) as caught:
        run.state.handle(event)
    assert f"{type(event).__name__} cannot happen while" in str(caught.value)
    for told in events:
        assert type(told).__name__ in str(caught.value)


def test_setup_data_is_not_told_in_the_story():
    run = Driven([*READY, SetupDone(b"password")])
    with pytest.raises(InternalError) as caught:
        run.state.handle(TeardownDone(None))
    assert "password" not in str(caught.value)


@given(
    st.lists(
        st.one_of(
            st.integers(0, 2).map(LoadEnded),
            st.integers(0, 2).map(lambda worker: WorkerLost(worker, "gone")),
            st.just(StopAsked()),
            st.just(TimeIsUp()),
            st.just(TeardownDone(None)),
        ),
        max_size=12,
    )
)
def test_whatever_happens_to_a_running_load_the_invariants_hold(events):
    run = Driven(RUNNING)
    for event in events:
        if isinstance(event, TeardownDone) and run.state.phase is not RunPhase.TEARDOWN:
            continue  # nobody asked for it
        if isinstance(event, WorkerLost | LoadEnded) and event.worker not in run.state.living:
            continue  # the dead do not speak
        run.take(event)
    if not run.state.at_work and run.state.phase is not RunPhase.TEARDOWN:
        assert run.state.phase is RunPhase.FINISHED
