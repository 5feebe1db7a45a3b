"""A bare GET, again and again: what a request costs in a scenario file."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

options: Options = {"insecureSkipTLSVerify": True}

URL = env["URL"]
REQUESTS = 100  # of one iteration


async def default(vu: VirtualUser) -> None:
    for _ in range(REQUESTS):
        await vu.http.get(URL)
