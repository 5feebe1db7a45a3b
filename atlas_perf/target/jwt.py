"""JSON Web Tokens as far as a bearer needs them: HS256 (RFC 7515, 7519), issued and checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re

MAX_TOKEN_BYTES = 8192

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


class TokenError(ValueError):
    """Why a token is not good, for the log of whoever debugs a client: never the token itself."""


def issue(subject: str, *, secret: str, now_s: float, lives_s: float) -> str:
    """A token for `subject` that expires `lives_s` seconds after `now_s`, a Unix time."""
    claims = {"sub": subject, "iat": int(now_s), "exp": int(now_s + lives_s)}
    head = _part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    signed = f"{head}.{_part(json.dumps(claims).encode())}"
    return f"{signed}.{_part(_signature(signed, secret))}"


def check(token: str, *, secret: str | None, now_s: float) -> dict[str, object]:
    """The claims of a token.

    Args:
        secret: what it must be signed with by HS256; None takes any algorithm and signature, so
            that a token of another issuer passes as long as it looks like one.
        now_s: Unix time; a token whose `exp` is not later has expired. One without `exp` has not.

    Raises:
        TokenError: the token is not good.
    """
    parts = token.split(".")
    if len(parts) != 3 or not all(parts) or len(token) > MAX_TOKEN_BYTES:
        raise TokenError("it is not three parts with points between them")
    head, claims = _object(parts[0], "header"), _object(parts[1], "payload")
    signature = _bytes(parts[2], "signature")
    algorithm = head.get("alg")
    if not isinstance(algorithm, str) or algorithm.lower() == "none":
        raise TokenError("its header names no algorithm")
    if secret is not None:
        if algorithm != "HS256":
            raise TokenError("it is not signed with HS256")
        if not hmac.compare_digest(signature, _signature(f"{parts[0]}.{parts[1]}", secret)):
            raise TokenError("its signature is not ours")
    expires = claims.get("exp")
    if expires is not None:
        if not isinstance(expires, int | float) or isinstance(expires, bool):
            raise TokenError("its exp is no Unix time")
        if expires <= now_s:
            raise TokenError("it has expired")
    return claims


def _signature(signed: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode("ascii"), hashlib.sha256)


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(part: str, what: str) -> bytes:
    # No padding (RFC 7515, 2), which the standard library would let pass, nor "+" and "/".
    if not _BASE64URL.fullmatch(part):
        raise TokenError(f"its {what} is not base64url")
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:  # a length that no bytes have
        raise TokenError(f"its {what} is not base64url") from None


def _object(part: str, what: str) -> dict[str, object]:
    try:
        values = json.loads(_bytes(part, what))
    except TokenError:
        raise
    except (ValueError, RecursionError):
        raise TokenError(f"its {what} is not JSON") from None
    if not isinstance(values, dict):
        raise TokenError(f"its {what} is not a JSON object")
    return values
