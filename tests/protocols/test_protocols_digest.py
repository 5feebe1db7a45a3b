"""Digest authentication: RFC 7616's own examples, and a server that checks what it is told."""

from __future__ import annotations

import hashlib
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    ReceivedRequest,
    Stage,
    answering,
    response,
)

from atlas_perf import DigestAuth
from atlas_perf.protocols.http.digest import Challenge, digest_authorization, find_challenge

OK = response(200, b"ok")
MUFASA = DigestAuth("Mufasa", "Circle of Life")
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def asked(*, algorithm: str | None = None, qop: bool = True) -> Challenge:
    return Challenge("http-auth@example.org", NONCE, algorithm, None, qop)


@pytest.mark.parametrize(
    ("algorithm", "response_field"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc(algorithm: str, response_field: str) -> None:
    """RFC 7616, 3.9.1."""
    header = digest_authorization(
        MUFASA,
        asked(algorithm=algorithm),
        "GET",
        "/dir/index.html",
        client_nonce=CLIENT_NONCE,
    )
    assert f'response="{response_field}"' in header
    assert f"algorithm={algorithm}" in header


def test_a_challenge_without_qop_is_answered_as_rfc_2069_says() -> None:
    challenge = Challenge(
        "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", None, "", False
    )
    header = digest_authorization(
        DigestAuth("Mufasa", "CircleOfLife"), challenge, "GET", "/dir/index.html"
    )
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in header
    assert "qop" not in header
    assert "cnonce" not in header


@pytest.mark.parametrize(
    ("headers", "algorithm"),
    [
        (['Digest realm="r", nonce="n"'], None),
        (['Basic realm="x", Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'], "MD5"),
        (['Digest nonce="n", algorithm=MD5', 'Digest nonce="n", algorithm=SHA-256'], "SHA-256"),
        (['digest nonce="n", algorithm=MD5, Digest nonce="n", algorithm=sha-256'], "sha-256"),
        (['Digest nonce="n",algorithm="MD5-sess",qop="auth-int, auth"'], "MD5-sess"),
    ],
)
def test_the_strongest_challenge_is_chosen(headers: list[str], algorithm: str | None) -> None:
    challenge = find_challenge(headers)
    assert challenge is not None
    assert (challenge.nonce, challenge.algorithm) == ("n", algorithm)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Digest",
        "Basic realm=x",
        'Digest realm="only"',
        'Digest nonce="n", algorithm=SHA-512-256',
        'Digest nonce="n", qop="auth-int"',
        'Digest nonce="' + "\\" * 5000,
    ],
)
def test_a_challenge_that_cannot_be_answered(header: str) -> None:
    assert find_challenge([header]) is None


def test_a_quote_in_the_realm_goes_back_escaped() -> None:
    challenge = find_challenge(['Digest realm="a \\"b\\", c", nonce="n"'])
    assert challenge is not None
    assert challenge.realm == 'a "b", c'
    assert 'realm="a \\"b\\", c"' in digest_authorization(MUFASA, challenge, "GET", "/")


def guarded(algorithm: str, hash_name: str, challenge: str):
    """A server that lets in only who proves to know the password, computed its own way."""

    def answer(request: ReceivedRequest) -> bytes:
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme != "Digest":
            return response(401, b"who?", WWW_Authenticate=challenge)
        given = parse_keqv_list(parse_http_list(rest))

        def digest(text: str) -> str:
            return hashlib.new(hash_name, text.encode()).hexdigest()

        known = digest("user:the realm:pass word")
        if algorithm.endswith("-sess"):
            known = digest(f"{known}:{given['nonce']}:{given['cnonce']}")
        wanted = digest(
            f"{known}:n0nce:{given['nc']}:{given['cnonce']}:auth:"
            + digest(f"{request.method}:{request.path}")
        )
        right = given["response"] == wanted and given["uri"] == request.path
        return OK if right and given["opaque"] == "o" else response(401, b"no")

    return answer


@pytest.mark.parametrize(
    ("algorithm", "hash_name"),
    [("MD5", "md5"), ("MD5-sess", "md5"), ("SHA-256", "sha256"), ("SHA-256-sess", "sha256")],
)
async def test_a_server_that_checks_lets_us_in(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    algorithm: str,
    hash_name: str,
) -> None:
    challenge = (
        f'Digest realm="the realm", nonce="n0nce", opaque="o", algorithm={algorithm}, qop="auth"'
    )
    server = await stage.serve(answering(guarded(algorithm, hash_name, challenge)))
    client = make_client(server.url, max_redirects=0)
    answer = await client.post("/a?b=c", b"body", auth=DigestAuth("user", "pass word"))
    assert (answer.status, answer.ok) == (200, True)
    assert [request.body for request in server.requests] == [b"body", b"body"]
    challenged, let_in = recorder.requests
    assert (challenged.tags["status"], challenged.failed) == ("401", False)
    assert challenged.tags["expected_response"] == "true"
    assert (let_in.tags["status"], let_in.failed) == ("200", False)
    assert len(server.peers) == 1


async def test_a_wrong_password_is_refused_once_and_fails(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    challenge = 'Digest realm="r", nonce="n"'
    server = await stage.serve(answering(response(401, WWW_Authenticate=challenge)))
    answer = await make_client(server.url).get("/", auth=DigestAuth("user", "wrong"))
    assert (answer.status, answer.ok, answer.error_code) == (401, False, 1401)
    assert [sample.failed for sample in recorder.requests] == [False, True]


async def test_a_basic_challenge_is_a_plain_401(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(401, WWW_Authenticate="Basic realm=x")))
    answer = await make_client(server.url).get("/", auth=DigestAuth("user", "pw"))
    assert not answer.ok
    assert len(recorder.requests) == 1


async def test_credentials_follow_a_redirect_only_to_the_same_origin(
    stage: Stage, make_client: MakeClient
) -> None:
    challenge = response(401, WWW_Authenticate='Digest realm="r", nonce="n"')
    away = await stage.serve(answering(challenge))

    def answer(request: ReceivedRequest) -> bytes:
        if "authorization" not in request.headers:
            return challenge
        location = "/here" if request.path == "/" else f"{away.url}/"
        return response(302, Location=location)

    server = await stage.serve(answering(answer))
    result = await make_client(server.url).get("/", auth=DigestAuth("user", "pw"))
    assert [request.path for request in server.requests] == ["/", "/", "/here", "/here"]
    uris = [request.headers.get("authorization", "") for request in server.requests]
    assert 'uri="/here"' in uris[3]
    assert [request.headers.get("authorization") for request in away.requests] == [None]
    assert result.status == 401


async def test_what_cannot_be_meant_is_refused(make_client: MakeClient) -> None:
    client = make_client("http://127.0.0.1:1")
    with pytest.raises(ValueError, match="sends a request twice"):
        await client.post("/", iter([b"a"]), auth=DigestAuth("u", "p"))
    with pytest.raises(ValueError, match="DigestAuth or an Authorization header, not both"):
        await client.get("/", headers={"authorization": "x"}, auth=DigestAuth("u", "p"))
    with pytest.raises(ValueError, match="printable ASCII"):
        DigestAuth("ü", "p")
    with pytest.raises(TypeError, match="both text"):
        DigestAuth("u", None)  # type: ignore[arg-type]
    assert "secret" not in repr(DigestAuth("u", "secret"))
