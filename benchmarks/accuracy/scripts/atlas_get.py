"""One GET an iteration; percentiles that are compared."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

options: Options = {"summaryTrendStats": ["p(50)", "p(90)", "p(95)", "p(99)", "p(99.9)"]}

URL = env["URL"]


async def default(vu: VirtualUser) -> None:
    await vu.http.get(URL)
