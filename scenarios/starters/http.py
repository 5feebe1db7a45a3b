"""http: users who ask, read and think.

    atlas-perf run http.py -e BASE_URL=http://localhost:8088
    atlas-perf run http.py -u 50 -d 2m --threshold 'http_req_duration=p(99)<800'

Variables: BASE_URL, and AUTH_TOKEN if the service asks for a bearer token.
"""

from __future__ import annotations

from typing import TypedDict

from atlas_perf import Options, Trend, VirtualUser, env

# How much load there is, and what the verdict is: docs/options.md, docs/thresholds.md.
options: Options = {
    "stages": [
        {"duration": "10s", "target": 10},  # up
        {"duration": "30s", "target": 10},  # hold: the phase `steady`
        {"duration": "5s", "target": 0},  # down
    ],
    "thresholds": {
        "http_req_duration": ["p(95)<500 over steady"],  # milliseconds
        "http_req_failed": ["rate<0.01"],
        "checks": ["rate>0.99"],
    },
}

# A metric of your own, beside those that every run has: docs/metrics.md.
page_size = Trend("page_size")

TOKEN = env.get("AUTH_TOKEN", "")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


class Shared(TypedDict):
    """What setup hands to everybody: plain data, a copy for each."""

    size: int


async def setup(vu: VirtualUser) -> Shared:
    """Once, before the load; in no metric. If it raises, no load starts."""
    response = await vu.http.get("/actuator/health")
    if not response.ok:
        raise RuntimeError(f"the service is not ready: {response.error or response.status}")
    return {"size": 20}


async def default(vu: VirtualUser, data: Shared) -> None:
    """One iteration of one user; it begins again as long as the load lasts."""
    with vu.group("list"):
        response = await vu.http.get(
            "/api/runs", params={"page": "0", "size": str(data["size"])}, headers=HEADERS
        )
        if vu.check(response, {"status is 200": lambda r: r.status == 200}):
            page_size.add(len(response.json()["content"]))
    await vu.sleep(vu.random.uniform(1, 3))  # thinking; the same again with the same --seed


async def teardown(vu: VirtualUser, data: Shared) -> None:
    """Once, after the load, also when it was stopped."""
