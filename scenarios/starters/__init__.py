"""Scenarios to start from: `atlas-perf new` copies one of them."""
