"""Fuzz the HTTP client as a whole: damaged responses in random pieces, cut off at random points.

python -m benchmarks.fuzz_client --executions 10000000

An execution is one request of a real `HttpClient` over a socket pair, whose other end sends what a
script says. Four kinds of them go on at once, each with its laws: several requests of one user
(`lanes.py`, `verdicts.py`), TLS and redirects (`chains.py`), and bench's repetition
(`repetitions.py`).
"""
