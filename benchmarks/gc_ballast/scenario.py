"""Requests at a rate, beside `OBJECTS` live Python objects that the scenario holds from the start.

With `THAWED` they are no longer kept from the garbage collector, which then walks them once a
second: what they would cost, and a proof that it would be seen.
"""

from __future__ import annotations

import gc

from atlas_perf import Options, VirtualUser, env

options: Options = {
    "scenarios": {
        "steady": {
            "executor": "constant-arrival-rate",
            "rate": int(env.get("RATE", "400")),
            "duration": env.get("DURATION", "10s"),
            "preAllocatedVUs": 60,
            "maxVUs": 200,
        }
    },
    "summaryTrendStats": ["med", "p(99)", "p(99.9)", "max"],
    "thresholds": {"checks": ["rate==1"]},
}

OBJECTS = int(env.get("OBJECTS", "0"))
THAWED = env.get("THAWED") == "1"

ballast: list[list[object]] = [[] for _ in range(OBJECTS)]
arrivals = 0


async def default(vu: VirtualUser) -> None:
    global arrivals  # noqa: PLW0603
    arrivals += 1
    if THAWED and arrivals % options["scenarios"]["steady"]["rate"] == 0:
        gc.unfreeze()
        gc.collect()
    response = await vu.http.get(vu.env["URL"])
    vu.check(response, {"status is 200": lambda answered: answered.status == 200})
    _young: list[list[object]] = [[] for _ in range(2_000)]  # so that there are collections at all
