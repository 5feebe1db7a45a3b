"""Whether two runs of k6 may be compared, as far as their files tell: it is not far."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.k6_results.run import K6Run

LENGTH_TOLERANCE = 0.05
LENGTH_TOLERANCE_S = 2.0
"""How much two runs may differ in length: iterations under way at the end are waited for."""

UNTOLD = (
    "k6's files do not tell script, machine, version and planned load: that these were the same in "
    "all runs only you can know"
)


def unlikeness(one: K6Run, other: K6Run) -> str | None:
    """In what two runs differ that makes them unlike, as a clause; None if in nothing known."""
    return "; ".join(_differences(one, other)) or None


def _differences(one: K6Run, other: K6Run) -> Iterator[str]:
    if one.kind is not other.kind:
        yield f"the kind of file, {one.kind} and {other.kind}, which do not count alike"
    hashes = one.summary.file_sha256[:12], other.summary.file_sha256[:12]
    if all(hashes) and hashes[0] != hashes[1]:
        yield f"script (SHA-256) {hashes[0]} and {hashes[1]}"
    if one.scenarios != other.scenarios:
        yield f"scenarios, {', '.join(one.scenarios)} and {', '.join(other.scenarios)}"
    most = one.most_vus, other.most_vus
    if None not in most and most[0] != most[1]:
        yield f"virtual users, {most[0]:g} and {most[1]:g} at most"
    lengths_s = one.summary.measured_s, other.summary.measured_s
    apart_s = abs(lengths_s[0] - lengths_s[1])
    if all(lengths_s) and apart_s > max(LENGTH_TOLERANCE_S, LENGTH_TOLERANCE * max(lengths_s)):
        yield f"length, {lengths_s[0]:.1f} s and {lengths_s[1]:.1f} s"
