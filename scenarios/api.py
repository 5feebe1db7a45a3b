"""api: the REST interface of the orchestrator under a working day's load, 20 minutes, 150 users.

    atlas-perf run api                             against the embedded reference orchestrator
    atlas-perf run api --environment staging -p 4  against $STAGING_URL, on four worker processes
    atlas-perf run api --duration-scale 0.04       the same curve of load in 48 seconds

In each iteration a user creates a run and waits for its agents, lists runs, looks at one, grafts an
agent onto one, deletes one: each with a probability of its own. AUTH_TOKEN, if set, goes out as a
bearer token. docs/scenarios.md says more, and what each metric means.
"""

from __future__ import annotations

from typing import TypedDict

from atlas_perf import (
    Counter,
    Options,
    Polling,
    Rate,
    Response,
    Streaming,
    Trend,
    VirtualUser,
    env,
)

from orchestrator.call import Answer, Call, send
from orchestrator.contract import contract_named
from orchestrator.following import accepted, status_said
from orchestrator.headers import bearer
from orchestrator.ids import OwnRuns
from orchestrator.readiness import create_pool, require_ready

contract = contract_named(env.get("CONTRACT", "documented"))

errors = Rate("errors")
successful_requests = Counter("successful_requests")
api_latency = Trend("api_latency", is_time=True)
ai_latency = Trend("ai_latency", is_time=True)
ai_poll_gap = Trend("ai_poll_gap", is_time=True)
ai_success = Rate("ai_success")

options: Options = {
    "scenarios": {
        "users": {
            "executor": "ramping-vus",
            "startVUs": 1,
            "stages": [
                {"duration": "1m", "target": 20},
                {"duration": "3m", "target": 50},
                {"duration": "5m", "target": 100},
                {"duration": "5m", "target": 100},
                {"duration": "3m", "target": 150},
                {"duration": "2m", "target": 50},
                {"duration": "1m", "target": 0},
            ],
        },
        # A hundred users who think cannot ask for 100 requests a second, whatever the service can
        # do. So that its throughput can be judged, others read while the users are steady.
        "readers": {
            "executor": "constant-arrival-rate",
            "exec": "read",
            "startTime": "9m",
            "duration": "5m",
            "rate": 60,
            "preAllocatedVUs": 30,
            "maxVUs": 150,
        },
    },
    "thresholds": {
        "http_req_duration": ["p(95)<500"],
        "http_req_duration{type:ai}": ["p(95)<2000"],
        "errors": ["rate<0.01"],
        "http_req_failed": ["rate<0.01"],
        "successful_requests": ["count>1000"],
    },
}

CREATE, LIST, DETAILS, GRAFT, DELETE = 0.30, 0.50, 0.60, 0.20, 0.10
"""Probabilities per iteration, independent of each other."""

UNKNOWN_RUN = 0.03
"""The share of details that ask for a run that never existed, and want a 404 for it."""

LISTENERS = 0.05
"""The share of those who create a run who listen to its events, where there are any. A stream lasts
as long as its run, and is a request: more than one in a hundred would be the p99 of all."""

THINK_TIME_S = (1.0, 3.0)
POOL_SIZE = 20

FIRST_POLL, POLL_EVERY = "1s", "250ms"
GIVE_UP = "30s"

own_runs = OwnRuns()


class Pool(TypedDict):
    run_ids: list[str]


async def setup(vu: VirtualUser) -> Pool:
    await require_ready(vu, contract)
    return {"run_ids": await create_pool(vu, contract, POOL_SIZE)}


async def default(vu: VirtualUser, data: Pool) -> None:
    if vu.random.random() < CREATE:
        await create_and_wait_for_agents(vu)
    if vu.random.random() < LIST:
        await ask(vu, contract.list_runs(size=20))
    if vu.random.random() < DETAILS:
        await look_at_a_run(vu, data)
    if vu.random.random() < GRAFT:
        await ask(vu, contract.graft_run(vu, own_runs.pick(vu, data["run_ids"])))
    if vu.random.random() < DELETE:
        await delete_an_own_run(vu, data)
    await vu.sleep(vu.random.uniform(*THINK_TIME_S))


async def read(vu: VirtualUser, data: Pool) -> None:
    """One reader, who comes at a rate: to the list, or to a run."""
    if vu.random.random() < 0.5:
        await ask(vu, contract.list_runs(size=20))
    else:
        await ask(vu, contract.run_details(vu.random.choice(data["run_ids"])))


async def teardown(vu: VirtualUser, data: Pool) -> None:
    for run_id in data["run_ids"]:
        deletion = contract.delete_run(run_id)
        if deletion is not None:
            await send(vu, deletion)


async def create_and_wait_for_agents(vu: VirtualUser) -> None:
    """Create a run and learn of its end, by polling or, where there are any, from its events.

    `ai_latency` is the whole wait for a run that completed, from submitting it. Its end lies
    between the last poll that saw the run at work and the one that saw it ended. `ai_poll_gap` is
    that stretch: each sample of `ai_latency` is too long by at most its gap.
    """
    listens = contract.stream_path("") is not None and vu.random.random() < LISTENERS
    result = await vu.task(
        accepted(vu, contract.create_run(vu), ask),
        via=events_of_runs(vu) if listens else polls_of_runs(vu),
        status=status_said,
        timeout=GIVE_UP,
        name="run",
    )
    if not result.submission.ok:
        return  # counted already
    own_runs.add(vu, result.id)
    ai_success.add(result.completed)
    if result.completed:
        ai_latency.add(result.duration_ms)
        ai_poll_gap.add(max(0, result.polling_error_ns) / 1_000_000)
    elif listens or result.outcome != "lost":  # a poll that says so is a wrong answer already
        errors.add(True)


def polls_of_runs(vu: VirtualUser) -> Polling:
    async def poll(run_id: str) -> Response:
        return (await ask(vu, contract.poll_run(run_id))).response

    return Polling(poll, first=FIRST_POLL, every=POLL_EVERY, jitter=0)


def events_of_runs(vu: VirtualUser) -> Streaming:
    return Streaming(
        lambda run_id: vu.http.stream(
            "GET",
            contract.stream_path(run_id) or "",
            name="/api/runs/{id}/stream",
            headers=bearer(vu.env),
            tags={"type": "ai"},
            timeout=GIVE_UP,
            tokens=lambda event: event.type == "token",
        )
    )


async def look_at_a_run(vu: VirtualUser, data: Pool) -> None:
    if vu.random.random() < UNKNOWN_RUN:
        await ask(vu, contract.unknown_run(vu))
    else:
        await ask(vu, contract.run_details(own_runs.pick(vu, data["run_ids"])))


async def delete_an_own_run(vu: VirtualUser, data: Pool) -> None:
    """Whoever has nothing to delete creates something first, so that every tenth user deletes.

    Where a contract deletes nothing, a run is pruned or flagged instead.
    """
    review = contract.review_run(vu, own_runs.pick(vu, data["run_ids"]))
    if review is not None:
        await ask(vu, review)
        return
    run_id = own_runs.take_oldest(vu)
    if run_id is None and await create_a_run(vu) is not None:
        run_id = own_runs.take_oldest(vu)
    deletion = None if run_id is None else contract.delete_run(run_id)
    if deletion is not None:
        await ask(vu, deletion)


async def create_a_run(vu: VirtualUser) -> str | None:
    answer = await ask(vu, contract.create_run(vu))
    if not answer.right:
        return None
    run_id = contract.run_id_in(answer.body)
    own_runs.add(vu, run_id)
    return run_id


async def ask(vu: VirtualUser, call: Call) -> Answer:
    """Send one request and count it: right or wrong, and how long a right one took."""
    answer = await send(vu, call)
    errors.add(not answer.right)
    successful_requests.add(int(answer.right))
    if answer.right:
        api_latency.add(answer.response.timings.duration_ms)
    return answer
