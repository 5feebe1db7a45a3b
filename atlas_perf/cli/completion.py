"""`atlas-perf completion`: the script that teaches a shell the commands and scenarios."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class

from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.streams import show
from atlas_perf.cli.suggestions import SuggestingChoice
from atlas_perf.errors import ExitCode
from atlas_perf.loader.names import ALL, shipped_scenarios

PROGRAM = "atlas-perf"
COMPLETE_VARIABLE = "_ATLAS_PERF_COMPLETE"

_HELP = """Print the script that completes commands, options and scenarios in a shell."""

_EPILOG = f"""\b
To have it in every new shell:
  eval "$({PROGRAM} completion bash)"          in ~/.bashrc
  eval "$({PROGRAM} completion zsh)"           in ~/.zshrc, after compinit
  source ({PROGRAM} completion fish | psub)    in ~/.config/fish/config.fish
"""


class ScenarioName(click.ParamType[str]):
    """A shipped scenario's name or a scenario file; both complete."""

    name = "scenario"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - the signature is click's
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        names = [name for name in (*shipped_scenarios(), ALL) if name.startswith(incomplete)]
        return [*map(CompletionItem, names), *map(CompletionItem, _paths(incomplete))]


@click.command(
    cls=SectionCommand,
    short_help="Print the completion script of a shell.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("shell", type=SuggestingChoice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> ExitCode:
    script = get_completion_class(shell)
    assert script is not None
    show(script(ctx.find_root().command, {}, PROGRAM, COMPLETE_VARIABLE).source())
    return ExitCode.PASS


def _paths(incomplete: str) -> list[str]:
    folder, slash, beginning = incomplete.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").iterdir())
    except OSError:
        return []
    return [
        f"{folder}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
        for entry in entries
        if entry.name.startswith(beginning)
        and not entry.name.startswith((".", "__"))
        and (entry.is_dir() or entry.suffix == ".py")
    ]
