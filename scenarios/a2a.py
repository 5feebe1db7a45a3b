"""a2a: agents that hand tasks to each other, 19 minutes, up to 120 begun in a second.

    atlas-perf run a2a                          against the embedded reference orchestrator
    atlas-perf run a2a --environment staging    against $STAGING_URL, with A2A_TOKEN
    atlas-perf run a2a --duration-scale 0.05    the same curve of load in 57 seconds

In each iteration an agent submits a task and waits for its end, looks at its queue, executes a
task, cancels one: each with a probability of its own. The stages are iterations a second, and not
users: a rate of tasks is gated, and users who wait would offer the less the slower it gets.
"""

from __future__ import annotations

from dataclasses import replace

from atlas_perf import Counter, Options, Polling, Rate, Trend, VirtualUser, env

from orchestrator.call import Answer, Call, judge, request, send
from orchestrator.contract import contract_named
from orchestrator.headers import bearer
from orchestrator.readiness import require_ready
from orchestrator.tasks import NAME, PATH, agent_headers, operation, tasks_named

contract = contract_named(env.get("CONTRACT", "documented"))
tasks = tasks_named(env.get("CONTRACT", "documented"))

a2a_errors = Rate("a2a_errors")
task_completion_rate = Rate("task_completion_rate")
task_submission_latency = Trend("task_submission_latency", is_time=True)
task_execution_latency = Trend("task_execution_latency", is_time=True)
tasks_submitted = Counter("tasks_submitted")
tasks_completed = Counter("tasks_completed")

EXECUTION = {"http_req_duration{operation:execute}": ["p(95)<2000"]} if tasks.ends_tasks else {}

options: Options = {
    "scenarios": {
        "agents": {
            "executor": "ramping-arrival-rate",
            "preAllocatedVUs": 600,
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
        }
    },
    "thresholds": {
        "http_req_duration": ["p(95)<500"],
        "http_req_duration{operation:submit}": ["p(95)<500"],
        "a2a_errors": ["rate<0.01"],
        "http_req_failed": ["rate<0.01"],
        "task_completion_rate": ["rate>0.95"],
        **EXECUTION,
    },
}

SUBMIT, QUEUE, EXECUTE, CANCEL = 0.70, 0.20, 0.30, 0.05
"""Probabilities per iteration, independent of each other."""

THINK_TIME_S = (0.5, 2.0)
POLL_EVERY = "250ms"
GIVE_UP = "20s"


async def setup(vu: VirtualUser) -> None:
    await require_ready(vu, contract)


async def default(vu: VirtualUser) -> None:
    if vu.random.random() < SUBMIT:
        await submit_and_wait(vu)
    if vu.random.random() < QUEUE:
        await ask(vu, tasks.queue(vu))
    if vu.random.random() < EXECUTE and tasks.ends_tasks:
        await execute_a_task(vu)
    if vu.random.random() < CANCEL and tasks.ends_tasks:
        await cancel_a_task(vu)
    await vu.sleep(vu.random.uniform(*THINK_TIME_S))


async def submit_and_wait(vu: VirtualUser) -> None:
    """Submit a task and follow it to its end, which polls see 250 ms and a request late at most."""
    call = from_agent(vu, tasks.submit(vu))
    task = await vu.task(
        request(vu, call),
        via=Polling(
            lambda task_id: vu.http.get(
                f"{PATH}/{task_id}",
                name=NAME,
                tags=operation("status"),
                headers={**bearer(vu.env), **agent_headers(vu)},
            ),
            every=POLL_EVERY,
        ),
        timeout=GIVE_UP,
        name="task",
    )
    accepted = count(judge(vu, call, task.submission))
    count_submission(accepted)
    if not accepted.right:
        return
    if task.outcome in ("timed_out", "lost"):
        a2a_errors.add(True)
    task_completion_rate.add(task.completed)
    if task.completed:
        task_execution_latency.add(task.duration_ms)
        tasks_completed.add(1)


async def execute_a_task(vu: VirtualUser) -> None:
    """Do a task that was just submitted, so that nobody else can have ended it."""
    task_id = await submit(vu)
    if task_id is not None:
        done = await ask(vu, tasks.execute(vu, task_id))
        tasks_completed.add(int(done.right))


async def cancel_a_task(vu: VirtualUser) -> None:
    task_id = await submit(vu)
    if task_id is not None:
        await ask(vu, tasks.cancel(task_id))


async def submit(vu: VirtualUser) -> str | None:
    answer = await ask(vu, tasks.submit(vu))
    count_submission(answer)
    return str(answer.body["taskId"]) if answer.right else None


def count_submission(answer: Answer) -> None:
    tasks_submitted.add(int(answer.right))
    if answer.right:
        task_submission_latency.add(answer.response.timings.duration_ms)


async def ask(vu: VirtualUser, call: Call) -> Answer:
    return count(await send(vu, from_agent(vu, call)))


def from_agent(vu: VirtualUser, call: Call) -> Call:
    return replace(call, headers=agent_headers(vu))


def count(answer: Answer) -> Answer:
    a2a_errors.add(not answer.right)
    return answer
