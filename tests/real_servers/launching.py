"""Start a server in a folder of its own, and end it for sure."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme
from served_site import Site

START_LIMIT_S = 40
ATTEMPTS = 3


@dataclass(frozen=True)
class RealServer:
    """How one kind of server is started, and what it can."""

    name: str
    missing: Callable[[], str | None]  # why it cannot be started here
    commands: Callable[[Site], Sequence[Sequence[str]]]  # write the configuration; processes
    schemes: tuple[str, ...] = ("http", "https")
    echoes: bool = True  # answers an upload with its content; else stores it
    plain_chunks: bool = True  # sends in chunks what is not compressed
    keeps_connections: bool = True
    unprivileged_user: bool = False  # needs another user if we are root


def program(name: str) -> Callable[[], str | None]:
    """Missing unless it is on the path, as Debian installs it."""

    def missing() -> str | None:
        return None if found(name) else f"{name} is not installed"

    return missing


def found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextlib.contextmanager
def running(server: RealServer, authority: trustme.CA) -> Iterator[Site]:
    """The server with its documents, until the block ends."""
    with contextlib.ExitStack() as stack:
        for attempt in range(1, ATTEMPTS + 1):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="site-")))
            site = Site(folder, *_free_ports(3))
            site.write(authority)
            processes = [
                stack.enter_context(_process(command, site, server))
                for command in server.commands(site)
            ]
            if _all_listening(site, server, processes):
                yield site
                return
            if attempt == ATTEMPTS:
                raise RuntimeError(f"{server.name} does not start: {_output(site)}")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.contextmanager
def _process(
    command: Sequence[str], site: Site, server: RealServer
) -> Iterator[subprocess.Popen[bytes]]:
    user = None
    if server.unprivileged_user and os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        for path in (site.folder, *site.folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "TERM", *command]  # should we be killed ourselves
    with (site.folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=site.folder,
            env=_environment(site.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # itself or children of its, whoever is left
        process.wait()


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, **own}


def _all_listening(
    site: Site, server: RealServer, processes: Sequence[subprocess.Popen[bytes]]
) -> bool:
    ports = [site.port] if server.schemes == ("http",) else [site.port, site.tls_port]
    limit_s = time.monotonic() + START_LIMIT_S
    while ports and time.monotonic() < limit_s:
        if any(process.poll() is not None for process in processes):
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[0]), 1):
            ports.pop(0)
            continue
        time.sleep(0.02)
    return not ports


def _output(site: Site) -> str:
    return (site.folder / "output.txt").read_text(errors="replace")[-2000:]
