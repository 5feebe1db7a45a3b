"""What is cut out of a URL before anyone sees it, and nothing else."""

from __future__ import annotations

import pytest

from atlas_perf.url_credentials import text_without_credentials, without_credentials


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ann:s3cret@here.example:1/x", "https://here.example:1/x"),
        ("https://ann:s3@cr@et@here.example/x?mail=a@b#c@d", "https://here.example/x?mail=a@b#c@d"),
        ("wss://token@here.example", "wss://here.example"),
        ("http://ann@here.example?a@b", "http://here.example?a@b"),
        ("http://here.example#a@b", "http://here.example#a@b"),
        ("https://here.example/a@b", "https://here.example/a@b"),
        ("/ann:pw@here", "/ann:pw@here"),
        ("HTTP://Ann:PW@Here.example/X", "HTTP://Here.example/X"),
    ],
)
def test_user_info_ends_at_the_last_at_sign_of_the_authority(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
    assert text_without_credentials(f"GET {url}, says me@home") == f"GET {shown}, says me@home"


def test_every_url_of_a_text_is_freed() -> None:
    text = "sent [\"http://a:b@c@one/x\", 'http://two', <http://d:e@three>] to me@home"
    assert text_without_credentials(text) == (
        "sent [\"http://one/x\", 'http://two', <http://three>] to me@home"
    )
