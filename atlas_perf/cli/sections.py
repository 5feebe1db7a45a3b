"""Help texts with the options in named sections, and examples that are run by a test."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from atlas_perf.cli.suggestions import SuggestingCommand


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
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record is not None:
                heading = option.section if isinstance(option, SectionOption) else "Options"
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records, col_max=28)
