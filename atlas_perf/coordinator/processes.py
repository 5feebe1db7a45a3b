"""Worker processes: spawning them, talking to them, noticing their end, ending them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping
from pathlib import Path

import atlas_perf
from atlas_perf.errors import RunInvalidError
from atlas_perf.model.batch import Batch
from atlas_perf.wire.batch_codec import decode_batch
from atlas_perf.wire.control import ToCoordinator, ToWorker, decode_control, encode_control
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.frames import FrameKind
from atlas_perf.worker.last_words import LastWordsReader
from atlas_perf.worker.pipes import FrameReceiver, FrameSender

FAREWELL_S = 2.0
"""How long a worker may take to exit once it is dismissed or its pipe has ended."""

OnMessage = Callable[[int, ToCoordinator | Batch], None]
OnGone = Callable[[int, str], None]
"""Worker and how it ended. Comes once, after everything the worker had sent."""


class WorkerProcess:
    """One worker, from spawn to its end. It ends with its pipe: see `worker.lifeline`."""

    def __init__(self, index: int, on_message: OnMessage, on_gone: OnGone) -> None:
        self.index = index
        self._on_message = on_message
        self._on_gone = on_gone
        self._fault: str | None = None  # what was wrong with what it sent
        self._pipe_ended = asyncio.Event()
        self._process: Process
        self._sender: FrameSender
        self._receiver: FrameReceiver
        self._last_words: LastWordsReader
        self._watch: asyncio.Task[None]

    @classmethod
    async def spawn(cls, index: int, on_message: OnMessage, on_gone: OnGone) -> WorkerProcess:
        """Start a worker in a session of its own: the terminal's Ctrl-C is for the coordinator."""
        worker = cls(index, on_message, on_gone)
        control_read, control_write = os.pipe()
        batch_read, batch_write = os.pipe()
        words_read, words_write = os.pipe()
        try:
            worker._process = await asyncio.create_subprocess_exec(
                sys.executable,
                # Never look for modules in the current folder: files there may be named as ours.
                *("-P", "-m", "atlas_perf.worker"),
                *("--control-fd", str(control_read), "--batch-fd", str(batch_write)),
                *("--words-fd", str(words_write)),
                stdin=DEVNULL,
                pass_fds=(control_read, batch_write, words_write),
                start_new_session=True,
                env=_environment(os.environ),
            )
        except BaseException:
            os.close(control_write)
            os.close(batch_read)
            os.close(words_read)
            raise
        finally:
            # Held here too, the pipes would never end.
            os.close(control_read)
            os.close(batch_write)
            os.close(words_write)
        worker._last_words = LastWordsReader(words_read)
        worker._sender = await FrameSender.open(control_write)
        worker._receiver = await FrameReceiver.open(batch_read, worker._take, worker._end)
        worker._watch = asyncio.create_task(worker._watch_for_the_end())
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, message: ToWorker) -> None:
        """Send a message; to a worker that is gone it goes nowhere."""
        self._sender.send(FrameKind.CONTROL, encode_control(message))

    def kill(self) -> None:
        """End the process now."""
        if self._process.returncode is None:
            self._process.kill()

    async def end(self, *, at_once: bool) -> None:
        """Return when the process is gone, killed if it does not go by itself in time."""
        if at_once:
            self.kill()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await self._watch
        self._sender.abort()
        self._receiver.close()
        self._last_words.close()

    def stands_at(self, since_ns: int) -> str | None:
        """Where its event loop has stood still since an instant or later, if it could be seen."""
        return self._last_words.since(since_ns)

    def _take(self, kind: FrameKind, payload: bytes) -> None:
        try:
            message: ToCoordinator | Batch
            if kind is FrameKind.BATCH:
                message = decode_batch(payload)
            else:
                control = decode_control(payload)
                if not isinstance(control, ToCoordinator):
                    raise WireError(f"a worker sent {type(control).__name__}")
                message = control
        except WireError as error:
            self.give_up(f"what it sent cannot be used: {error}")
        else:
            self._on_message(self.index, message)

    def give_up(self, fault: str) -> None:
        """Listen no more, and end it; `fault` is then how it ended."""
        self._fault = self._fault or fault
        self._receiver.close()
        self._pipe_ended.set()
        self.kill()

    def _end(self, error: WireError | None) -> None:
        if error is not None:
            self.give_up(f"what it sent cannot be used: {error}")
        self._pipe_ended.set()

    async def _watch_for_the_end(self) -> None:
        """Whichever ends first, the pipe or the process, the other follows at once."""
        exited = asyncio.create_task(self._process.wait())
        ended = asyncio.create_task(self._pipe_ended.wait())
        await asyncio.wait({exited, ended}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({exited, ended}, timeout=FAREWELL_S)
        self.kill()
        await exited
        ended.cancel()
        self._on_gone(self.index, self._fault or _how_it_ended(await exited))


async def spawn_workers(count: int, on_message: OnMessage, on_gone: OnGone) -> list[WorkerProcess]:
    """Start `count` workers; if one cannot be started, none is left.

    Raises:
        RunInvalidError: the system gives no more processes or descriptors.
    """
    workers: list[WorkerProcess] = []
    try:
        for index in range(count):
            workers.append(await WorkerProcess.spawn(index, on_message, on_gone))
    except BaseException as error:
        await asyncio.gather(*(worker.end(at_once=True) for worker in workers))
        if isinstance(error, OSError):
            raise RunInvalidError(
                f"worker {len(workers)} of {count} cannot be started: {error.strerror}: "
                "use fewer processes, or raise the limits of the system (ulimit -n, ulimit -u)"
            ) from error
        raise
    return workers


def _how_it_ended(returncode: int) -> str:
    if returncode >= 0:
        return f"it exited with code {returncode}"
    try:
        name = signal.Signals(-returncode).name
    except ValueError:
        name = f"signal {-returncode}"
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"it was killed by {name}{hint}"


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Ours, and for a checkout that is not installed the place to find this package in."""
    home = str(Path(atlas_perf.__file__).parents[1])
    if home in _installed_places():
        return dict(own)
    paths = [home, *own.get("PYTHONPATH", "").split(os.pathsep)]
    return {**own, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _installed_places() -> set[str]:
    return {path for path in sys.path if path.endswith(("site-packages", "dist-packages"))}
