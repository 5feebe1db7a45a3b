"""Another thread sees where the loop stands when it stands still."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from atlas_perf.clock import now_ns
from atlas_perf.worker.loop_watcher import TELL_AFTER_NS, LoopWatcher
from atlas_perf.worker.stall_log import Sighting

SHOP = """
import time


def order(done):
    while not done():
        wait()


def wait():
    time.sleep(0.001)


def compute(done):
    while not done():
        pass


def first(done):
    while not done():
        pass


def second(done):
    while not done():
        pass
"""

S = 1_000_000_000


class Watched:
    """A watcher of this thread, whose loop is late by as much as a test says."""

    def __init__(self, file: Path) -> None:
        self.due_ns: int | None = None
        self.watcher = LoopWatcher(str(file), lambda: self.due_ns)
        self.watcher.start()

    def late(self) -> int:
        self.due_ns = now_ns() - S
        return self.due_ns

    def seen(self, due_ns: int, *, moved: bool = False) -> Callable[[], bool]:
        def done() -> bool:
            sighting = self.watcher.sighting_at(due_ns)
            return sighting is not None and (sighting.moved or not moved)

        return done


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "shop.py"
    file.write_text(SHOP)
    return file


@pytest.fixture
def shop(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("shop", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def watched(file: Path) -> Iterator[Watched]:
    watched = Watched(file)
    yield watched
    watched.watcher.stop()


def test_a_call_that_lets_go_of_the_interpreter_is_seen_at_its_line(watched, shop, file):
    due_ns = watched.late()
    shop.order(watched.seen(due_ns))
    sighting = watched.watcher.sighting_at(due_ns)
    assert sighting.file == str(file)
    assert sighting.in_scenario
    assert sighting.code in {"time.sleep(0.001)", "wait()", "while not done():"}
    outermost = sighting.stack.splitlines()[0]
    assert outermost.startswith(f'  File "{file}"')  # and nothing of what lies around it
    assert outermost.endswith("in order")


def test_a_busy_loop_is_seen_and_stays_one_call(watched, shop):
    due_ns = watched.late()
    looks = []

    def seen_and_looked_at_again() -> bool:
        return len(looks) > 2 and watched.watcher.sighting_at(due_ns) is not None

    real = watched.watcher._outermost_of_user

    def look(frame):
        looks.append(1)
        return real(frame)

    watched.watcher._outermost_of_user = look
    shop.compute(seen_and_looked_at_again)
    assert not watched.watcher.sighting_at(due_ns).moved


def test_another_call_in_the_same_stall_is_more_than_one(watched, shop):
    due_ns = watched.late()
    shop.first(watched.seen(due_ns))
    assert not watched.watcher.sighting_at(due_ns).moved
    shop.second(watched.seen(due_ns, moved=True))
    sighting = watched.watcher.sighting_at(due_ns)
    assert "in first" in sighting.stack


def test_a_stall_outside_of_the_scenario_is_told_by_its_own_line(watched):
    watched.late()
    while watched.watcher._sighting is None:
        pass
    sighting = watched.watcher._sighting
    assert not sighting.in_scenario
    assert sighting.file == __file__


def test_the_sighting_of_one_stall_is_not_that_of_the_next(watched, shop):
    due_ns = watched.late()
    shop.compute(watched.seen(due_ns))
    assert watched.watcher.sighting_at(due_ns + 1) is None


def test_a_loop_in_time_is_left_alone_and_the_thread_ends(file):
    looks = threading.Semaphore(0)

    def in_time() -> int:
        looks.release()
        return now_ns() + S

    watcher = LoopWatcher(str(file), in_time)
    watcher.start()
    for _ in range(2):
        assert looks.acquire(timeout=60)
    watcher.stop()
    assert watcher._sighting is None
    assert "loop-watcher" not in {thread.name for thread in threading.enumerate()}


def test_a_watcher_that_never_started_stops(file):
    LoopWatcher(str(file), lambda: None).stop()


@pytest.mark.parametrize(("late_ns", "told"), [(TELL_AFTER_NS, 1), (TELL_AFTER_NS - 1, 0)])
def test_a_standstill_that_goes_on_is_told_once(file, shop, monkeypatch, late_ns, told):
    monkeypatch.setattr("atlas_perf.worker.loop_watcher.now_ns", lambda: 100 * S)
    heard: list[Sighting] = []
    due_ns = 100 * S - late_ns
    watcher = LoopWatcher(str(file), lambda: due_ns, heard.append)
    looks = iter([False, False, False, True])

    def looked_at() -> bool:
        watcher._look(0)
        return next(looks)

    shop.compute(looked_at)
    assert [(one.due_ns, one.code) for one in heard] == [(due_ns, "while not done():")] * told
