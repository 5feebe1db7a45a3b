"""The only place where atlas-perf ends a process: every outcome becomes an exit code here."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from atlas_perf.cli.ab import ab
from atlas_perf.cli.analyze import analyze
from atlas_perf.cli.bench import bench
from atlas_perf.cli.calibrate import calibrate
from atlas_perf.cli.compare import compare
from atlas_perf.cli.completion import COMPLETE_VARIABLE, PROGRAM, completion
from atlas_perf.cli.convert import convert
from atlas_perf.cli.doctor import doctor
from atlas_perf.cli.find_capacity import find_capacity
from atlas_perf.cli.inspect import inspect
from atlas_perf.cli.json_log import asks_for_json
from atlas_perf.cli.kept_runs import baseline
from atlas_perf.cli.new import new
from atlas_perf.cli.open_files import raise_limit_of_open_files
from atlas_perf.cli.report import report
from atlas_perf.cli.run import run
from atlas_perf.cli.sections import SectionGroup
from atlas_perf.cli.stop_signals import STOP_SIGNALS
from atlas_perf.cli.streams import accept_all_text, log_json, say, say_lines, show, silence
from atlas_perf.cli.target import target
from atlas_perf.cli.trend import trend
from atlas_perf.cli.version import version_line
from atlas_perf.errors import AtlasPerfError, ExitCode, InternalError
from atlas_perf.judge.redact import redacted_text, secret_values

READER_GONE = 141  # 128 + SIGPIPE, as the shell counts it

_NOWHERE_TO_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)

_HELP = """Load tests in plain asyncio, and a verdict that can be trusted."""

_SECTIONS = {
    "Load": ("run", "bench", "find-capacity", "inspect"),
    "Results": ("report", "analyze", "compare", "ab", "calibrate"),
    "History": ("baseline", "trend"),
    "Scenario files": ("new", "convert"),
    "Set-up": ("doctor", "target", "completion"),
}

_EPILOG = """\b
Start here:
  atlas-perf run smoke            one user, one minute, embedded target
  atlas-perf new my_scenario.py   a commented file to go on with
  atlas-perf run my_scenario.py   your own file
  atlas-perf bench URL            one URL, no file
  atlas-perf COMMAND --help       options, examples and exit codes of each
"""


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: Any) -> None:
    if wanted and not ctx.resilient_parsing:
        show(version_line())
        ctx.exit()


@click.group(
    cls=SectionGroup,
    help=_HELP,
    epilog=_EPILOG,
    sections=_SECTIONS,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Name the version, Python and uvloop, and prove that the compiled parts load.",
)
def cli() -> None: ...


cli.add_command(run)
cli.add_command(inspect)
cli.add_command(analyze)
cli.add_command(bench)
cli.add_command(find_capacity)
cli.add_command(compare)
cli.add_command(ab)
cli.add_command(calibrate)
cli.add_command(report)
cli.add_command(target)
cli.add_command(doctor)
cli.add_command(baseline)
cli.add_command(trend)
cli.add_command(new)
cli.add_command(convert)
cli.add_command(completion)


def main() -> NoReturn:
    """The command, once the process is sound: see `atlas_perf.__main__`."""
    accept_all_text()
    raise_limit_of_open_files()
    if COMPLETE_VARIABLE in os.environ:
        cli.main(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE)
    exit_code = execute(sys.argv[1:])
    for number in STOP_SIGNALS:  # all is said: only the exit code is left to be lost
        signal.signal(number, signal.SIG_IGN)
    sys.exit(exit_code)


def execute(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one return for each way to end
    """Carry out a command line and say how it ended."""
    given: dict[str, str] = {}  # with `-e`: the command notes it here
    # The option itself is read too late to tell of a command line that cannot be.
    log_json(wanted=asks_for_json(arguments, os.environ))
    if not _has_folder():
        say(f"{PROGRAM}: the current folder does not exist any more: go to another one")
        return ExitCode.USAGE
    try:
        with cli.make_context(PROGRAM, list(arguments), obj=given) as context:
            exit_code: int = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        say_lines(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        _say_discreetly(f"{PROGRAM}: {_sentence(error)}", given)
        return ExitCode.USAGE
    except InternalError:
        return _bug(given)
    except AtlasPerfError as error:
        _say_discreetly(f"{PROGRAM}: {error}", given)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say(f"{PROGRAM}: interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return READER_GONE
    except OSError as error:
        return _unsaid(error) if error.errno in _NOWHERE_TO_WRITE else _bug(given)
    except Exception:
        return _bug(given)
    return exit_code


def _has_folder() -> bool:
    """False where the folder that the command was started in is gone."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _sentence(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None or message.endswith("?"):
        return message
    return f"{message} (see '{context.command_path} --help')"


def _unsaid(error: OSError) -> ExitCode:
    """What was asked for could not be printed, or has no room on the disk."""
    silence(sys.stdout)
    say(f"{PROGRAM}: nothing more can be written: {error.strerror}")
    return ExitCode.INVALID


def _say_discreetly(text: str, given: Mapping[str, str]) -> None:
    """An error may quote what a scenario file said, and CI keeps what we print."""
    say(redacted_text(text, secret_values([os.environ, given])))


def _bug(given: Mapping[str, str]) -> ExitCode:
    say_lines(redacted_text(traceback.format_exc(), secret_values([os.environ, given])))
    say(f"{PROGRAM}: this is a bug in atlas-perf; please report it with the lines above")
    return ExitCode.INTERNAL
