"""A build under test: an address where it listens, or a command that serves it for one run."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from atlas_perf.errors import RunInvalidError, UsageError

EMBEDDED = "embedded"
"""Stands for the reference target, served afresh for each run."""

PORT_FIELD = "{port}"
STOP_LIMIT_S = 10.0

_REFERENCE_TARGET = (sys.executable, "-m", "atlas_perf.target", "--port", PORT_FIELD)
_ADDRESS = re.compile(r"[\w.-]+:\d+(/.*)?")
_LOOK_AGAIN_S = 0.02
_ANSWER_LIMIT_S = 5.0
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Build:
    """One side of a comparison, as it was written."""

    written: str
    url: str | None = None  # of one that listens already
    command: tuple[str, ...] = ()  # of one that is to be started


def read_build(text: str) -> Build:
    """`http://host:port`, `embedded`, or a command such as `./serve --port {port}`.

    Raises:
        ValueError: it is none of these, in a sentence.
    """
    if text.strip() == EMBEDDED:
        return Build(EMBEDDED, command=_REFERENCE_TARGET)
    if text.startswith(("http://", "https://")):
        try:
            parts = urlsplit(text)
            usable = bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"{text!r} is not a URL that load can be sent to")
        return Build(text, url=text.rstrip("/"))
    try:
        command = tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a command: {error}") from None
    if not command:
        raise ValueError("an empty text is neither a URL nor a command")
    if _ADDRESS.fullmatch(text.strip()):
        raise ValueError(f"{text!r} has no scheme: write http://{text.strip()}")
    if "://" in command[0]:
        raise ValueError(
            f"{text!r} is not a URL that load can be sent to: write http:// or https://"
        )
    return Build(text, command=command)


def speaking(build: Build, contract: str, *, sockjs_framing: bool) -> Build:
    """The reference target as the scenarios expect it; any other build as it is."""
    if build.written != EMBEDDED:
        return build
    more = ("--contract", contract, *(["--sockjs-framing"] if sockjs_framing else []))
    return replace(build, command=(*_REFERENCE_TARGET, *more))


def refuse_unstartable(build: Build) -> None:
    """Raises UsageError for a command whose program is not there, before anything is loaded."""
    if build.command and shutil.which(build.command[0]) is None:
        raise _not_started(build.command[0], "there is no such program")


class ServedBuild:
    """A build that listens on `url` now."""

    def __init__(
        self, url: str, process: subprocess.Popen[bytes] | None = None, said: Path | None = None
    ) -> None:
        self.url = url
        self._process = process
        self._said = said

    def early_end(self) -> str | None:
        """A sentence if what was started for the run has ended by itself."""
        if self._process is None or self._process.poll() is None:
            return None
        return f"The build {_ended(self._process.returncode, self._said)}."


@contextmanager
def served(
    build: Build,
    *,
    log: Path,
    ready_path: str,
    ready_within_s: float,
    interrupted: Callable[[], bool],
) -> Iterator[ServedBuild]:
    """The build while it listens; one that was started is stopped at the end, with its children.

    Args:
        build: a command finds its port in `{port}` and in the variable PORT.
        log: where what it prints goes.
        ready_path: is asked until it answers with a status below 400; empty: it need only listen.
        interrupted: asked while waiting, so that Ctrl-C does not have to wait as well.

    Raises:
        UsageError: the command cannot be started.
        RunInvalidError: it ended, or did not listen in time; its last words are in the message.
    """
    if build.url is not None:
        yield ServedBuild(build.url)
        return
    port = _free_port()
    command = [part.replace(PORT_FIELD, str(port)) for part in build.command]
    process = _start(command, {**os.environ, "PORT": str(port)}, log)
    try:
        deadline_s = time.monotonic() + ready_within_s
        while not _answers(port, ready_path):
            if process.poll() is not None:
                raise RunInvalidError(
                    f"{build.written!r} {_ended(process.returncode, log)}; it was to listen on "
                    f"port {port}"
                )
            if interrupted():
                raise KeyboardInterrupt
            if time.monotonic() > deadline_s:
                where = f"answer {ready_path}" if ready_path else "listen"
                raise RunInvalidError(
                    f"{build.written!r} did not {where} on 127.0.0.1:{port} within "
                    f"{ready_within_s:g} s: it must take its port from {PORT_FIELD} or PORT "
                    f"({_words(log) or 'it printed nothing'})"
                )
            time.sleep(_LOOK_AGAIN_S)
        yield ServedBuild(f"http://127.0.0.1:{port}", process, log)
    finally:
        _stop_group(process)


def _start(command: list[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    try:
        with log.open("ab") as said:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env=dict(env),
                start_new_session=True,  # a group of its own, which can be ended as a whole
            )
    except OSError as error:
        raise _not_started(command[0], error.strerror or str(error)) from None


def _not_started(program: str, why: str) -> UsageError:
    return UsageError(f"the command {program!r} cannot be started: {why}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int, path: str) -> bool:
    if not path:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), _ANSWER_LIMIT_S):
            return True
        return False
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_LIMIT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """End it and its children, which a shell or a server may leave behind."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ended(code: int, log: Path | None) -> str:
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    words = "" if log is None else _words(log)
    return f"{how}: {words}" if words else how


def _words(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join([line.strip() for line in lines if line.strip()][-_LAST_LINES:])
