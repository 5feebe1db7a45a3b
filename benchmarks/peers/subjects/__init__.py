"""Every subject, the reference of each workload first."""

from __future__ import annotations

from benchmarks.peers.subject import Subject
from benchmarks.peers.subjects import ab, autocannon, h2load, hey, k6, locust, ours, wrk

SUBJECTS: tuple[Subject, ...] = (
    *wrk.SUBJECTS,
    *k6.SUBJECTS,
    *h2load.SUBJECTS,
    *hey.SUBJECTS,
    *ab.SUBJECTS,
    *autocannon.SUBJECTS,
    *locust.SUBJECTS,
    *ours.SUBJECTS,
)
