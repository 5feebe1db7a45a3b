"""The generator's health in the end summary: nothing of a sound one, a line for each stall."""

from __future__ import annotations

from dataclasses import replace

from sample_summary import sample_summary

from atlas_perf.model.batch import StallCause
from atlas_perf.model.summary import StallSummary, Summary
from atlas_perf.report.console import render_console

SLEEP = StallSummary(StallCause.BLOCKING, "shop.py", 14, "time.sleep(1.2)", 1, 1200, 1200, "stack")


def with_worker(**changes: object) -> Summary:
    summary = sample_summary()
    first, second = summary.workers
    sound = replace(second, stalls=())
    return replace(summary, workers=(replace(first, **changes), sound))


def text(summary: Summary) -> str:
    lines = render_console(summary, colour=False, width=100).splitlines()
    generator = lines[lines.index("  GENERATOR") :]
    return " ".join(" ".join(generator[: generator.index("")]).split())


def test_a_sound_generator_says_nothing_more():
    assert "GC" not in text(with_worker(stalls=(), gc_pause_max_ms=19.0, cpu_wait_share=0.04))
    assert "waited" not in text(with_worker(stalls=(), gc_pause_max_ms=19.0, cpu_wait_share=0.04))


def test_pauses_waits_and_steal_are_told():
    summary = with_worker(gc_pause_max_ms=120.0, gc_full_collections=3, cpu_wait_share=0.07)
    windows = tuple(replace(window, steal_cores=0.25) for window in summary.windows)
    told = text(replace(summary, windows=windows))
    assert "GC pauses up to 120ms, 3 of all objects" in told
    assert "waited for a CPU 7% of the time" in told
    assert "0.25 cores stolen by the hypervisor" in told


def test_a_cpu_limit_that_was_met_is_told():
    assert "CPU limit" not in text(with_worker())
    assert "held back 1.20s by its CPU limit" in text(with_worker(throttled_ms=1200.0))


def test_a_stall_is_told_with_its_place_and_line():
    told = text(with_worker(stalls=(SLEEP,)))
    assert "the event loop stood still for 1.20s in shop.py:14: time.sleep(1.2)" in told


def test_stalls_of_all_workers_at_one_place_are_one_line():
    first, second = sample_summary().workers
    longer = replace(SLEEP, count=2, total_ms=3000.0, longest_ms=2000.0)
    workers = (replace(first, stalls=(SLEEP,)), replace(second, stalls=(longer,)))
    told = text(replace(sample_summary(), workers=workers))
    assert "stood still 3 times, up to 2.00s in shop.py:14" in told
    assert told.count("stood still") == 1


def test_a_stall_without_a_place_says_why():
    held = StallSummary(StallCause.HELD, "", 0, "", 1, 300, 300, "")
    told = text(with_worker(stalls=(held,)))
    assert "for 300ms in a call that held the interpreter: only its length is known" in told


def test_the_longest_few_are_shown_and_the_rest_counted():
    many = tuple(replace(SLEEP, line=line, longest_ms=100.0 + line) for line in range(1, 9))
    told = text(with_worker(stalls=many))
    assert told.count("stood still") == 5
    assert "shop.py:8:" in told
    assert "shop.py:3:" not in told
    assert "and 3 more places in summary.json" in told
