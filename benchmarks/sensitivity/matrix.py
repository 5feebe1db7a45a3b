"""All cases, by scenario."""

from __future__ import annotations

from benchmarks.sensitivity.cases_a2a import A2A_CASES
from benchmarks.sensitivity.cases_api import API_CASES
from benchmarks.sensitivity.cases_smoke import SMOKE_CASES
from benchmarks.sensitivity.cases_websocket import WEBSOCKET_CASES

CASES = [*API_CASES, *A2A_CASES, *WEBSOCKET_CASES, *SMOKE_CASES]
