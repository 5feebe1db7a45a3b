"""The scripts and styles of a page, read once, with the hashes that its policy allows them by."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from atlas_perf.errors import InternalError

HERE = Path(__file__).parent
STATIC = HERE / "static"
CHARTS = HERE / "charts"
"""uPlot, which a build fetches: see docs/decisions/0007-the-report.md."""

STYLES = (
    CHARTS / "uPlot.min.css",
    STATIC / "colours.css",
    STATIC / "page.css",
    STATIC / "tables.css",
    STATIC / "charts.css",
    STATIC / "live.css",
    STATIC / "narrow.css",
    STATIC / "print.css",
)
SCRIPTS = (
    CHARTS / "uPlot.iife.min.js",
    STATIC / "numbers.js",
    STATIC / "theme.js",
    STATIC / "tooltips.js",
    STATIC / "tables.js",
    STATIC / "chart.js",
    STATIC / "chart-table.js",
    STATIC / "timeline.js",
    STATIC / "spectrum.js",
    STATIC / "histories.js",
    STATIC / "trend.js",
)
"""In the order in which they need each other; each adds its part to `atlas`. Last comes what puts a
page together."""

REPORT = (STATIC / "page.js",)
LIVE = (STATIC / "live-figures.js", STATIC / "live-stop.js", STATIC / "live.js")

LICENCE = CHARTS / "LICENSE"


@dataclass(frozen=True, slots=True)
class Asset:
    """One style sheet or script as it stands in a page."""

    text: str
    integrity: str  # for a Content-Security-Policy: sha256-…


@cache
def styles() -> tuple[Asset, ...]:
    return tuple(map(_asset, STYLES))


@cache
def scripts(last: tuple[Path, ...] = REPORT) -> tuple[Asset, ...]:
    return tuple(map(_asset, (*SCRIPTS, *last)))


@cache
def licence() -> str:
    """The licence of the charts' library, which every page carries."""
    return _text(LICENCE)


def require_assets() -> None:
    """See that all of a page is there.

    Raises:
        InternalError: naming the file that is not.
    """
    _ = styles(), scripts(), scripts(LIVE), licence()


def _asset(file: Path) -> Asset:
    text = f"\n{_text(file).strip()}\n"
    digest = hashlib.sha256(text.encode()).digest()
    return Asset(text, f"sha256-{base64.b64encode(digest).decode()}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        raise InternalError(
            f"{file.name}, a part of the report, is missing: install atlas-perf again with "
            "'pip install .' or 'make build'"
        ) from None
