"""Tasks over the real client: heard of live, and given up while a stream is silent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random

from event_server import HEAD, LAST, Tap, chunk, event, outcomes
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    ReceivedRequest,
    Stage,
    answering,
    response,
    until,
)

from atlas_perf import Polling, Streaming, TaskResult, clock
from atlas_perf.model.metric import Metric
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.tasks.task_log import TaskLog
from atlas_perf.protocols.tasks.task_run import TaskRun, TaskSurroundings
from atlas_perf.protocols.tasks.task_states import (
    END_STATES,
    QUEUED_STATES,
    TaskStates,
    status_of,
    task_id_of,
)
from atlas_perf.units import NS_PER_S

ACCEPTED = response(202, b'{"id": 7}')
Samples = list[tuple[str, float, dict[str, str]]]


class Submitter:
    """Submits tasks with a client, and keeps their samples."""

    def __init__(self, client: HttpClient) -> None:
        self.client = client
        self.samples: Samples = []

    def keep(self, metric: Metric, value: float, tags: Mapping[str, str]) -> None:
        self.samples.append((metric.name, value, dict(tags)))

    async def task(self, url: str, via: Polling | Streaming, timeout_ns: int) -> TaskResult:
        around = TaskSurroundings(
            clock.now_ns, asyncio.sleep, lambda: Random(1), self.client.is_cut_off
        )
        states = TaskStates(END_STATES, QUEUED_STATES)
        log = TaskLog(self.keep, "scan", {})
        run = TaskRun(log, around, via, task_id_of, status_of, states, timeout_ns)
        return await run.perform(self.client.post(url))

    def streaming(self) -> Streaming:
        return Streaming(lambda task: self.client.stream("GET", f"/tasks/{task}"))

    def values(self, name: str) -> list[float]:
        return [value for metric, value, _ in self.samples if metric == name]


async def test_an_end_that_is_heard_live_has_no_polling_error(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    tap = Tap()
    server = await stage.serve(tap.handle)
    accepting = await stage.serve(answering(ACCEPTED))
    submitter = Submitter(make_client(server.url))
    tap.send(HEAD, event('{"status": "running"}'))
    running = asyncio.create_task(
        submitter.task(accepting.url, submitter.streaming(), 60 * NS_PER_S)
    )
    await until(lambda: bool(submitter.values("task_queue_time")))
    tap.send(event('{"status": "completed"}'))
    task = await running
    assert (task.outcome, task.polling_error_ns) == ("completed", -1)
    assert submitter.values("task_polling_error") == []
    assert isinstance(task.last, ServerSentEvent)
    (queued_ns,), (took_ns,) = map(submitter.values, ("task_queue_time", "task_duration"))
    gap_ns = recorder.values("sse_event_gap")[0]
    assert took_ns == queued_ns + gap_ns == task.duration_ns
    assert outcomes(recorder) == [(False, "202", ""), (False, "200", "")]


async def test_a_silent_stream_is_left_when_the_tasks_time_is_up(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """The task has timed out; the stream itself did what it should."""
    tap = Tap()
    server = await stage.serve(tap.handle)
    accepting = await stage.serve(answering(ACCEPTED))
    submitter = Submitter(make_client(server.url))
    tap.send(HEAD, event('{"status": "running"}'))
    task = await submitter.task(accepting.url, submitter.streaming(), NS_PER_S // 10)
    assert task.outcome == "timed_out"
    assert task.duration_ns >= NS_PER_S // 10
    assert outcomes(recorder) == [(False, "202", ""), (False, "200", "")]


async def test_a_stream_that_never_opens_is_given_up_with_the_task(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(Tap().handle)
    accepting = await stage.serve(answering(ACCEPTED))
    submitter = Submitter(make_client(server.url))
    task = await submitter.task(accepting.url, submitter.streaming(), NS_PER_S // 10)
    assert task.outcome == "timed_out"
    assert outcomes(recorder) == [(False, "202", ""), (True, "0", "1000")]


async def test_times_of_polled_tasks_are_those_of_their_answers(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    answers = iter([b'{"id": 7}', b'{"status": "running"}', b'{"status": "failed"}'])
    server = await stage.serve(answering(lambda _request: response(200, next(answers))))
    client = make_client(server.url)
    submitter = Submitter(client)
    via = Polling(lambda task: client.get(f"/tasks/{task}"), every="10ms")
    task = await submitter.task("/tasks", via, 60 * NS_PER_S)
    assert (task.outcome, task.polls) == ("failed", 2)
    first, second, third = (one.at_ns for one in recorder.requests)
    (accept_ns,), (queued_ns,) = map(submitter.values, ("task_accept_time", "task_queue_time"))
    began_ns = first - accept_ns
    assert queued_ns == second - began_ns
    assert task.duration_ns == third - began_ns
    assert third - second < task.polling_error_ns < task.duration_ns


async def test_a_stream_that_broke_goes_on_after_the_last_whole_event(
    stage: Stage, make_client: MakeClient
) -> None:
    asked: list[dict[str, str]] = []
    cut = b'id: \xc3\xbc7\ndata: {"status": "running"}\n\nid: 8\ndata: {"status'
    done = b'data: {"status": "completed"}\n\n'
    bodies = iter([cut, done])

    def answer(request: ReceivedRequest) -> bytes:
        asked.append(request.headers)
        return HEAD + chunk(next(bodies)) + LAST

    server = await stage.serve(answering(answer))
    accepting = await stage.serve(answering(ACCEPTED))
    submitter = Submitter(make_client(server.url))
    via = Streaming(submitter.streaming().open, reopen_after="1ms")
    task = await submitter.task(accepting.url, via, 60 * NS_PER_S)
    assert task.outcome == "completed"
    ids = [headers.get("last-event-id", "") for headers in asked]
    assert [one.encode("latin-1").decode() for one in ids] == ["", "ü7"]
