"""The scenario of `atlas-perf bench`: one request again and again, as its variable says.

The command has checked the request before a worker imports this file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas_perf.scripting.environment import env

if TYPE_CHECKING:
    from atlas_perf.protocols.http.request import RequestParams
    from atlas_perf.worker.virtual_user import VirtualUser

REQUEST: dict[str, Any] = json.loads(env["BENCH_REQUEST_SECRET"])
METHOD: str = REQUEST["method"]
URL: str = REQUEST["url"]
BODY: bytes | None = (
    Path(REQUEST["body_file"]).read_bytes()
    if "body_file" in REQUEST
    else REQUEST["body"].encode()
    if "body" in REQUEST
    else None
)
# Only what was asked for: a request without parameters is the cheapest one.
PARAMS: RequestParams = {name: REQUEST[name] for name in ("headers", "name") if name in REQUEST}  # type: ignore[assignment]


async def default(vu: VirtualUser) -> None:
    call = vu.http.request(METHOD, URL, BODY, **PARAMS)
    await (call if vu.permit is None else vu.permit.repeated(call))
