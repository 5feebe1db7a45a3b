"""What a worker reads of its process and its machine."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

from atlas_perf.worker.gc_pauses import GcPauses
from atlas_perf.worker.health import (
    HealthMeter,
    Rise,
    SampleLosses,
    connections_in_time_wait,
    open_files,
    stolen_ns,
)
from atlas_perf.worker.loop_thread import LoopThread

MS = 1_000_000


def test_collections_are_timed_and_those_of_all_objects_counted():
    times = iter([0, 7 * MS, 10 * MS, 12 * MS, 20 * MS, 21 * MS])
    gc.collect()
    gc.disable()
    pauses = GcPauses(lambda: next(times))
    pauses.start()
    try:
        gc.collect(0)
        gc.collect()
        assert pauses.take() == (7 * MS, 9 * MS, 1)
        gc.collect(1)
        assert pauses.take() == (1 * MS, 1 * MS, 0)
        assert pauses.total_ns == 10 * MS
    finally:
        pauses.stop()
        gc.enable()
    gc.collect()  # would ask for one more time than there is
    pauses.stop()  # twice is no error


def test_a_thread_tells_how_long_it_waited_for_a_cpu(tmp_path: Path):
    told = tmp_path / "schedstat"
    told.write_text("500 1234 9\n")
    thread = LoopThread(told)
    assert thread.waited_ns() == 1234
    told.write_text("500 2000 9\n")
    assert thread.waited_ns() == 2000
    thread.close()


def test_where_the_system_does_not_tell_of_waiting_there_is_none(tmp_path: Path):
    thread = LoopThread(tmp_path / "missing")
    assert thread.waited_ns() == 0
    thread.close()
    (tmp_path / "empty").write_text("")
    thread = LoopThread(tmp_path / "empty")
    assert thread.waited_ns() == 0
    thread.close()


def test_cpu_of_a_thread_is_its_own():
    thread = LoopThread()
    before = thread.cpu_ns()
    other = threading.Thread(target=lambda: sum(range(3_000_000)))
    other.start()
    other.join()
    elsewhere = thread.cpu_ns() - before
    sum(range(3_000_000))
    here = thread.cpu_ns() - before - elsewhere
    assert here > 5 * elsewhere
    thread.close()


def test_steal_is_the_ninth_word_of_the_first_line(tmp_path: Path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  1 2 3 4 5 6 7 250 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
    assert stolen_ns(stat) == 250 * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    stat.write_text("cpu  1 2 3 4\n")
    assert stolen_ns(stat) == 0
    assert stolen_ns(tmp_path / "missing") == 0


def test_open_files_are_counted():
    before = open_files()
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(10)]
    assert open_files() - before == 10
    for fd in opened:
        os.close(fd)


def test_where_the_system_does_not_tell_the_number_the_folder_is_read(tmp_path: Path):
    assert open_files(tmp_path / "missing") == 0


def test_connections_in_time_wait_are_those_of_tcp(tmp_path: Path):
    told = tmp_path / "sockstat"
    told.write_text(
        "sockets: used 42\nTCP: inuse 13 orphan 0 tw 3084 alloc 13 mem 0\nUDP: inuse 0\n"
    )
    assert connections_in_time_wait(told) == 3084
    told.write_text("sockets: used 42\n")
    assert connections_in_time_wait(told) == 0
    assert connections_in_time_wait(tmp_path / "missing") == 0


def test_a_rise_is_what_came_since_the_last_look():
    readings = iter([5, 9, 12, 11])
    rise = Rise(lambda: next(readings))
    assert rise.take() == 0  # nothing was read before the beginning
    rise.begin()
    assert [rise.take(), rise.take(), rise.take()] == [4, 3, 0]


def test_a_meter_whose_load_never_began_says_nothing_and_ends():
    meter = HealthMeter("shop.py")
    meter.stop()
    health = meter.take(SampleLosses(1, 2, 3))
    assert (health.length_ns, health.cpu_ns, health.own_lags) == (0, 0, 0)
    assert (health.dropped_samples, health.refused_samples, health.overflowed_samples) == (1, 2, 3)
    assert meter.stalls() == ()
