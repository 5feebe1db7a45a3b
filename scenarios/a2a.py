"""a2a: agents who hand tasks to each other, 19 minutes, up to 120 agents and a stream of tasks.

    atlas-perf run a2a                             against the embedded reference orchestrator
    atlas-perf run a2a --environment staging -p 4  against $STAGING_URL, on four worker processes
    atlas-perf run a2a --duration-scale 0.04       the same curve of load in 46 seconds

In each iteration an agent submits a task and waits for its end, reads its queue, executes a task,
cancels one: each with a probability of its own. AUTH_TOKEN goes out as a bearer token and A2A_TOKEN
as X-A2A-Token, if they are set. docs/scenarios.md says more, and what each metric means.
"""

from __future__ import annotations

from atlas_perf import (
    Counter,
    Options,
    Polling,
    Rate,
    Response,
    TaskResult,
    Trend,
    VirtualUser,
    env,
)

from orchestrator.call import Answer, Call, send
from orchestrator.contract import contract_named
from orchestrator.following import accepted, status_said
from orchestrator.payloads import LONGEST_TASK
from orchestrator.readiness import require_ready

contract = contract_named(env.get("CONTRACT", "documented"))

a2a_errors = Rate("a2a_errors")
task_completion_rate = Rate("task_completion_rate")
task_submission_latency = Trend("task_submission_latency", is_time=True)
task_execution_latency = Trend("task_execution_latency", is_time=True)
tasks_submitted = Counter("tasks_submitted")
tasks_completed = Counter("tasks_completed")

options: Options = {
    "scenarios": {
        "agents": {
            "executor": "ramping-vus",
            "startVUs": 1,
            "stages": [
                {"duration": "30s", "target": 10},
                {"duration": "2m", "target": 30},
                {"duration": "3m", "target": 60},
                {"duration": "5m", "target": 100},
                {"duration": "5m", "target": 100},
                {"duration": "2m", "target": 120},
                {"duration": "1m", "target": 50},
                {"duration": "30s", "target": 0},
            ],
        },
        # Agents who wait for their tasks submit as many as the service lets them. So that its
        # throughput can be judged, others submit at a rate while the agents are steady.
        "stream": {
            "executor": "constant-arrival-rate",
            "exec": "submit",
            "startTime": "10m30s",
            "duration": "5m",
            "rate": 40,
            "preAllocatedVUs": 20,
            "maxVUs": 100,
        },
    },
    "thresholds": {
        "http_req_duration": ["p(95)<500"],
        "http_req_duration{operation:submit}": ["p(95)<500"],
        **(
            {"http_req_duration{operation:execute}": ["p(95)<2000"]}
            if contract.cancel_task("") is not None
            else {}
        ),
        "a2a_errors": ["rate<0.01"],
        "http_req_failed": ["rate<0.01"],
        "task_completion_rate": ["rate>0.95"],
    },
}

SUBMIT, QUEUE, EXECUTE, CANCEL = 0.70, 0.20, 0.30, 0.05
"""Probabilities per iteration, independent of each other."""

THINK_TIME_S = (0.5, 2.0)
POLL_EVERY = "250ms"
"""The end of a task is seen this much late at most: an eighth of the limit it is held against."""

GIVE_UP = "30s"


async def setup(vu: VirtualUser) -> None:
    await require_ready(vu, contract)


async def default(vu: VirtualUser) -> None:
    if vu.random.random() < SUBMIT:
        await submit_and_wait(vu)
    if vu.random.random() < QUEUE:
        await ask(vu, contract.task_queue(vu))
    if vu.random.random() < EXECUTE:
        await execute_one(vu)
    if vu.random.random() < CANCEL:
        await cancel_one(vu)
    await vu.sleep(vu.random.uniform(*THINK_TIME_S))


async def submit(vu: VirtualUser) -> None:
    """One task that comes at a rate; nobody waits for its end."""
    await submitted(vu)


async def submit_and_wait(vu: VirtualUser) -> None:
    """Submit a task and poll until it has ended, however it ends.

    `task_execution_latency` is the whole wait of a task that completed. Its end lies between two
    polls: `task_polling_error` says how far apart they were.
    """

    async def poll(task_id: str) -> Response:
        return (await ask(vu, contract.task_status(task_id))).response

    result = await vu.task(
        accepted(vu, contract.submit_task(vu), submit_one),
        via=Polling(poll, every=POLL_EVERY),
        status=status_said,
        timeout=GIVE_UP,
        name="task",
    )
    if result.submission.ok:
        note_end(result)


def note_end(result: TaskResult) -> None:
    """Every task that was accepted counts, also one that was lost or took too long."""
    task_completion_rate.add(result.completed)
    a2a_errors.add(not result.completed)
    if result.completed:
        tasks_completed.add(1)
        task_execution_latency.add(result.duration_ns / 1_000_000)


async def execute_one(vu: VirtualUser) -> None:
    """Take a task that nobody else knows, and report that it is done before it is by itself."""
    if contract.execute_task(vu, "") is None:
        return
    task_id = await submitted(vu, LONGEST_TASK)
    execution = None if task_id is None else contract.execute_task(vu, task_id)
    if execution is not None and (await ask(vu, execution)).right:
        tasks_completed.add(1)


async def cancel_one(vu: VirtualUser) -> None:
    """Withdraw a task right after it was submitted. It was not meant to complete, and no rate
    counts it."""
    if contract.cancel_task("") is None:
        return
    task_id = await submitted(vu, LONGEST_TASK)
    cancellation = None if task_id is None else contract.cancel_task(task_id)
    if cancellation is not None:
        await ask(vu, cancellation)


async def submitted(vu: VirtualUser, task_type: str | None = None) -> str | None:
    """The id of a new task; None if it was not accepted."""
    answer = await submit_one(vu, contract.submit_task(vu, task_type))
    return contract.task_id_in(answer.body) if answer.right else None


async def submit_one(vu: VirtualUser, call: Call) -> Answer:
    answer = await ask(vu, call)
    if answer.right:
        tasks_submitted.add(1)
        task_submission_latency.add(answer.response.timings.duration_ms)
    return answer


async def ask(vu: VirtualUser, call: Call) -> Answer:
    answer = await send(vu, call)
    a2a_errors.add(not answer.right)
    return answer
