"""The whole suite on every supported Python: `nox`, or `nox -s tests-3.12`."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True  # a Python that was not tried is no success


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Build for this Python and run the tests; arguments after `--` go to pytest."""
    # Editable, so that worker processes started from the checkout find the parts built here:
    # compiled files carry their Python's name and lie beside each other.
    session.install("-e", ".[dev]")
    session.run("atlas-perf", "--version")
    # As in the Makefile: the tests start many interpreters, which share what one has compiled.
    session.run("python", "-m", "pytest", *session.posargs, env={"PYTHONDONTWRITEBYTECODE": ""})


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """Style, types and the rules about imports, names and sizes."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "pytest", "tests/quality")
