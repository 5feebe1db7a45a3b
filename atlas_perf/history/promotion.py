"""Who may be promoted: later runs are measured by it, so nothing of it may be in doubt."""

from __future__ import annotations

from atlas_perf.errors import ExitCode
from atlas_perf.history.errors import NotPromotedError
from atlas_perf.judge.comparison.likeness import lacking_fingerprint, unusable
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.run_files import RunFiles


def require_promotable(run: RunFiles) -> None:
    """A PASS, whole, valid, and made in a way that it tells.

    Raises:
        NotPromotedError: with the reason and its exit code.
    """
    summary, refused = run.summary, f"{run.path} is not promoted"
    reason = unusable(summary)
    if reason is not None:
        raise NotPromotedError(f"{refused}: {reason}", ExitCode.INVALID)
    if summary.verdict is not Verdict.PASS:
        why = f": {summary.reasons[0]}" if summary.reasons else ""
        sentence = f"{refused}: its verdict is {summary.verdict.value}, not PASS{why}"
        raise NotPromotedError(sentence.rstrip("."), summary.verdict.exit_code)
    lacking = lacking_fingerprint(summary)
    if lacking:
        raise NotPromotedError(
            f"{refused}: it does not say how it was made, so that no later run can be known to be "
            f"like it; missing: {', '.join(lacking)}",
            ExitCode.INVALID,
        )
    if not any(trend.windows for trend in run.sketches.trends) and not run.sketches.rates:
        raise NotPromotedError(f"{refused}: it measured nothing", ExitCode.NO_DATA)
