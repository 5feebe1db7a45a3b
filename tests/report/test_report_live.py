"""The live page's feed: what is told of runs, and that telling it keeps nobody waiting."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest
from sample_summary import sample_summary

from atlas_perf.model.plan import ConstantArrivalRate, ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.progress import Progress, RunPhase
from atlas_perf.model.summary import Window
from atlas_perf.report.html.key_figures import key_figures
from atlas_perf.report.live import feed as live_feed
from atlas_perf.report.live import seconds as live_seconds
from atlas_perf.report.live.feed import MOST_NOTES, Feed, Told
from atlas_perf.units import NS_PER_S


def window(second: int) -> Window:
    return Window(second, 3.0, 60, 1, 60, 0, 0, 9.0, 9.0, 5.0, 9.0, 12.0, 1.0, 0.1)


def progress(*newest: Window, planned: float | None = None, message: str = "") -> Progress:
    known = Progress(RunPhase.RUNNING, 3.0, 60.0, 3, 5, 180, 0, 180, 60.0, 3, 9.0, 0, 2, 2)
    return replace(known, newest=newest, planned_per_s=planned, message=message)


OPEN = TestPlan(
    name="shop",
    file="shop.py",
    file_sha256="",
    scenarios=(
        ScenarioPlan(
            "shop",
            ConstantArrivalRate(40, 10 * NS_PER_S, pre_allocated_vus=5, max_vus=5),
            "default",
        ),
    ),
)
CLOSED = (ScenarioPlan("shop", ConstantVUs(vus=2, duration_ns=NS_PER_S), "default"),)


def after(feed: Feed, told: Told) -> tuple[dict, Told]:
    found = feed.after(told, 5.0)
    assert found is not None
    return json.loads(found[0]), found[1]


class TestFeed:
    def test_a_reader_is_told_each_second_once(self) -> None:
        feed = Feed()
        feed.begin("shop", "http://h")
        feed.update(progress(window(0), window(1)))
        first, told = after(feed, Told())
        assert first["columns"]["second"] == [0, 1]
        assert first["state"]["name"] == "shop"
        assert first["state"]["vus"] == 3
        feed.update(progress(window(0), window(1), window(2)))
        second, told = after(feed, told)
        assert second["columns"]["second"] == [2]
        assert second["columns"]["p95_ms"] == [9]
        assert (first["anew"], second["anew"]) == (True, False)

    def test_a_reader_that_comes_late_is_told_all(self) -> None:
        feed = Feed()
        feed.begin("shop", "http://h")
        for second in range(9):
            feed.update(progress(window(second)))
        told, _ = after(feed, Told())
        assert told["columns"]["second"] == list(range(9))

    def test_a_reader_that_comes_again_is_told_to_begin_anew(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0), window(1)))
        after(feed, Told())
        again, told = after(feed, Told())
        assert (again["anew"], again["columns"]["second"]) == (True, [0, 1])
        feed.update(progress(window(2)))
        assert after(feed, told)[0]["anew"] is False

    def test_before_the_first_second_there_is_nothing_to_draw(self) -> None:
        feed = Feed(["shop"])
        message, _ = after(feed, Told(version=-1))
        assert (message["state"]["phase"], message["columns"]) == ("waiting", {})

    def test_a_line_that_has_something_for_the_first_time_is_told_from_the_beginning(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0)))
        first, told = after(feed, Told())
        shown = first["columns"].keys()
        assert {"second", "vus", "requests_per_s", "failed_requests_per_s", "p95_ms"} <= shown
        assert shown.isdisjoint({"response_p95_ms", "ws_msgs_sent_per_s", "gc_pause_max_ms"})
        feed.update(progress(replace(window(1), gc_pause_max_ms=2.0)))
        second, told = after(feed, told)
        assert second["anew"]
        assert second["columns"]["gc_pause_max_ms"] == [0, 2]
        feed.update(progress(window(2)))
        third, _ = after(feed, told)
        assert (third["anew"], third["columns"]["gc_pause_max_ms"]) == (False, [0])

    def test_a_run_without_requests_has_messages_in_their_place(self) -> None:
        feed = Feed()
        feed.begin("talk", "")
        idle = replace(window(0), requests=0, failed_requests=0, p50_ms=None, p95_ms=None)
        feed.update(progress(idle))
        assert "requests_per_s" in after(feed, Told())[0]["columns"]
        feed.update(progress(replace(idle, second=1, ws_sessions_open=2.0, ws_msgs_sent=9)))
        message, _ = after(feed, Told())
        assert message["columns"].keys().isdisjoint({"requests_per_s", "failed_requests_per_s"})
        assert message["columns"]["ws_msgs_sent_per_s"] == [0, 9]
        assert message["columns"]["ws_sessions_failed_per_s"] == [0, 0]

    def test_another_run_begins_anew(self) -> None:
        feed = Feed()
        feed.begin("one", "")
        feed.update(progress(window(0), window(1)))
        _, told = after(feed, Told())
        feed.begin("two", "")
        feed.update(progress(window(0)))
        message, _ = after(feed, told)
        assert message["columns"]["second"] == [0]
        assert (message["run"], message["state"]["name"]) == (2, "two")

    def test_a_very_long_run_keeps_its_last_seconds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live_seconds, "MOST_SECONDS", 5)
        feed = Feed()
        feed.begin("shop", "")
        _, told = after(feed, Told())
        for second in range(20):
            feed.update(progress(window(second)))
        message, told = after(feed, told)
        assert message["columns"]["second"] == [15, 16, 17, 18, 19]
        assert len(feed._seconds._columns["p95_ms"]) == 5
        feed.update(progress(window(20)))
        assert after(feed, told)[0]["columns"]["second"] == [20]

    def test_seconds_that_come_together_have_each_its_planned_arrivals_and_phases(self) -> None:
        feed = Feed()
        feed.begin("shop", "", OPEN)
        feed.update(progress(window(0), window(1), planned=40.0))
        message, told = after(feed, Told())
        assert message["columns"]["planned_arrivals_per_s"] == [40, 40]
        assert message["state"]["open"] is True
        (span,) = message["state"]["spans"]
        assert (span["phase"], span["begin_s"], span["end_s"]) == ("steady", 0, 10)
        feed.update(progress(window(2)))  # stopped: none is due any more
        assert after(feed, told)[0]["columns"]["planned_arrivals_per_s"] == [None]

    def test_a_plan_without_arrivals_has_none(self) -> None:
        feed = Feed()
        feed.begin("shop", "", replace(OPEN, scenarios=CLOSED))
        assert after(feed, Told())[0]["state"]["open"] is False

    def test_the_verdict_is_told_and_then_nothing(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0)))
        summary = sample_summary()
        feed.end(summary, "results/x")
        message, told = after(feed, Told())
        assert message["state"]["verdict"] == summary.verdict.value
        assert message["state"]["reasons"] == list(summary.reasons)
        assert message["state"]["results"] == "results/x"
        figures = [(one["label"], one["text"]) for one in message["state"]["figures"]]
        assert figures == [(one.label, one.number.text) for one in key_figures(summary)]
        feed.close()
        assert feed.after(told, 5.0) is None

    def test_runs_that_have_ended_stay_told(self) -> None:
        feed = Feed(["api", "smoke"])
        feed.begin("api", "")
        feed.end(sample_summary(), "results/1")
        feed.begin("smoke", "")
        state = after(feed, Told())[0]["state"]
        assert state["names"] == ["api", "smoke"]
        assert [(one["verdict"], one["results"]) for one in state["ended"]] == [
            ("FAIL", "results/1")
        ]
        assert "verdict" not in state

    def test_what_was_said_stays_for_a_while(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        for number in range(MOST_NOTES + 3):
            feed.update(progress(message=f"worker {number} was lost"))
            feed.update(progress())
        notes = after(feed, Told())[0]["state"]["notes"]
        assert len(notes) == MOST_NOTES
        assert notes[-1] == {"at_s": 3.0, "text": f"worker {MOST_NOTES + 2} was lost"}
        feed.begin("other", "")
        assert after(feed, Told())[0]["state"]["notes"] == []

    def test_a_command_that_breaks_off_says_why(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.break_off("setup raised KeyError")
        feed.close()
        message, told = after(feed, Told())
        assert message["state"]["broken"] == "setup raised KeyError"
        assert feed.after(told, 5.0) is None

    def test_a_stop_is_told_to_every_reader_and_in_every_run_after(self) -> None:
        feed = Feed()
        feed.begin("shop", "")
        _, told = after(feed, Told())
        feed.stop_asked()
        message, told = after(feed, told)
        assert message["state"]["stopping"] is True
        feed.update(progress(window(0)))
        assert after(feed, told)[0]["state"]["stopping"] is True

    def test_who_tells_does_not_wait_for_those_who_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        feed = Feed()
        feed.begin("shop", "")
        feed.update(progress(window(0)))
        told_meanwhile = threading.Event()

        def tell() -> None:
            feed.update(progress(window(1)))
            told_meanwhile.set()

        def slow(*_: object) -> list[str]:
            threading.Thread(target=tell, daemon=True).start()
            assert told_meanwhile.wait(10)
            return ["{}"]

        monkeypatch.setattr(live_feed, "_written", slow)
        assert feed.after(Told(), 5.0) is not None

    def test_text_from_outside_cannot_control_a_page(self) -> None:
        feed = Feed()
        feed.begin("a\u202eb\x07", "")
        feed.update(progress(message="x\u2028y"))
        message, _ = after(feed, Told())
        assert "\u202e" not in json.dumps(message, ensure_ascii=False)
        assert "\u2028" not in json.dumps(message, ensure_ascii=False)
        assert "\x07" not in message["state"]["name"]
