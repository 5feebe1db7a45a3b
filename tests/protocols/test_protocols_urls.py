"""URLs taken apart, joined, and freed of credentials."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.urls import join_base, parse_target, redacted, with_query


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("http://h.example", "h.example", 80, "h.example", "/"),
        ("https://h.example/", "h.example", 443, "h.example", "/"),
        ("HTTP://H.Example:8080/a", "h.example", 8080, "h.example:8080", "/a"),
        ("http://h:80/", "h", 80, "h", "/"),
        ("https://h:80/", "h", 80, "h:80", "/"),
        ("http://h:/", "h", 80, "h", "/"),
        ("http://[::1]:81/x", "::1", 81, "[::1]:81", "/x"),
        ("http://[::1]", "::1", 80, "[::1]", "/"),
        ("http://[FE80::1%25eth0.7]", "fe80::1%25eth0.7", 80, "[fe80::1%25eth0.7]", "/"),
        ("http://h?q=1", "h", 80, "h", "/?q=1"),
        ("http://h/a b?c=d e#f", "h", 80, "h", "/a%20b?c=d%20e"),
        ("http://h/ä?ö", "h", 80, "h", "/%C3%A4?%C3%B6"),
        ("http://h/a%2Fb%zz?x=%20", "h", 80, "h", "/a%2Fb%zz?x=%20"),
        ("http://bücher.example/", "xn--bcher-kva.example", 80, "xn--bcher-kva.example", "/"),
        ("http://my_service.local./", "my_service.local.", 80, "my_service.local.", "/"),
        ("http://u:p@h/", "h", 80, "h", "/"),
    ],
)
def test_parts(url: str, host: str, port: int, authority: str, path: str) -> None:
    target = parse_target(url)
    assert (target.host, target.port, target.authority, target.path) == (
        host,
        port,
        authority,
        path,
    )


@pytest.mark.parametrize(
    ("url", "tag", "userinfo"),
    [
        ("http://h", "http://h", None),
        ("http://h/a?b=c#d", "http://h/a?b=c", None),
        ("http://u:p@h/a", "http://h/a", ("u", "p")),
        ("http://u@h/a", "http://h/a", ("u", "")),
        ("http://a@b:p%40q@h/", "http://h/", ("a@b", "p@q")),
        ("http://h/mail/a@b", "http://h/mail/a@b", None),
        ("http://h?to=a@b", "http://h?to=a@b", None),
    ],
)
def test_tags_are_as_given_without_credentials(
    url: str, tag: str, userinfo: tuple[str, str] | None
) -> None:
    target = parse_target(url)
    assert (target.tag_url, target.userinfo) == (tag, userinfo)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("http://u:p@h:99999/x", "http://h:99999/x"),
        ("http://u:p/q@h/x", "http://h/x"),
        ("u:p@h/x", "h/x"),
        ("http://u:p@h/mail/a@b#part", "http://h/mail/a@b"),
        ("http://h:bad/x#fragment", "http://h:bad/x"),
        ("/path", "/path"),
    ],
)
def test_even_a_malformed_url_shows_no_credentials(url: str, clean: str) -> None:
    assert redacted(url) == clean


@pytest.mark.parametrize(
    "zone",
    ["%", "%25 x", "%2\x8ceth0", "%€", "%eth0..1", "%.eth0", "%eth0.", "%" + "x" * 64, "%a%b\x7f"],
)
def test_what_follows_an_address_is_the_name_of_an_interface(zone: str) -> None:
    """Else it would end up in the Host header, or in a name that Python's ssl raises about."""
    with pytest.raises(RequestFailure) as failed:
        parse_target(f"https://[fe80::1{zone}]/")
    assert failed.value.code == 1020


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        (None, "/a", "/a"),
        ("http://h", "/a", "http://h/a"),
        ("http://h/", "/a", "http://h/a"),
        ("http://h/api", "a", "http://h/api/a"),
        ("http://h/api", "?x=1", "http://h/api?x=1"),
        ("http://h/api", "", "http://h/api"),
        ("http://h", "https://other/x", "https://other/x"),
        ("http://h", "/to?next=http://x/", "http://h/to?next=http://x/"),
    ],
)
def test_joining(base: str | None, url: str, whole: str) -> None:
    assert join_base(base, url) == whole


@pytest.mark.parametrize(
    ("url", "query", "whole"),
    [
        ("/a", {}, "/a"),
        ("/a", {"b": None}, "/a"),
        ("/a", {"b": 1, "c": 1.5, "d": False}, "/a?b=1&c=1.5&d=false"),
        ("/a?x=1", {"b": "&="}, "/a?x=1&b=%26%3D"),
        ("/a?", {"b": ""}, "/a?b="),
        ("/a#f", {"b": ("x", None, "y")}, "/a?b=x&b=y#f"),
    ],
)
def test_queries(url: str, query: dict, whole: str) -> None:
    assert with_query(url, query) == whole


@settings(max_examples=50)
@given(st.text(max_size=30) | st.text("ab:/@?#[]%.\t\n ü\ud800", max_size=30))
def test_any_text_is_a_target_or_a_failure(text: str) -> None:
    for url in (text, "http://" + text):
        try:
            target = parse_target(url)
        except RequestFailure as failure:
            assert failure.code == 1020
        else:
            line = f"GET {target.path} HTTP/1.1\r\nHost: {target.authority}\r\n"
            assert line.isascii()
            assert len(line.split()) == 5
            assert 0 < target.port < 65536
