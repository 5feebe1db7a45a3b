"""`atlas-perf baseline`: runs that are kept to be compared with later ones."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.option_types import Written, read_duration_ns, whole_number
from atlas_perf.cli.sections import SectionCommand, SectionGroup
from atlas_perf.cli.store_option import readable_contents, store_option
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.cli.tested_build import COMMIT_VARIABLES, current_commit
from atlas_perf.errors import AtlasPerfError, ExitCode, RunInvalidError, UsageError
from atlas_perf.history.kept_files import MOST_LABEL, Said, is_name
from atlas_perf.history.promotion import require_promotable
from atlas_perf.history.pruning import superfluous
from atlas_perf.history.store import Entry, Store
from atlas_perf.judge.comparison.likeness import unusable
from atlas_perf.judge.redact import redacted_text, secret_values
from atlas_perf.model.kept_run import History
from atlas_perf.report.history import history_to_json, render_history, render_kept_run
from atlas_perf.report.results_folder import SUMMARY_FILE
from atlas_perf.report.run_files import NoRunError, RunFiles, read_run, read_summary
from atlas_perf.units import NS_PER_US, format_bytes

DEFAULT_NAME = "main"

_HELP = """Keep runs in a folder for git, and say which of them is the base of comparisons.

These are runs that were measured. The limits of a release, rows of baselines.toml that
'run' and 'analyze' judge by, are something else.
"""

_SAVE_HELP = """Keep finished runs: summary and distributions, some tens of kB each.

RESULTS is a run's folder, or a folder of such folders. The commit is that of --commit, else of
$CI_COMMIT_SHA or $GITHUB_SHA, else of the repository around this folder. A run that is INVALID or
was interrupted is not kept. Of one run nothing is kept twice.
"""

_SAVE_EPILOG = """\b
Examples:
  atlas-perf baseline save results/20261123T140512Z-api --label v1.4
  atlas-perf baseline save results --commit 1f3c9a2b      every run in there

\b
Exit codes: 0 all are kept; 2 wrong usage; 3 one is invalid, unreadable or cannot be written;
  4 there is no run.
"""

_PROMOTE_HELP = """Let a name stand for a run: what 'compare baseline:main NEW' compares with.

RUN is the id of a kept run, as much of it as is needed, or a results folder, which is kept first.
Only a PASS is promoted that is whole, valid and says how it was made. Of each scenario a name
stands for one run: the one promoted last.
"""

_PROMOTE_EPILOG = """\b
Examples:
  atlas-perf baseline promote 20261123T140512Z-api-v1.4-1f3c9a2b
  atlas-perf baseline promote results/20261123T140512Z-api --as v1-4

\b
Exit codes: 0 promoted; 1 the run failed; 2 wrong usage; 3 it is invalid, interrupted, unreadable,
  or does not say how it was made; 4 there is no such run, or it has no data.
"""

_PRUNE_HELP = """Take old runs out of the store.

With both options a run goes only if both let it. Promoted runs stay; with --superseded those go
too that no name stands for any more. In a repository they remain in its past.
"""

_PRUNE_EPILOG = """\b
Examples:
  atlas-perf baseline prune --keep 50 --dry-run           what would go
  atlas-perf baseline prune --keep 20 --older-than 90d
"""

_COMMIT = re.compile(r"[0-9A-Za-z._-]{1,64}")


def _commit(text: str) -> str:
    if not _COMMIT.fullmatch(text):
        raise ValueError(f"{text!r} is not a commit: write its hash, such as 1f3c9a2b")
    return text


def _label(text: str) -> str:
    if not text.strip() or len(text) > MOST_LABEL or not text.isprintable():
        raise ValueError(f"{text!r} is not a label: write up to {MOST_LABEL} visible characters")
    return text.strip()


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError(
            f"{text!r} is not a name: write letters, digits, '.', '-' and '_', as 'main'"
        )
    return text


def _age(text: str) -> timedelta:
    return timedelta(microseconds=read_duration_ns(text) // NS_PER_US)


_label_option = click.option(
    "--label", type=Written("label", _label), metavar="TEXT", help="What was tested, as 'v1.4'."
)
_commit_option = click.option(
    "--commit", type=Written("commit", _commit), metavar="SHA", help="The commit that was tested."
)


@click.group(
    "baseline", cls=SectionGroup, short_help="Keep runs to compare later ones with.", help=_HELP
)
def baseline() -> None: ...


@baseline.command(
    "save",
    cls=SectionCommand,
    short_help="Keep finished runs.",
    help=_SAVE_HELP,
    epilog=_SAVE_EPILOG,
)
@click.argument(
    "results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS..."
)
@_label_option
@_commit_option
@store_option("Options")
def save(
    *, results: tuple[Path, ...], label: str | None, commit: str | None, store: Path
) -> ExitCode:
    said = _said(label, commit)
    worst = ExitCode.PASS
    for folder in [one for path in results for one in run_folders(path)]:
        try:
            _keep(Store(store), _usable(folder), said)
        except AtlasPerfError as error:
            say(f"error: not kept: {error}")
            worst = max(worst, error.exit_code, key=_gravity)
    return worst


@baseline.command("list", cls=SectionCommand, short_help="Say what is kept.")
@click.option("--scenario", metavar="NAME", help="Only runs of this scenario.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
@store_option("Options")
def list_runs(*, scenario: str | None, as_json: bool, store: Path) -> ExitCode:
    """Say what is kept, oldest first, and which names stand for what.

    A name in brackets has passed to another run.
    """
    contents = readable_contents(store)
    runs = tuple(one.kept for one in contents.entries if scenario in (None, one.kept.scenario))
    history = History(str(store), runs, contents.unreadable)
    if as_json:
        show(history_to_json(history))
    else:
        show(render_history(history, colour=wants_colour(sys.stdout), width=report_width()))
    return ExitCode.PASS


@baseline.command("show", cls=SectionCommand, short_help="Show one kept run.")
@click.argument("run", metavar="RUN")
@store_option("Options")
def show_run(*, run: str, store: Path) -> ExitCode:
    """Show a kept run: what is said of it, and its end summary.

    RUN is a name such as main, or an id, as much of it as is needed.
    """
    entry = readable_contents(store).named(run)
    show(
        render_kept_run(
            entry.kept,
            entry.files.summary,
            colour=wants_colour(sys.stdout),
            width=report_width(),
        )
    )
    return ExitCode.PASS


@baseline.command(
    "promote",
    cls=SectionCommand,
    short_help="Let a name stand for a run.",
    help=_PROMOTE_HELP,
    epilog=_PROMOTE_EPILOG,
)
@click.argument("run", metavar="RUN")
@click.option(
    "--as",
    "name",
    type=Written("name", _name),
    default=DEFAULT_NAME,
    show_default=True,
    metavar="NAME",
    help="The name.",
)
@_label_option
@_commit_option
@store_option("Options")
def promote(*, run: str, name: str, label: str | None, commit: str | None, store: Path) -> ExitCode:
    kept = Store(store)
    folder = _one_run(Path(run))
    if folder is None:
        if label is not None or commit is not None:
            raise UsageError(
                "--label and --commit are said of a run when it is kept: leave them out"
            )
        entry = readable_contents(store).named(run)
        require_promotable(entry.files)
    else:
        files = read_run(folder)
        require_promotable(files)
        entry = _keep(kept, files, _said(label, commit))
    if kept.promote(entry, name, datetime.now(UTC)):
        show(f"{name} stands for {entry.kept.id} now")
    else:
        show(f"{name} stands for {entry.kept.id} already")
    return ExitCode.PASS


@baseline.command(
    "prune",
    cls=SectionCommand,
    short_help="Take old runs out.",
    help=_PRUNE_HELP,
    epilog=_PRUNE_EPILOG,
)
@click.option(
    "--keep",
    type=whole_number(1),
    metavar="N",
    help="So many of the newest of each scenario stay.",
)
@click.option(
    "--older-than",
    type=Written("age", _age),
    metavar="AGE",
    help="Only runs that began longer ago, as '90d'.",
)
@click.option("--superseded", is_flag=True, help="Runs that no name stands for any more, too.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and take nothing out.")
@store_option("Options")
def prune(
    *,
    keep: int | None,
    older_than: timedelta | None,
    superseded: bool,
    dry_run: bool,
    store: Path,
) -> ExitCode:
    if keep is None and older_than is None:
        raise UsageError("say what may go: --keep N, --older-than AGE, or both")
    going = superfluous(
        readable_contents(store).entries,
        datetime.now(UTC),
        keep=keep or 0,
        older_than=older_than,
        superseded=superseded,
    )
    for entry in going:
        if not dry_run:
            Store(store).remove(entry)
        show(f"{'would take out' if dry_run else 'taken out:'} {entry.kept.id}")
    size = format_bytes(sum(entry.kept.size_bytes for entry in going))
    show(f"{len(going)} run{'' if len(going) == 1 else 's'}, {size}")
    return ExitCode.PASS


def _said(label: str | None, commit: str | None) -> Said:
    """Label and commit, without secrets: they go where many people read."""
    found = current_commit() if commit is None else commit
    if not _COMMIT.fullmatch(found):
        if found:
            say(f"warning: no commit is noted: {' or '.join(COMMIT_VARIABLES)} holds none")
        found = ""
    return Said(redacted_text(label or "", secret_values([os.environ])), found)


def _keep(store: Store, run: RunFiles, said: Said) -> Entry:
    entry, is_new = store.keep(run, said)
    if is_new:
        show(f"kept {entry.kept.id} · {format_bytes(entry.kept.size_bytes)}")
    else:
        say(f"{run.path} is kept already, as {entry.kept.id}")
    return entry


def _usable(folder: Path) -> RunFiles:
    reason = unusable(read_summary(folder))
    if reason is not None:
        raise RunInvalidError(f"{folder}: {reason}")
    return read_run(folder)


def _results_of(path: Path) -> Path | None:
    """The folder of a run, if the path is one or its summary."""
    if path.name == SUMMARY_FILE and path.is_file():
        return path.parent
    return path if (path / SUMMARY_FILE).is_file() else None


def _one_run(path: Path) -> Path | None:
    """The only results folder that a path names; None if it is none."""
    if not path.is_dir():
        return _results_of(path)
    folders = run_folders(path)
    if len(folders) > 1:
        raise UsageError(f"{path} holds {len(folders)} runs: name the one that is meant")
    return folders[0]


def run_folders(path: Path) -> list[Path]:
    """The results folders that a path names: its own, or those in it.

    Raises:
        NoRunError: there is none.
    """
    folder = _results_of(path)
    if folder is not None:
        return [folder]
    if not path.is_dir():
        raise NoRunError(f"{path}: there is no such results folder")
    inner = sorted(one.parent for one in path.glob(f"*/{SUMMARY_FILE}"))
    if not inner:
        raise NoRunError(f"{path} holds no run: there is no {SUMMARY_FILE} in it")
    return inner


def _gravity(code: ExitCode) -> int:
    order = (ExitCode.PASS, ExitCode.NO_DATA, ExitCode.USAGE, ExitCode.INVALID)
    return order.index(code) if code in order else len(order)
