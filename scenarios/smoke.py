"""smoke: one user, one minute, the three things that must work before anything else is tried.

    atlas-perf run smoke                       against the embedded reference orchestrator
    atlas-perf run smoke --environment local   against http://localhost:8088

AUTH_TOKEN, if set, goes out as a bearer token. docs/scenarios.md says more.
"""

from __future__ import annotations

from atlas_perf import Options, Rate, VirtualUser, env

from orchestrator.call import Call, send
from orchestrator.contract import contract_named
from orchestrator.readiness import require_ready

contract = contract_named(env.get("CONTRACT", "documented"))

errors = Rate("errors")

options: Options = {
    "vus": 1,
    "duration": "1m",
    "thresholds": {
        "http_req_duration": ["p(95)<1000"],
        "errors": ["rate<0.05"],
    },
}


async def setup(vu: VirtualUser) -> None:
    await require_ready(vu, contract)


async def default(vu: VirtualUser) -> None:
    await ask(vu, contract.health())
    await vu.sleep(1)
    await ask(vu, contract.list_runs(size=5))
    await vu.sleep(1)
    await ask(vu, contract.create_run(vu))
    await vu.sleep(2)


async def ask(vu: VirtualUser, call: Call) -> None:
    answer = await send(vu, call)
    errors.add(not answer.right)
