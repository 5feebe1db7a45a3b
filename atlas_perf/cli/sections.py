"""Help texts with options and commands in named sections, and examples that are run by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from atlas_perf.cli.help_text import write_epilog
from atlas_perf.cli.suggestions import SuggestingCommand, SuggestingGroup

_OPTIONS = "Options"
_HELP = "Show this text."


class SectionOption(click.Option):
    """An option that says under which heading of the help it belongs."""

    def __init__(self, *args: Any, section: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """A wrong value is told of by the name of the variable, if one said it."""
        try:
            return super().process_value(ctx, value)
        except click.BadParameter as error:
            source = None if self.name is None else ctx.get_parameter_source(self.name)
            if source is ParameterSource.ENVIRONMENT and isinstance(self.envvar, str):
                error.param_hint = self.envvar
            raise


class SectionCommand(SuggestingCommand):
    """A command whose help groups options under their sections, in the order they appear."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        heading = _OPTIONS
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                if isinstance(option, SectionOption):
                    heading = option.section
                elif option.name != "help":  # which comes last, wherever that is
                    heading = _OPTIONS
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=28)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _with_our_text(super().get_help_option(ctx))

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            write_epilog(formatter, self.epilog)


class SectionGroup(SuggestingGroup):
    """A group whose help has its commands under headings."""

    def __init__(
        self, *args: Any, sections: Mapping[str, Sequence[str]] | None = None, **kwargs: Any
    ) -> None:
        """Args:
        sections: headings with the names of commands; None: all under one.
        """
        super().__init__(*args, **kwargs)
        self.sections = sections

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.sections is None:
            super().format_commands(ctx, formatter)
            return
        widest = max(map(len, self.commands))
        for heading, names in self.sections.items():
            with formatter.section(heading):
                rows = [(name, self.commands[name].get_short_help_str(100)) for name in names]
                rows[0] = (rows[0][0].ljust(widest), rows[0][1])  # as wide in every section
                formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands first: what they are is why one asks."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _with_our_text(super().get_help_option(ctx))

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.epilog:
            write_epilog(formatter, self.epilog)


def _with_our_text(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.help = _HELP
    return option
