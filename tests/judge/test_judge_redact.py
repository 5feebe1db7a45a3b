"""No secret reaches a summary."""

from __future__ import annotations

import pytest

from atlas_perf.judge.redact import (
    is_secret_name,
    redacted,
    redacted_environment,
    redacted_text,
    secret_values,
)
from atlas_perf.model.summary import ExceptionSummary
from atlas_perf.model.verdict import Verdict


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("API_TOKEN", True),
        ("client_secret", True),
        ("DbPassword", True),
        ("SSH_KEY", True),
        ("AUTHORIZATION", True),
        ("AWS_CREDENTIALS", True),
        ("BASE_URL", False),
        ("USERS", False),
    ],
)
def test_a_secret_is_known_by_its_name(name, secret):
    assert is_secret_name(name) is secret


def test_the_password_of_a_client_certificate_is_hidden():
    plain = {"http": {"tls_auth": [{"cert": "a.pem", "password": "pw"}, {"password": None}]}}
    assert redacted_environment(plain) == {
        "http": {"tls_auth": [{"cert": "a.pem", "password": "***"}, {"password": None}]}
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("says hunter22secre…", "says ***…"),
        ("says hun…", "says ***…"),
        ("says hu…", "says hu…"),
        ("…22secret again, hunter22secret", "…*** again, ***"),
        ("one hunte…ecret two", "one ***…*** two"),
        ("a… hunter…", "a… ***…"),
    ],
)
def test_a_secret_that_was_cut_is_hidden_as_far_as_it_is_there(text, shown):
    assert redacted_text(text, ["hunter22secret"]) == shown
    assert redacted_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:pw@host:8080/a", "http://host:8080/a"),
        ("https://token@host/a?b=c", "https://host/a?b=c"),
        ("http://host/a@b", "http://host/a@b"),
        ("http://user:p@ss@host/a@b?c@d", "http://host/a@b?c@d"),
        (
            "https://one/x and https://u:p@ss@two, then me@here",
            "https://one/x and https://two, then me@here",
        ),
        ("GET http://host/?q=1&access_token=abc&r=2", "GET http://host/?q=1&access_token=***&r=2"),
        ("/x?apiKey=abc#there", "/x?apiKey=***#there"),
        ("sent Authorization: Bearer abcdefgh.ijk", "sent Authorization: Bearer ***"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic ***"),
        ("Basic checks", "Basic checks"),
        ("the value hunter22 leaked", "the value *** leaked"),
    ],
)
def test_a_text_loses_its_secrets_and_nothing_else(text, shown):
    assert redacted_text(text, ("hunter22",)) == shown


def test_environments_hide_secret_values_wherever_they_stand_in_the_plan():
    plain = {
        "env": {"API_TOKEN": "abc", "USERS": "5"},
        "scenarios": [{"name": "api", "env": {"SECRET": "x"}}],
        "tags": {"key": "kept: not an environment"},
    }
    assert redacted_environment(plain) == {
        "env": {"API_TOKEN": "***", "USERS": "5"},
        "scenarios": [{"name": "api", "env": {"SECRET": "***"}}],
        "tags": {"key": "kept: not an environment"},
    }


def test_values_too_short_to_be_told_from_words_are_hidden_by_name_only():
    environments = [
        {"A_KEY": "false", "B_KEY": "long-value"},
        {"C_KEY": "longer-value", "D": "other"},
    ]
    assert secret_values(environments) == ("longer-value", "long-value")


def test_a_value_is_hidden_as_it_stands_in_urls_too():
    secrets = secret_values([{"DB_PASSWORD": "a b/ü&c"}])
    for written in ("a b/ü&c", "a%20b/%C3%BC%26c", "a%20b%2F%C3%BC%26c", "a+b%2F%C3%BC%26c"):
        assert redacted_text(f"got <{written}> there", secrets) == "got <***> there"


def test_redaction_reaches_into_value_types_and_leaves_enums_alone():
    exception = ExceptionSummary("api", "E", "got hunter22", "a.py", 1, 2, "trace hunter22")
    value = ((exception,), {"hunter22": [Verdict.PASS, 1.5, None]})
    assert redacted(value, ("hunter22",)) == (
        (ExceptionSummary("api", "E", "got ***", "a.py", 1, 2, "trace ***"),),
        {"***": [Verdict.PASS, 1.5, None]},
    )
