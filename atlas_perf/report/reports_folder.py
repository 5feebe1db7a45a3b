"""A folder of what CI systems read of an analysis or a comparison.

Whatever an earlier command has left there goes first: a report that stays behind when this one
breaks would speak of other runs.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.model.analysis import Analysis
from atlas_perf.model.comparison import Comparison
from atlas_perf.report.analysis_reports import (
    analysis_junit,
    analysis_markdown,
    analysis_metrics,
    analysis_quality,
    analysis_to_json,
)
from atlas_perf.report.comparison import comparison_to_json
from atlas_perf.report.comparison_reports import (
    comparison_junit,
    comparison_markdown,
    comparison_metrics,
    comparison_quality,
    refusal_junit,
    refusal_markdown,
)
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.results_folder import (
    CODE_QUALITY_FILE,
    JUNIT_FILE,
    MARKDOWN_FILE,
    OPEN_METRICS_FILE,
)

ANALYSIS_FILE = "analysis.json"
COMPARISON_FILE = "comparison.json"
FILES = (
    JUNIT_FILE,
    MARKDOWN_FILE,
    OPEN_METRICS_FILE,
    CODE_QUALITY_FILE,
    ANALYSIS_FILE,
    COMPARISON_FILE,
)


class ReportsFolder:
    """Made and emptied of old reports at once.

    Raises:
        UsageError: from the constructor, if nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                (path / name).unlink(missing_ok=True)
            with tempfile.TemporaryFile(dir=path):
                pass
        except OSError as error:
            raise UsageError(
                f"reports cannot be written to {path}: {error.strerror or error}; name another "
                "folder with --reports"
            ) from None

    def write(self, files: Mapping[str, str]) -> None:
        """
        Raises:
            ResultsWriteError: naming the file; none is there then.
        """
        for name, text in files.items():
            try:
                # A name that the locale cannot read is there as the escape of its bytes.
                (self.path / name).write_bytes(text.encode(errors="backslashreplace"))
            except OSError as error:
                for written in files:
                    (self.path / written).unlink(missing_ok=True)
                raise ResultsWriteError(
                    f"the reports were not written: {self.path / name}: {error.strerror or error}"
                ) from None


def analysis_files(analysis: Analysis) -> dict[str, str]:
    """All reports of an analysis, by file name."""
    return {
        ANALYSIS_FILE: analysis_to_json(analysis),
        JUNIT_FILE: analysis_junit(analysis),
        MARKDOWN_FILE: analysis_markdown(analysis),
        OPEN_METRICS_FILE: analysis_metrics(analysis),
        CODE_QUALITY_FILE: _json(analysis_quality(analysis)),
    }


def comparison_files(
    comparison: Comparison, bases: Sequence[str], candidates: Sequence[str], *, file: str
) -> dict[str, str]:
    """All reports of a comparison, by file name. Args: file: of the candidate's scenario."""
    return {
        COMPARISON_FILE: comparison_to_json(comparison, bases, candidates),
        JUNIT_FILE: comparison_junit(comparison, file),
        MARKDOWN_FILE: comparison_markdown(comparison, bases, candidates),
        OPEN_METRICS_FILE: comparison_metrics(comparison),
        CODE_QUALITY_FILE: _json(comparison_quality(comparison, file)),
    }


def refusal_files(sentence: str, exit_code: ExitCode) -> dict[str, str]:
    """What there is to say where nothing was compared."""
    return {
        JUNIT_FILE: refusal_junit(sentence),
        MARKDOWN_FILE: refusal_markdown(sentence, exit_code),
    }


def _json(plain: list[dict[str, Any]]) -> str:
    return json.dumps(plain, indent=4, ensure_ascii=False) + "\n"
