"""Scenario files that commands run by themselves, loaded by the workers like any other."""
