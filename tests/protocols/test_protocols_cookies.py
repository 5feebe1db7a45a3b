"""Cookies: what is stored, what is sent, and when a jar is emptied."""

from __future__ import annotations

import pytest
from scripted_server import MakeClient, Stage, answering, response

from atlas_perf.protocols.http.cookies import MAX_COOKIES, Cookie, CookieJar, parse_set_cookie
from atlas_perf.protocols.http.urls import parse_target

NOW = 1_800_000_000.0
HERE = parse_target("http://app.example.com/shop/cart?x=1")


def parsed(text: str, url: str = "http://app.example.com/shop/cart") -> Cookie | None:
    return parse_set_cookie(text, parse_target(url), NOW)


def cookie(text: str, url: str = "http://app.example.com/shop/cart") -> Cookie:
    found = parsed(text, url)
    assert found is not None
    return found


def test_a_plain_cookie_belongs_to_the_host_and_the_folder() -> None:
    assert cookie("a=b=c") == Cookie("a", "b=c", "app.example.com", "/shop")


@pytest.mark.parametrize("text", ["", "novalue", "=x", "; Path=/", "a=" + "b" * 5000])
def test_what_is_no_cookie_is_ignored(text: str) -> None:
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("domain", "taken"),
    [
        ("example.com", True),
        (".Example.COM", True),
        ("app.example.com", True),
        ("sub.app.example.com", False),
        ("other.com", False),
        ("ample.com", False),
        ("com", False),
    ],
)
def test_domains(domain: str, taken: bool) -> None:
    found = parsed(f"a=b; Domain={domain}")
    assert (found is not None) is taken
    if found is not None:
        assert (found.domain, found.host_only) == (domain.lower().lstrip("."), False)


def test_an_address_has_no_parent_domain() -> None:
    assert parsed("a=b; Domain=0.0.1", "http://127.0.0.1/") is None
    assert cookie("a=b; Domain=127.0.0.1", "http://127.0.0.1/").domain == "127.0.0.1"


@pytest.mark.parametrize(
    ("attributes", "expires"),
    [
        ("", None),
        ("Max-Age=60", NOW + 60),
        ("Max-Age=-1", NOW - 1),
        ("Max-Age=x", None),
        ("Max-Age=-", None),
        ("Max-Age=--5", None),
        ("Max-Age=٥", None),
        ("Max-Age=", None),
        ("Expires=Fri, 15 Jan 2027 08:01:00 GMT", NOW + 60),
        ("Expires=Friday, 15-Jan-27 08:01:00 GMT", NOW + 60),
        ("expires=nonsense; max-age=5", NOW + 5),
        ("Expires=Fri, 15 Jan 2027 08:01:00 GMT; Max-Age=5", NOW + 5),
        ("Expires=Fri, 15 Jan 99999999 08:01:00 GMT", None),
        ("Max-Age=" + "9" * 400, NOW + 999_999_999_999),
    ],
)
def test_expiry(attributes: str, expires: float | None) -> None:
    assert cookie(f"a=b; {attributes}").expires_unix_s == expires


@pytest.mark.parametrize(
    ("path", "url_path", "sent"),
    [
        ("/", "/anything", True),
        ("/shop", "/shop", True),
        ("/shop", "/shop/cart", True),
        ("/shop", "/shop?x=1", True),
        ("/shop", "/shopping", False),
        ("/shop/", "/shop", False),
        ("relative", "/shop/x", True),
        ("relative", "/other", False),
    ],
)
def test_paths(path: str, url_path: str, sent: bool) -> None:
    jar = CookieJar(lambda: NOW)
    jar.take_header(HERE, f"a=b; Path={path}")
    assert jar.for_url(f"http://app.example.com{url_path}") == ({"a": "b"} if sent else {})


def test_hosts() -> None:
    jar = CookieJar(lambda: NOW)
    jar.take_header(HERE, "own=1; Path=/")
    jar.take_header(HERE, "shared=2; Path=/; Domain=example.com")
    assert jar.for_url("http://app.example.com/") == {"own": "1", "shared": "2"}
    assert jar.for_url("http://x.app.example.com/") == {"shared": "2"}
    assert jar.for_url("http://example.com/") == {"shared": "2"}
    assert jar.for_url("http://badexample.com/") == {}


def test_secure_cookies_stay_on_tls() -> None:
    jar = CookieJar(lambda: NOW)
    jar.take_header(HERE, "a=b; Secure; Path=/")
    assert len(jar) == 0
    jar.take_header(parse_target("https://app.example.com/"), "a=b; Secure; Path=/")
    assert jar.for_url("http://app.example.com/") == {}
    assert jar.for_url("https://app.example.com/") == {"a": "b"}


def test_replacement_expiry_and_removal() -> None:
    now = [NOW]
    jar = CookieJar(lambda: now[0])
    jar.take_header(HERE, "a=1; Path=/; Max-Age=10")
    jar.take_header(HERE, "a=2; Path=/; Max-Age=10")
    jar.take_header(HERE, "b=3; Path=/")
    assert jar.for_target(HERE) == {"a": "2", "b": "3"}
    now[0] += 10
    assert jar.for_target(HERE) == {"b": "3"}
    jar.take_header(HERE, "b=; Path=/; Max-Age=0")
    assert jar.for_target(HERE) == {}


def test_the_more_specific_path_wins() -> None:
    jar = CookieJar(lambda: NOW)
    jar.take_header(HERE, "a=root; Path=/")
    jar.take_header(HERE, "a=cart; Path=/shop/cart")
    assert jar.for_target(HERE) == {"a": "cart"}
    assert jar.for_url("http://app.example.com/") == {"a": "root"}


def test_a_jar_has_a_limit() -> None:
    jar = CookieJar(lambda: NOW)
    for number in range(MAX_COOKIES + 5):
        jar.take_header(HERE, f"c{number}=1")
    assert len(jar) == MAX_COOKIES
    assert "c4" not in jar.for_target(HERE)
    assert "c5" in jar.for_target(HERE)


def test_setting_and_deleting_by_hand() -> None:
    jar = CookieJar()
    jar.set("http://h.example/x", "a", "1")
    jar.set("http://h.example/x", "b", "2", path="/y")
    assert jar.for_url("http://h.example/y/z") == {"b": "2", "a": "1"}
    jar.delete("http://h.example/", "a")
    assert jar.for_url("http://h.example/y/z") == {"b": "2"}


SETTING = response(200, b"", Set_Cookie="sid=1; Path=/; HttpOnly")


async def test_the_jar_lives_for_one_iteration(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(SETTING))
    client = make_client(server.url)
    answer = await client.get("/")
    assert answer.cookies == {"sid": "1"}
    await client.get("/")
    client.begin_iteration()
    await client.get("/")
    assert [r.headers.get("cookie") for r in server.requests] == [None, "sid=1", None]


async def test_the_jar_can_outlive_the_iteration(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(SETTING))
    client = make_client(server.url, no_cookies_reset=True)
    await client.get("/")
    client.begin_iteration()
    await client.get("/")
    assert server.requests[1].headers["cookie"] == "sid=1"


async def test_cookies_of_one_request(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(SETTING))
    client = make_client(server.url)
    client.cookies.set(server.url, "jar", "1")
    await client.get("/", cookies={"sid": "mine", "x": "2"})
    await client.get("/")
    assert server.requests[0].headers["cookie"] == "jar=1; sid=mine; x=2"
    assert server.requests[1].headers["cookie"] == "jar=1; sid=1"


async def test_several_set_cookie_headers(stage: Stage, make_client: MakeClient) -> None:
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    server = await stage.serve(answering(reply))
    client = make_client(server.url)
    answer = await client.get("/")
    assert answer.cookies == {"a": "1", "b": "2"}
    assert answer.headers.get_all("Set-Cookie") == ("a=1", "b=2")
    assert client.cookies.for_url(server.url) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(("name", "value"), [("a b", "c"), ("a", "b\r\nX: y"), ("a", "b; c=d")])
def test_a_cookie_cannot_break_out_of_its_header(name: str, value: str) -> None:
    jar = CookieJar()
    with pytest.raises(ValueError, match="cookie"):
        jar.set("http://h.example/", name, value)
    assert len(jar) == 0
