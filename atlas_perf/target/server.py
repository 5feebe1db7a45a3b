"""The target as a process: listen, say so, stop when told or when the parent is gone."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from aiohttp import web

from atlas_perf.errors import UsageError
from atlas_perf.target.app import FAULTS, build_app
from atlas_perf.target.faults.doors import Doors
from atlas_perf.target.settings import TargetSettings

SHUTDOWN_LIMIT_S = 1.0
"""How long requests in flight may take to finish once the target is told to stop."""

_STDIN = 0


async def serve(
    settings: TargetSettings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    exit_with_parent: bool = False,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM, SIGINT or, if asked, until standard input ends.

    `on_ready` gets the base URL as soon as connections are accepted. Port 0 takes a free one.

    Raises:
        UsageError: the address cannot be listened on, or standard input is no pipe although the
            target is to exit with its parent.
    """
    _raise_limit_of_open_files()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    if exit_with_parent:
        _watch_stdin(loop, stop)
    app = build_app(settings)
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=SHUTDOWN_LIMIT_S,
    )
    await runner.setup()
    doors = Doors(runner)
    faults = app[FAULTS]
    faults.doors = doors
    try:
        await _listen(doors, host, port)
        url = base_url(host, runner.addresses[0][1])
        await faults.start()
        on_ready(url)
        await stop.wait()
    finally:
        await faults.stop()
        await runner.cleanup()


def base_url(host: str, port: int) -> str:
    """The URL of a bound address; one that means every interface is reached by loopback."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"


async def _listen(doors: Doors, host: str, port: int) -> None:
    try:
        await doors.open(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"the target cannot listen on {host} port {port}: {reason}; "
            "choose another with --port, or 0 for any free one"
        ) from error


def _raise_limit_of_open_files() -> None:
    """Each session takes a descriptor, and the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # refused: connections beyond the limit will wait
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when whoever holds the other end of standard input closes it, or is killed."""
    try:
        mode = os.fstat(_STDIN).st_mode
    except OSError:
        mode = 0
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise UsageError("--exit-with-parent needs a pipe as standard input, held by the parent")

    def read() -> None:
        if not os.read(_STDIN, 4096):
            loop.remove_reader(_STDIN)
            stop.set()

    loop.add_reader(_STDIN, read)
