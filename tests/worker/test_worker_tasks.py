"""Tasks from their submission to their end: what is recorded of each, and of which population."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from atlas_perf import Polling, Streaming
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.tasks.task_states import status_of
from atlas_perf.testing import FakeVirtualUser, fake_virtual_user
from atlas_perf.units import NS_PER_MS, NS_PER_S

SUBMIT, STATUS, STREAM = "/tasks", "/tasks/7", "/tasks/7/stream"


@pytest.fixture
def vu() -> Iterator[FakeVirtualUser]:
    with fake_virtual_user() as vu:
        vu.http.answer("POST", SUBMIT, status=202, json={"taskId": 7})
        yield vu


def submit(vu: FakeVirtualUser) -> Any:
    return vu.http.post(SUBMIT, json={})


def polling(vu: FakeVirtualUser, **settings: Any) -> Polling:
    return Polling(lambda task: vu.http.get(f"/tasks/{task}"), **settings)


def streaming(vu: FakeVirtualUser) -> Streaming:
    return Streaming(lambda task: vu.http.stream("GET", f"/tasks/{task}/stream"))


def says(vu: FakeVirtualUser, *statuses: str | int) -> None:
    """What one poll after another is answered: a status of the task, or of HTTP; then the last."""
    left = list(statuses)

    def answer(_request: Request) -> Response:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, int):
            return Response(status=said)
        return Response(status=200, wire_body=f'{{"status":"{said}"}}'.encode())

    vu.http.answer("GET", STATUS, answer)


def recorded(vu: FakeVirtualUser, metric: str) -> list[tuple[float, dict[str, str]]]:
    told = ("expected_response", "outcome")
    return [
        (one.value, {key: one.tags[key] for key in told if key in one.tags})
        for one in vu.recorded
        if one.metric == metric
    ]


def tags_of(vu: FakeVirtualUser, metric: str) -> list[dict[str, str]]:
    return [tags for _, tags in recorded(vu, metric)]


async def test_a_task_that_completes(vu: FakeVirtualUser) -> None:
    says(vu, "pending", "running", "running", "completed")
    task = await vu.task(
        submit(vu), via=polling(vu, every="1s", jitter=0), name="scan", tags={"kind": "a"}
    )
    assert (task.outcome, task.completed, task.id, task.status) == (
        "completed",
        True,
        "7",
        "completed",
    )
    assert (task.polls, vu.slept_s) == (4, [1.0] * 4)
    good = {"expected_response": "true", "outcome": "completed"}
    assert recorded(vu, "task_completed") == recorded(vu, "tasks_ended") == [(1.0, good)]
    assert recorded(vu, "task_polls") == [(4.0, good)]
    ((accepted_ms, accepted),) = recorded(vu, "task_accept_time")
    ((queued_ms, queued),) = recorded(vu, "task_queue_time")
    ((took_ms, took),) = recorded(vu, "task_duration")
    assert accepted == queued == {"expected_response": "true"}
    assert took == good
    assert accepted_ms < 2000 <= queued_ms < 4000 <= took_ms == task.duration_ms
    ((error_ms, error),) = recorded(vu, "task_polling_error")
    assert error == good
    assert 1000 <= error_ms == task.polling_error_ns / NS_PER_MS
    assert {(one.tags["name"], one.tags["kind"]) for one in vu.recorded} == {("scan", "a")}
    assert recorded(vu, "tasks_censored") == []


async def test_the_polling_error_of_a_task_that_had_ended_at_the_first_poll(
    vu: FakeVirtualUser,
) -> None:
    """It may have ended at any time since it was submitted; and nobody saw it begin."""
    says(vu, "completed")
    task = await vu.task(submit(vu), via=polling(vu))
    assert task.polling_error_ns == task.duration_ns
    assert recorded(vu, "task_queue_time") == []
    assert task.queued_ns == -1


async def test_the_polling_error_reaches_back_to_the_last_poll_that_was_answered(
    vu: FakeVirtualUser,
) -> None:
    says(vu, "running", 503, 503, "completed")
    task = await vu.task(submit(vu), via=polling(vu, every="1s", jitter=0))
    assert (task.outcome, task.polls) == ("completed", 4)
    assert 3000 <= task.polling_error_ns / NS_PER_MS < 4000


async def test_the_polling_error_counts_from_the_sending_of_a_poll(vu: FakeVirtualUser) -> None:
    """What an answer says was true at some time since its request was sent, and no later."""
    says(vu, "running", "completed")

    async def ask(task: str) -> Response:
        await vu.sleep(10)
        return await vu.http.get(f"/tasks/{task}")

    task = await vu.task(submit(vu), via=Polling(ask, every="1s", jitter=0))
    assert 21_000 <= task.polling_error_ns / NS_PER_MS < 22_000


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("FAILED", "failed"), ("rejected", "failed"), ("canceled", "cancelled")],
)
async def test_other_ends_are_populations_of_their_own(
    vu: FakeVirtualUser, status: str, outcome: str
) -> None:
    says(vu, "working", status)
    task = await vu.task(submit(vu), via=polling(vu))
    assert (task.outcome, task.completed) == (outcome, False)
    bad = {"expected_response": "false", "outcome": outcome}
    for metric in ("task_duration", "task_polls", "task_polling_error", "tasks_ended"):
        assert tags_of(vu, metric) == [bad]
    assert recorded(vu, "task_completed") == [(0.0, bad)]


async def test_a_task_that_never_ends_is_timed_out_at_its_limit(vu: FakeVirtualUser) -> None:
    says(vu, "running")
    task = await vu.task(submit(vu), via=polling(vu, every="4s", jitter=0), timeout="10s")
    assert (task.outcome, task.polls) == ("timed_out", 2)
    assert vu.slept_s[:2] == [4.0, 4.0]
    assert sum(vu.slept_s) == pytest.approx(10, abs=1)
    ((took_ms, tags),) = recorded(vu, "task_duration")
    assert took_ms >= 10_000
    assert tags == {"expected_response": "false", "outcome": "timed_out"}
    assert recorded(vu, "task_polling_error") == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_task_the_server_no_longer_knows_is_lost(vu: FakeVirtualUser, status: int) -> None:
    says(vu, "running", status)
    task = await vu.task(submit(vu), via=polling(vu))
    assert (task.outcome, task.polls) == ("lost", 2)
    assert tags_of(vu, "task_duration") == [{"expected_response": "false", "outcome": "lost"}]


async def test_a_submission_that_fails_is_no_task_and_not_completed(vu: FakeVirtualUser) -> None:
    vu.http.answer("POST", SUBMIT, status=503)
    task = await vu.task(submit(vu), via=polling(vu))
    assert (task.outcome, task.id, task.polls) == ("rejected", "", 0)
    bad = {"expected_response": "false", "outcome": "rejected"}
    assert recorded(vu, "task_completed") == [(0.0, bad)]
    assert tags_of(vu, "task_accept_time") == [{"expected_response": "false"}]
    assert recorded(vu, "task_duration") == []
    vu.http.answer("POST", SUBMIT, error="refused")
    with pytest.raises(HttpError):
        await vu.task(vu.http.post(SUBMIT, throw=True), via=polling(vu))
    assert recorded(vu, "task_completed") == [(0.0, bad)] * 2


async def test_ids_and_statuses_may_be_anywhere(vu: FakeVirtualUser) -> None:
    vu.http.answer("POST", SUBMIT, headers={"Location": "/tasks/7"})
    vu.http.answer("GET", STATUS, body="state=Fertig")
    task = await vu.task(
        submit(vu),
        via=polling(vu),
        id=lambda response: response.headers["location"].rpartition("/")[2],
        status=lambda response: response.text().partition("=")[2],
        until={"fertig": "completed"},
    )
    assert (task.outcome, task.status) == ("completed", "Fertig")


async def test_an_answer_without_a_status_says_so_and_the_task_is_abandoned(
    vu: FakeVirtualUser,
) -> None:
    vu.http.answer("GET", STATUS, json={"state": "done"})
    with pytest.raises(ValueError, match="say with status= where it is"):
        await vu.task(submit(vu), via=polling(vu))
    bad = {"expected_response": "false", "outcome": "abandoned"}
    assert recorded(vu, "task_completed") == [(0.0, bad)]
    vu.http.answer("POST", SUBMIT, json={"number": 7})
    with pytest.raises(ValueError, match="say with id= where the id is"):
        await vu.task(submit(vu), via=polling(vu))


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("stage", ["submitting", "queued", "running"])
async def test_a_task_that_was_cut_off_is_in_no_rate(
    vu: FakeVirtualUser, monkeypatch: pytest.MonkeyPatch, stage: str, cut: bool
) -> None:
    """Its age is a lower bound of what was still to come. Cancelled by the scenario, it is not."""
    hanging = asyncio.Event()

    async def hang(*_: Any) -> Any:
        hanging.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(vu.http, "is_cut_off", lambda: cut)
    asked = iter(["pending" if stage == "queued" else "running"])

    def ask(task: str) -> Any:
        said = next(asked, None)
        if said is None:
            return hang()
        says(vu, said)
        return vu.http.get(f"/tasks/{task}")

    submission = hang() if stage == "submitting" else submit(vu)
    running = asyncio.create_task(vu.task(submission, via=Polling(ask)))
    await hanging.wait()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert tags_of(vu, "tasks_censored") == ([{}] if cut else [])
    ended = [{"expected_response": "false", "outcome": "abandoned"}]
    assert tags_of(vu, "task_completed") == ([] if cut else ended)
    unknown = {"expected_response": "unknown"}
    assert tags_of(vu, "task_duration") == ([unknown] if cut else ended)
    known = {"expected_response": "true"}
    accept = (
        {"expected_response": "unknown" if cut else "false"} if stage == "submitting" else known
    )
    assert tags_of(vu, "task_accept_time") == [accept]
    queue = [known] if stage == "running" else [unknown] if cut else []
    assert tags_of(vu, "task_queue_time") == queue
    assert tags_of(vu, "task_polls") == ([] if cut or stage == "submitting" else ended)


async def test_events_of_a_stream(vu: FakeVirtualUser) -> None:
    """All of a fake's events come at once, so the end may have come at any time before."""
    vu.http.answer("GET", STREAM, events=['{"status":"queued"}', "tick", '{"status":"completed"}'])
    task = await vu.task(submit(vu), via=streaming(vu))
    assert (task.outcome, task.polls) == ("completed", 0)
    assert isinstance(task.last, ServerSentEvent)
    assert task.polling_error_ns == task.duration_ns
    assert recorded(vu, "task_polls") == []


async def test_a_stream_that_ends_before_the_task_is_opened_again(vu: FakeVirtualUser) -> None:
    answers: list[list[str]] = [['{"status":"running"}'], ['{"status":"failed"}']]

    def open_stream(task: str) -> Any:
        vu.http.answer("GET", STREAM, events=answers.pop(0))
        return vu.http.stream("GET", f"/tasks/{task}/stream")

    task = await vu.task(submit(vu), via=Streaming(open_stream, reopen_after="3s"))
    assert (task.outcome, vu.slept_s) == ("failed", [3.0])


async def test_a_stream_that_is_opened_again_asks_for_what_was_not_heard(
    vu: FakeVirtualUser,
) -> None:
    answers = [
        [ServerSentEvent('{"status":"running"}', id="7")],
        ['{"status":"running"}'],  # goes on without ids: the last one still counts
        ['{"status":"completed"}'],
    ]

    def open_stream(task: str) -> Any:
        vu.http.answer("GET", STREAM, events=answers.pop(0))
        return vu.http.stream("GET", f"/tasks/{task}/stream")

    task = await vu.task(submit(vu), via=Streaming(open_stream))
    assert task.outcome == "completed"
    asked = [dict(one.fields).get("Last-Event-ID") for one in vu.http.requests[1:]]
    assert asked == [None, "7", "7"]


async def test_a_last_event_id_of_the_scenarios_own_stays(vu: FakeVirtualUser) -> None:
    vu.http.answer("GET", STREAM, events=[ServerSentEvent('{"status":"running"}', id="7")])
    own = {"last-event-id": "mine"}
    via = Streaming(lambda task: vu.http.stream("GET", f"/tasks/{task}/stream", headers=own))
    await vu.task(submit(vu), via=via, timeout="3s")
    fields = [pair for one in vu.http.requests[1:] for pair in one.fields]
    ids = [value for name, value in fields if name.lower() == "last-event-id"]
    assert ids == ["mine"] * (len(vu.http.requests) - 1)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [({"status": 404}, "lost"), ({"status": 503}, "timed_out"), ({"events": []}, "timed_out")],
)
async def test_streams_without_an_end(
    vu: FakeVirtualUser, answer: dict[str, Any], outcome: str
) -> None:
    vu.http.answer("GET", STREAM, **answer)
    task = await vu.task(submit(vu), via=streaming(vu), timeout="10s")
    assert task.outcome == outcome


def test_intervals_back_off_to_their_limit() -> None:
    unused: Callable[[str], Any] = str
    waiting = Polling(unused, every="1s", backoff=2, at_most="5s", jitter=0)
    with fake_virtual_user() as vu:
        intervals = waiting.intervals_ns(vu.random)
        assert [next(intervals) // NS_PER_MS for _ in range(5)] == [1000, 2000, 4000, 5000, 5000]


def test_the_first_interval_may_be_another() -> None:
    unused: Callable[[str], Any] = str
    waiting = Polling(unused, every="250ms", first="1s", jitter=0)
    with fake_virtual_user() as vu:
        intervals = waiting.intervals_ns(vu.random)
        assert [next(intervals) // NS_PER_MS for _ in range(3)] == [1000, 250, 250]
    with pytest.raises(ValueError, match="first='0s' is no interval"):
        Polling(unused, first="0s")


async def test_jitter_is_the_seeds_and_leaves_the_scenarios_numbers_alone() -> None:
    slept: list[list[float]] = []
    drawn: list[float] = []
    for seed, polls in ((1, 20), (1, 20), (2, 20), (1, 3)):
        with fake_virtual_user(seed=seed) as vu:
            vu.http.answer("POST", SUBMIT, json={"id": 7})
            says(vu, *["running"] * polls, "completed")
            await vu.task(submit(vu), via=polling(vu, every="1s", jitter=0.2))
            slept.append(vu.slept_s)
            drawn.append(vu.random.random())
    assert slept[0] == slept[1] != slept[2]
    assert drawn[0] == drawn[1] == drawn[3] != drawn[2]
    assert all(0.8 <= one <= 1.2 for one in slept[0])
    assert len(set(slept[0])) == 21


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"timeout": "0s"}, "leaves no time"),
        ({"until": {}}, "names no status"),
        ({"until": {"done": "great"}}, "a task ends as 'completed', 'failed', 'cancelled'"),
    ],
)
async def test_tasks_that_cannot_be_meant(
    vu: FakeVirtualUser, arguments: dict[str, Any], problem: str
) -> None:
    submission = submit(vu)
    with pytest.raises(ValueError, match=problem):
        vu.task(submission, via=polling(vu), **arguments)
    submission.close()


@pytest.mark.parametrize(
    "arguments",
    [{"every": "0s"}, {"backoff": 0.5}, {"jitter": 1}, {"every": "2s", "at_most": "1s"}],
)
def test_intervals_that_cannot_be_meant(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no |shorter"):
        Polling(str, **arguments)


async def test_a_poll_that_says_no_status_says_nothing(vu: FakeVirtualUser) -> None:
    vu.http.answer("POST", SUBMIT, json={"id": 7})
    says(vu, "running", "nothing", "completed")
    task = await vu.task(
        submit(vu),
        via=polling(vu, every="1s", jitter=0),
        status=lambda answer: None if status_of(answer) == "nothing" else status_of(answer),
    )
    assert (task.outcome, task.polls) == ("completed", 3)
    # Since the poll that said something.
    assert 2 <= task.polling_error_ns / NS_PER_S < 3
