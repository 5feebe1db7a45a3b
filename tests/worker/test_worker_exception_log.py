from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import atlas_perf
from atlas_perf.worker.exception_log import (
    MAX_KINDS,
    MAX_MESSAGE_CHARS,
    OTHER_KIND,
    ExceptionLog,
    describe_exception,
    is_beside,
)


def caught(source: str, file: str = "shop.py") -> BaseException:
    """What running these lines as a scenario file raises."""
    try:
        exec(compile(source, file, "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def test_the_place_is_the_innermost_line_of_the_users_file():
    error = caught("def f():\n    return int('x')\n\nf()\n")
    told = describe_exception("s", error, "shop.py")
    assert (told.kind, told.file, told.line, told.count) == ("ValueError", "shop.py", 2, 1)
    assert told.message == "invalid literal for int() with base 10: 'x'"


def test_inside_a_library_it_is_the_users_line_that_called_it():
    error = caught("import json\n\njson.loads('{')\n")
    told = describe_exception("s", error, "shop.py")
    assert (told.kind, told.line) == ("JSONDecodeError", 3)
    assert "json/decoder.py" in told.traceback


def test_a_module_beside_the_scenario_file_is_the_users_too(tmp_path: Path):
    beside = tmp_path / "shapes.py"
    error = caught("1 / 0", str(beside))
    told = describe_exception("s", error, str(tmp_path / "shop.py"))
    assert (told.file, told.line) == (str(beside), 1)
    installed = tmp_path / ".venv/site-packages/lib.py"
    told = describe_exception("s", caught("1 / 0", str(installed)), str(tmp_path / "shop.py"))
    assert (told.file, told.line) == (str(installed), 1)  # for want of anything better


def test_the_traceback_begins_at_the_users_first_line(tmp_path: Path):
    file = str(tmp_path / "shop.py")
    told = describe_exception("s", caught("def f():\n    1 / 0\nf()\n", file), file)
    assert f'File "{file}", line 3' in told.traceback.splitlines()[1]
    assert "test_worker_exception_log" not in told.traceback


def test_our_own_lines_are_not_the_users_even_in_our_checkout():
    checkout = Path(atlas_perf.__file__).parents[1]
    ours = str(checkout / "atlas_perf" / "worker" / "iteration.py")
    error = caught("def f():\n    raise OSError\nf()\n", ours)
    scenario = str(checkout / "shop.py")
    assert not is_beside(ours, str(checkout))
    # A shipped scenario lies inside the package, and has its own modules beside it.
    shipped = checkout / "atlas_perf" / "scenarios"
    assert is_beside(str(shipped / "steps.py"), str(shipped))
    assert describe_exception("s", error, scenario).kind == "OSError"


def test_one_place_is_one_kind_whatever_it_says():
    log = ExceptionLog("shop.py")
    for order in range(3):
        log.record("buy", caught(f"raise LookupError({order})"))
    log.record("buy", caught("\nraise LookupError(0)"))
    log.record("look", caught("raise LookupError(0)"))
    assert [(one.scenario, one.message, one.line, one.count) for one in log.snapshot()] == [
        ("buy", "0", 1, 3),
        ("buy", "0", 2, 1),
        ("look", "0", 1, 1),
    ]


def test_kinds_beyond_the_first_are_counted_together():
    log = ExceptionLog("shop.py")
    for line in range(MAX_KINDS + 5):
        log.record("buy", caught("\n" * line + "1 / 0"))
    log.record("buy", caught("1 / 0"))
    told = log.snapshot()
    assert len(told) == MAX_KINDS + 1
    assert told[0].count == 2
    assert (told[-1].kind, told[-1].count) == (OTHER_KIND, 5)
    assert sum(one.count for one in told) == MAX_KINDS + 6


async def test_of_a_group_the_first_real_exception_is_told():
    async def fail() -> None:
        raise LookupError("inside")

    with pytest.raises(ExceptionGroup) as group:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())
    told = describe_exception("s", group.value, __file__)
    assert (told.kind, told.message) == ("LookupError", "inside")
    assert "ExceptionGroup" in told.traceback


def test_long_messages_are_cut():
    told = describe_exception("s", caught("raise LookupError('x' * 10_000)"), "shop.py")
    assert len(told.message) == MAX_MESSAGE_CHARS
    assert told.message.endswith("x…")


def test_a_message_that_cannot_be_made_does_not_stop_the_count():
    source = "class E(Exception):\n    def __str__(self): raise ValueError\n\nraise E\n"
    told = describe_exception("s", caught(source), "shop.py")
    assert (told.kind, told.line) == ("E", 4)
    assert told.message == "(its message cannot be read)"


def test_snapshots_grow_and_are_not_changed_afterwards():
    log = ExceptionLog("shop.py")
    log.record("s", caught("1 / 0"))
    before = log.snapshot()
    log.record("s", caught("1 / 0"))
    assert (before[0].count, log.snapshot()[0].count) == (1, 2)
