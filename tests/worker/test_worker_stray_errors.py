"""Stray errors: told once a place with a count, and nothing else taken for one."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from atlas_perf.scripting.context import current_user
from atlas_perf.worker.exception_log import MAX_KINDS, ExceptionLog
from atlas_perf.worker.interruption import _counts, interrupt
from atlas_perf.worker.stray_errors import StrayErrors

FILE = "/nowhere/shop.py"
FORGETFUL = """
async def work():
    pass

async def default():
    work()

async def keeps():
    kept = work()
"""


class QuietLoop(asyncio.SelectorEventLoop):
    """Keeps what it would log."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[dict[str, Any]] = []

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        self.logged.append(context)


@pytest.fixture
def log() -> ExceptionLog:
    return ExceptionLog(FILE)


@pytest.fixture
def shown() -> list[tuple[str, str, int]]:
    return []


@pytest.fixture
def forgotten() -> list[str]:
    return []


@pytest.fixture
def cut_short() -> list[bool]:
    """Holds something once an iteration has ended in an exception."""
    return []


@pytest.fixture
def loop(
    log: ExceptionLog,
    shown: list[tuple[str, str, int]],
    forgotten: list[str],
    cut_short: list[bool],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[QuietLoop]:
    """A loop that is watched, and warnings with it, until the test ends."""
    made = QuietLoop()
    monkeypatch.setitem(_counts, "interruptions", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, file, line, *_: shown.append(
            (str(message), file, line)
        )
        lines = {"buy": 5, "setup": 1}
        StrayErrors(log, FILE, lines, forgotten.append, lambda: bool(cut_short)).watch(made)
        yield made
    made.close()


def functions() -> dict[str, Any]:
    """The file's functions, as if it had been imported."""
    namespace: dict[str, Any] = {}
    exec(compile(FORGETFUL, FILE, "exec"), namespace)
    return namespace


def told(log: ExceptionLog) -> list[tuple[str, str, str, int, int]]:
    return [(one.scenario, one.kind, one.file, one.line, one.count) for one in log.snapshot()]


def test_a_coroutine_that_is_never_awaited_is_told_with_its_line(loop, log, shown) -> None:
    default = functions()["default"]
    for _ in range(3):
        loop.run_until_complete(default())
    assert told(log) == [("buy", "NeverAwaited", FILE, 6, 3)]
    message = "coroutine 'work' was never awaited"
    assert log.snapshot()[0].message == f"{message}, so it did not run"
    assert f'File "{FILE}", line 6, in default' in log.snapshot()[0].traceback
    assert shown == [(message, FILE, 6)]


def test_one_that_outlives_its_line_is_told_with_the_scenarios_function(loop, log, shown) -> None:
    loop.run_until_complete(functions()["keeps"]())
    assert told(log) == [("buy", "NeverAwaited", FILE, 5, 1)]


def test_each_forgotten_await_counts(loop, forgotten) -> None:
    for name in ("default", "default", "keeps"):
        loop.run_until_complete(functions()[name]())
    assert forgotten == ["buy"] * 3


def test_what_an_exception_may_have_kept_from_being_awaited_does_not(
    loop, log, forgotten, cut_short
) -> None:
    cut_short.append(True)
    loop.run_until_complete(functions()["keeps"]())
    assert (told(log), forgotten) == ([("buy", "NeverAwaited", FILE, 5, 1)], [])
    loop.run_until_complete(functions()["default"]())  # a line of its own: nothing excuses it
    assert forgotten == ["buy"]


def test_the_scenario_is_the_running_users(loop, log) -> None:
    async def runs() -> None:
        current_user.set(SimpleNamespace(scenario="setup"))
        await functions()["default"]()

    loop.run_until_complete(runs())
    assert told(log) == [("setup", "NeverAwaited", FILE, 6, 1)]


def test_what_the_cut_kept_from_being_awaited_was_not_forgotten(
    loop, log, shown, forgotten
) -> None:
    async def default(work) -> None:
        kept = [work(), work()]
        await asyncio.sleep(60)
        for each in kept:
            await each

    async def runs() -> None:
        task = asyncio.create_task(default(functions()["work"]))
        await asyncio.sleep(0)
        interrupt(task)
        await asyncio.wait([task])

    loop.run_until_complete(runs())
    assert (told(log), shown, forgotten) == ([], [], [])


def test_other_warnings_are_shown_as_ever(loop, log, shown) -> None:
    warnings.warn("old", RuntimeWarning, stacklevel=1)
    warnings.warn("it was never awaited", UserWarning, stacklevel=1)
    assert told(log) == []
    assert [message for message, _, _ in shown] == ["old", "it was never awaited"]


async def fails(line: int) -> None:
    exec(compile("\n" * (line - 1) + "raise ValueError('no order')", FILE, "exec"))


async def left_alone(*lines: int) -> None:
    for line in lines:
        asyncio.create_task(fails(line))  # noqa: RUF006 - that is the mistake
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_an_exception_in_a_task_by_itself_is_told_and_the_first_is_logged(loop, log) -> None:
    loop.run_until_complete(left_alone(7, 7, 9))
    gc.collect()
    assert told(log) == [
        ("buy", "ValueError", FILE, 7, 2),
        ("buy", "ValueError", FILE, 9, 1),
    ]
    assert log.snapshot()[0].message == "no order (in a task by itself)"
    assert len(loop.logged) == 2


def test_beyond_the_kinds_told_apart_one_more_is_logged(loop, log) -> None:
    loop.run_until_complete(left_alone(*range(1, MAX_KINDS + 10)))
    gc.collect()
    assert len(log.snapshot()) == MAX_KINDS + 1
    assert len(loop.logged) == MAX_KINDS + 1


def test_an_exception_that_somebody_took_is_no_stray_one(loop, log) -> None:
    async def gathers() -> None:
        await asyncio.gather(fails(7), fails(8), return_exceptions=True)
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fails(9))

    loop.run_until_complete(gathers())
    gc.collect()
    assert (told(log), loop.logged) == ([], [])


def test_what_else_a_loop_complains_about_goes_where_it_went(loop, log) -> None:
    context = {"message": "Exception in callback f()", "exception": ValueError("x")}
    loop.call_exception_handler(context)
    assert (told(log), loop.logged) == ([], [context])


def test_with_several_scenarios_a_task_may_be_anyones(loop, log) -> None:
    class Task:
        """One that does not tell its context, as before Python 3.12."""

    lines = {"buy": 5, "sell": 9, "setup": 1}
    strays = StrayErrors(log, FILE, lines, [].append, lambda: False)
    message = "Task exception was never retrieved"
    strays.on_loop_error(loop, {"message": message, "exception": KeyError("k"), "task": Task()})
    assert [one.scenario for one in log.snapshot()] == ["(unknown)"]
