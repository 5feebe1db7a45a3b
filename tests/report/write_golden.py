"""Writes the golden texts of the end summary anew; read the difference before committing it."""

from __future__ import annotations

from pathlib import Path

from sample_summary import sample_summary

from atlas_perf.report.console import render_console

for width in (80, 120):
    text = render_console(sample_summary(), colour=False, width=width)
    path = Path(__file__).parent / "golden" / f"console-{width}.txt"
    path.write_text(text, encoding="utf-8")
