"""websocket: people who work on runs together."""

from __future__ import annotations

from benchmarks.sensitivity.case import CONTRACTS, Case, Load

WEBSOCKET = Load("websocket", ("--stage", "1s:140", "--stage", "12s:140", "--baselines", "shipped"))
"""Stability wants 400 operations and openings, concurrency more than 50 sessions."""

OPENING, OPENING_BASELINE = "ws_connection_time p(95)<1000", "WebSocket connection p95"
ECHO, ECHO_BASELINE = "ws_message_latency p(95)<100", "WebSocket message latency p95"
ERRORS, STABILITY = "ws_errors rate<0.01", "WebSocket stability"
OPEN, OPEN_BASELINE = (
    "active_ws_connections max>50 over steady",
    "WebSocket concurrent connections",
)
REOPENING = "WebSocket reconnection p95"


def _cases(contract: str) -> list[Case]:
    return [
        Case(
            WEBSOCKET,
            contract,
            ("latency:1500ms@ws.connect,share=20%",),
            (OPENING, OPENING_BASELINE),
        ),
        Case(WEBSOCKET, contract, ("delay:150ms@ws.message",), (ECHO, ECHO_BASELINE)),
        Case(WEBSOCKET, contract, ("drop@ws.message,share=4%",), (ERRORS, STABILITY)),
        Case(
            WEBSOCKET,
            contract,
            ("ceiling:3/s@ws.connect,over=refuse",),
            (OPEN, OPEN_BASELINE),
            follows=(ERRORS, STABILITY),
            undecided=(OPENING_BASELINE, ECHO_BASELINE),
            because="a refused session is an error, and few sessions are few samples",
        ),
        Case(
            WEBSOCKET,
            contract,
            ("latency:4s@ws.connect,after=6s", "disconnect@ws.message,share=0.2%,after=6s"),
            (REOPENING,),
            follows=(ERRORS, STABILITY),
            because="each session that is lost is an error",
        ),
    ]


WEBSOCKET_CASES = [case for contract in CONTRACTS for case in _cases(contract)]
