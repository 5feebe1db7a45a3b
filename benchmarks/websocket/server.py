"""An echo server that costs little, and counts: `python -m benchmarks.websocket.server`.

Prints its port, and when its standard input ends the sessions and messages it has seen.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
from collections import Counter

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

COUNTS: Counter[str] = Counter()


class Echo(WSListener):
    def on_ws_connected(self, _transport: WSTransport) -> None:
        COUNTS["sessions"] += 1
        COUNTS["open"] += 1
        COUNTS["most_open"] = max(COUNTS["most_open"], COUNTS["open"])

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()
            return
        COUNTS["received"] += 1
        transport.send(frame.msg_type, frame.get_payload_as_bytes())
        COUNTS["sent"] += 1

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        COUNTS["open"] -= 1


async def main() -> None:
    logger = logging.LoggerAdapter(logging.Logger("echo", logging.CRITICAL))
    server = await ws_create_server(
        lambda _request: Echo(),
        "0.0.0.0",
        0,
        logger_name=logger,
        read_buffer_init_size=2048,
        use_aiofastnet=False,
        backlog=4096,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(COUNTS), flush=True)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    uvloop.run(main())
