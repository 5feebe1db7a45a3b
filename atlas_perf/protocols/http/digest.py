"""Digest authentication (RFC 7616): the answer to a server's challenge.

MD5, SHA-256 and their session variants, `qop=auth` or none at all (RFC 2069). Each request is
challenged anew, as k6 does it: a 401, then the request with the answer.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
}
_STRONGEST_FIRST = ("SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS")
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][\w-]*)\s+(?=[\w-]+\s*=)")
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class DigestAuth:
    """User and password for a request's `auth`.

    Raises:
        TypeError, ValueError: for a user that no header can carry.
    """

    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.user, str) or not isinstance(self.password, str):
            raise TypeError("DigestAuth takes a user and a password, both text")
        if not self.user.isascii() or not self.user.isprintable():
            raise ValueError("a user name for digest authentication is printable ASCII")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks an answer to."""

    realm: str
    nonce: str
    algorithm: str | None  # as the server spells it; None: it says nothing, which means MD5
    opaque: str | None
    with_qop: bool


def find_challenge(headers: Iterable[str]) -> Challenge | None:
    """The strongest Digest challenge of WWW-Authenticate headers that can be answered, if any."""
    found: dict[str, Challenge] = {}
    for header in headers:
        starts = list(_SCHEME.finditer(header))
        ends = [start.start() for start in starts[1:]] + [len(header)]
        for start, end in zip(starts, ends, strict=False):
            if start[1].lower() == "digest":
                challenge = _read_challenge(header[start.end() : end])
                if challenge is not None:
                    found.setdefault((challenge.algorithm or "MD5").upper(), challenge)
    return next((found[name] for name in _STRONGEST_FIRST if name in found), None)


def digest_authorization(
    auth: DigestAuth, challenge: Challenge, method: str, path: str, *, client_nonce: str = ""
) -> str:
    """The Authorization header that answers a challenge (RFC 7616, 3.4).

    `client_nonce` is drawn at random unless it is given.
    """
    client_nonce = client_nonce or secrets.token_hex(16)
    algorithm = (challenge.algorithm or "MD5").upper()
    is_session = algorithm.endswith("-SESS")
    digest = _HASHES[algorithm.removesuffix("-SESS")]
    # Headers are read as Latin-1: this way the realm's bytes are those the server sent.
    realm = challenge.realm.encode("latin-1")
    secret = digest(b"%b:%b:%b" % (auth.user.encode(), realm, auth.password.encode()))
    if is_session:
        secret = digest(f"{secret}:{challenge.nonce}:{client_nonce}".encode("latin-1"))
    request = digest(f"{method}:{path}".encode())
    count = "00000001"
    if challenge.with_qop:
        middle = f"{challenge.nonce}:{count}:{client_nonce}:auth"
    else:
        middle = challenge.nonce
    answer = digest(f"{secret}:{middle}:{request}".encode("latin-1"))
    parameters = [
        f"username={_quoted(auth.user)}",
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(path)}",
        f'response="{answer}"',
    ]
    if challenge.algorithm is not None:
        parameters.append(f"algorithm={challenge.algorithm}")
    if challenge.opaque is not None:
        parameters.append(f"opaque={_quoted(challenge.opaque)}")
    if challenge.with_qop:
        parameters += ["qop=auth", f"nc={count}"]
    if challenge.with_qop or is_session:
        parameters.append(f'cnonce="{client_nonce}"')
    return "Digest " + ", ".join(parameters)


def _read_challenge(text: str) -> Challenge | None:
    """None for one without a nonce, of an unknown algorithm, or for the body's integrity only."""
    values = {
        match[1].lower(): _ESCAPED.sub(r"\1", match[2]) if match[2] is not None else match[3]
        for match in _PARAMETER.finditer(text)
    }
    algorithm = values.get("algorithm")
    if "nonce" not in values or (algorithm or "MD5").upper() not in _STRONGEST_FIRST:
        return None
    qop = values.get("qop")
    if qop is not None and "auth" not in (each.strip().lower() for each in qop.split(",")):
        return None
    return Challenge(
        realm=values.get("realm", ""),
        nonce=values["nonce"],
        algorithm=algorithm,
        opaque=values.get("opaque"),
        with_qop=qop is not None,
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
