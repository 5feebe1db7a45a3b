"""Each user keeps a session and echoes in a loop: `scripts/k6_echo.js` in Python."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

options: Options = {"defaultGates": False}

_TEXT = '{"type":"cursor","payload":{"runId":"run-42","x":120,"y":77,"userId":"user-7"}}'


async def default(vu: VirtualUser) -> None:
    socket = await vu.ws.session(env["URL"], name="echo")
    for _ in range(100):
        await socket.send(_TEXT)
        await socket.receive()
