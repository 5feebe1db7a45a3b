"""Bearer tokens: which are good, and what is said of the others."""

from __future__ import annotations

import base64
import json
import time

import pytest

from atlas_perf.target import jwt

SECRET = "between us"
NOW_S = 1_800_000_000.0

# RFC 7515, appendix A.1: its key is given in base64url, and is no UTF-8 text.
RFC_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
# The example of jwt.io, which most people know by sight; made by another implementation.
FOREIGN_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
    ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(head: object = None, claims: object = None, signature: bytes = b"any") -> str:
    return ".".join(
        [part({"alg": "RS256"} if head is None else head), part(claims or {}), part(signature)]
    )


def test_what_was_issued_is_good_until_it_expires() -> None:
    ours = jwt.issue("u-1", secret=SECRET, now_s=NOW_S, lives_s=60)
    assert jwt.check(ours, secret=SECRET, now_s=NOW_S + 59)["sub"] == "u-1"
    with pytest.raises(jwt.TokenError, match="it has expired"):
        jwt.check(ours, secret=SECRET, now_s=NOW_S + 60)
    with pytest.raises(jwt.TokenError, match="signature is not ours"):
        jwt.check(ours, secret="another", now_s=NOW_S)


def test_a_token_of_another_implementation_is_verified() -> None:
    claims = jwt.check(FOREIGN_TOKEN, secret="your-256-bit-secret", now_s=NOW_S)
    assert claims["name"] == "John Doe"


def test_without_a_secret_any_signature_will_do_but_not_any_time() -> None:
    assert jwt.check(token(), secret=None, now_s=NOW_S) == {}
    assert jwt.check(RFC_TOKEN, secret=None, now_s=1_300_819_379)["iss"] == "joe"
    with pytest.raises(jwt.TokenError, match="it has expired"):
        jwt.check(RFC_TOKEN, secret=None, now_s=NOW_S)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("opaque", "three parts"),
        ("a.b", "three parts"),
        ("a.b.c.d", "three parts"),
        (f"{part({'alg': 'HS256'})}.{part({})}.", "three parts"),
        ("x" * 8190 + ".y.z", "three parts"),
        (token(head={"typ": "JWT"}), "names no algorithm"),
        (token(head={"alg": "none"}), "names no algorithm"),
        (token(head={"alg": 5}), "names no algorithm"),
        (token(head=[1]), "header is not a JSON object"),
        (token(head=b"{"), "header is not JSON"),
        (token(head=b"\xff\xfe"), "header is not JSON"),
        ("é.b.c", "header is not base64url"),
        ("e30=.e30.e30", "header is not base64url"),
        ("e3+/.e30.e30", "header is not base64url"),
        (token(claims={"exp": "tomorrow"}), "exp is no Unix time"),
        (token(claims={"exp": True}), "exp is no Unix time"),
    ],
)
def test_what_is_no_token_is_told_why(text: str, words: str) -> None:
    with pytest.raises(jwt.TokenError, match=words) as refusal:
        jwt.check(text, secret=None, now_s=NOW_S)
    assert text not in str(refusal.value)


def test_with_a_secret_no_other_algorithm_passes() -> None:
    with pytest.raises(jwt.TokenError, match="not signed with HS256"):
        jwt.check(token(), secret=SECRET, now_s=NOW_S)


async def test_the_target_asks_for_a_jwt_if_told_to(start_target, run_order) -> None:
    target = await start_target(asks_for_jwt=True, jwt_secret=SECRET, auth_token="exact")

    async def asked(authorization: str | None) -> tuple[int, str | None]:
        headers = {} if authorization is None else {"Authorization": authorization}
        async with target.get("/api/runs", headers=headers) as answer:
            return answer.status, answer.headers.get("WWW-Authenticate")

    good = jwt.issue("u", secret=SECRET, now_s=time.time(), lives_s=60)
    assert await asked(f"Bearer {good}") == (200, None)
    assert await asked(f"bearer {good}") == (200, None)
    assert await asked("Bearer exact") == (200, None)
    assert await asked(None) == (401, "Bearer")
    assert await asked(good) == (401, "Bearer")
    assert await asked(f"Bearer {good[:-1]}") == (401, 'Bearer error="invalid_token"')
    assert await asked("Bearer opaque") == (401, 'Bearer error="invalid_token"')


async def test_the_target_issues_tokens_that_it_takes(start_target) -> None:
    target = await start_target(asks_for_jwt=True, jwt_secret=SECRET)
    async with target.post("/_target/token?sub=u-7&lives_s=90") as answer:
        issued = await answer.json()
    assert (answer.status, issued["tokenType"], issued["expiresIn"]) == (200, "Bearer", 90)
    headers = {"Authorization": f"Bearer {issued['accessToken']}"}
    async with target.get("/api/runs", headers=headers) as answer:
        assert answer.status == 200
    async with target.post("/_target/token?lives_s=soon") as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, "lives_s")
    async with target.post("/_target/token?lives_s=-5") as answer:
        expired = (await answer.json())["accessToken"]
    async with target.get("/api/runs", headers={"Authorization": f"Bearer {expired}"}) as answer:
        assert answer.status == 401
        assert "it has expired" in (await answer.json())["message"]
