"""`python -m atlas_perf.worker --control-fd N --batch-fd M --words-fd L`: a worker process.

Started by the coordinator only, with the read end of a control pipe and the write ends of a batch
pipe and of one for its last words. What scenario code prints goes where the command's own output
goes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import traceback

from atlas_perf.errors import ExitCode
from atlas_perf.loop import run
from atlas_perf.wire.control import Crashed
from atlas_perf.worker.last_words import LastWords
from atlas_perf.worker.lifeline import Lifeline
from atlas_perf.worker.link import Link
from atlas_perf.worker.printing import make_printing_harmless
from atlas_perf.worker.session import Session
from atlas_perf.worker.unstoppable_loop import unstoppable


def main() -> ExitCode:
    """Serve one run."""
    parser = argparse.ArgumentParser(prog="python -m atlas_perf.worker")
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--batch-fd", type=int, required=True)
    parser.add_argument("--words-fd", type=int, required=True)
    arguments = parser.parse_args()
    # The coordinator decides what an interrupt means, and its end ends us: see Lifeline.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for fd in (arguments.control_fd, arguments.batch_fd, arguments.words_fd):
        os.set_inheritable(fd, False)  # a program that a scenario starts must not hold the pipes
    make_printing_harmless()
    lifeline = Lifeline(arguments.control_fd)
    last_words = LastWords(arguments.words_fd)
    return run(_serve(arguments.control_fd, arguments.batch_fd, lifeline, last_words))


async def _serve(
    control_fd: int, batch_fd: int, lifeline: Lifeline, last_words: LastWords
) -> ExitCode:
    link = await Link.open(control_fd, batch_fd)
    exit_code = ExitCode.PASS
    try:
        with unstoppable(asyncio.get_running_loop()):
            await Session(link, last_words).serve()
    except Exception:
        link.send(Crashed(traceback.format_exc()))
        exit_code = ExitCode.INTERNAL
    lifeline.release()
    await link.close()
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
