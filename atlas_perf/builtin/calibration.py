"""The scenario of a calibration: one GET of the null server, as a scenario file makes it.

`bench` repeats its request without waking a task; what a scenario can do is what is asked here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atlas_perf.scripting.environment import env

if TYPE_CHECKING:
    from atlas_perf.worker.virtual_user import VirtualUser

URL: str = env["NULL_SERVER_URL"]


async def default(vu: VirtualUser) -> None:
    await vu.http.get(URL)
