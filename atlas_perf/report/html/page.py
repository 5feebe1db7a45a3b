"""One self-contained HTML file from a template: no request leaves it, and nothing but its own
scripts can run in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from atlas_perf.report.html.assets import REPORT, Asset, licence, scripts, styles
from atlas_perf.report.html.definitions import DEFINITIONS
from atlas_perf.report.html.report_data import ReportData, report_data_json
from atlas_perf.report.terminal_text import printable

TEMPLATES = Path(__file__).parent / "templates"


def render_page(
    template: str,
    title: str,
    data: ReportData,
    *,
    programs: tuple[Path, ...] = REPORT,
    connects: bool = False,
    **context: Any,
) -> str:
    """The whole file.

    Args:
        template: a file of `templates/`, which extends `page.html.jinja`.
        data: what its scripts draw.
        programs: the scripts that put it together.
        connects: whether it may ask the server that it came from.
        context: what the template names.
    """
    page = _environment().get_template(template)
    return page.render(
        title=title,
        policy=_policy(styles(), scripts(programs), connects=connects),
        styles=[Markup(one.text) for one in styles()],
        scripts=[Markup(one.text) for one in scripts(programs)],
        data=Markup(report_data_json(data)),
        definitions=DEFINITIONS,
        licence=licence(),
        **context,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lines"] = _lines
    return environment


def _visible(value: Any) -> Any:
    """A name from outside must not reorder or hide the text around it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


def _lines(text: str) -> Markup:
    """A text that keeps its lines, such as a traceback."""
    return Markup("\n").join(escape(printable(line)) for line in text.splitlines())


def _policy(sheets: tuple[Asset, ...], programs: tuple[Asset, ...], *, connects: bool) -> str:
    """Only these scripts and styles, no request of any kind unless it `connects` to its server, and
    no text ever parsed as HTML."""
    allowed_styles = " ".join(f"'{one.integrity}'" for one in sheets)
    allowed_scripts = " ".join(f"'{one.integrity}'" for one in programs)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {allowed_scripts}",
            f"style-src {allowed_styles}",
            "img-src data:",
            "connect-src 'self'" if connects else "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
