"""Payloads to an HTTP receiver, over one kept connection.

What signs a request comes from the URL (`user:password@`) or from variables, so that it stands in
no command line: `ATLAS_PERF_OUT_<KIND>_TOKEN`, and `ATLAS_PERF_OUT_<KIND>_HEADERS` with
`Name=value,Name=value`. None of it is ever told.
"""

from __future__ import annotations

import base64
import http.client
import ssl
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit

from atlas_perf.errors import UsageError
from atlas_perf.outputs.courier import Undelivered

TIMEOUT_S = 5.0
"""For connecting, and for each reading and writing."""

_MOST_OF_AN_ANSWER = 1 << 16
_MOST_OF_A_REASON = 160
_HIDDEN = "***"
_MEANT_TO_PASS = frozenset({408, 425, 429})
_LEFT = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
_USUAL_PATHS = frozenset({"", "/"})


class HttpPost:
    """POSTs to one URL.

    Args:
        kind: of the output, as in `--out kind=URL`.
        usual_path: what a URL without a path means.
        scheme: what stands before a token: Bearer, or Token.
        variables: of the process.

    Raises:
        UsageError: the URL or a variable cannot be used.
    """

    def __init__(
        self,
        kind: str,
        url: str,
        *,
        usual_path: str,
        fixed_headers: Mapping[str, str],
        variables: Mapping[str, str],
        scheme: str = "Bearer",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        parts = _split(kind, url)
        path = usual_path if parts.path in _USUAL_PATHS else parts.path
        self.shown = f"{parts.scheme}://{_host_of(parts)}{path}"
        self._path = f"{path}?{parts.query}" if parts.query else path
        secret_headers = _secret_headers(kind, parts, variables, scheme)
        self._secrets = _secrets_of(secret_headers, parts)
        self._headers = {"User-Agent": "atlas-perf", **fixed_headers, **secret_headers}
        self._connection = _connection(parts, timeout_s)

    def post(self, payload: bytes) -> bytes:
        """Send one payload; the body of the answer.

        Raises:
            Undelivered: no answer, or one that refuses it.
        """
        kept = self._connection.sock is not None
        try:
            try:
                answer, body = self._exchange(payload)
            except _LEFT:
                if not kept:
                    raise
                self._connection.close()  # by the server while it was idle: that is no failure
                answer, body = self._exchange(payload)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Undelivered(self._why(error), passing=True) from None
        status = answer.status
        if status // 100 != 2:
            passing = status >= 500 or status in _MEANT_TO_PASS
            raise Undelivered(self._refusal(status, answer.reason, body), passing=passing)
        if answer.headers.get_content_type() == "text/html":
            why = f"it answered {status} with a page of HTML: is this the receiver's address?"
            raise Undelivered(why, passing=False)
        return body

    def close(self) -> None:
        self._connection.close()

    def _exchange(self, payload: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        if self._connection.sock is None:
            self._connection.connect()
        with suppress(BrokenPipeError, ConnectionResetError):
            # A server that refuses a payload for its size may answer before it was sent.
            self._connection.request("POST", self._path, payload, self._headers)
        answer = self._connection.getresponse()
        body = answer.read(_MOST_OF_AN_ANSWER)
        if not answer.isclosed():  # too long to be read to its end
            self._connection.close()
        return answer, body

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._connection.timeout:g} s"
        if isinstance(error, ssl.SSLCertVerificationError):
            return self._told(f"TLS failed: {error.verify_message}")
        if isinstance(error, ssl.SSLError):
            return self._told(f"TLS failed: {error.reason or error}")
        if isinstance(error, http.client.BadStatusLine) and not isinstance(error, _LEFT):
            return "what it answered is no HTTP"
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return self._told(text or type(error).__name__)

    def _refusal(self, status: int, reason: str, body: bytes) -> str:
        first_line = body.decode(errors="replace").strip().partition("\n")[0]
        said = f": {first_line}" if first_line else ""
        return self._told(f"it answered {status} {reason}{said}")

    def _told(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        printable = "".join(char if char.isprintable() else " " for char in text)
        return printable[:_MOST_OF_A_REASON].rstrip()


def variable_name(kind: str, what: str) -> str:
    """The variable that signs requests of an output."""
    return f"ATLAS_PERF_OUT_{kind.upper().replace('-', '_')}_{what}"


def _split(kind: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_one = SplitResult("", "", "", "", ""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_one:
        raise UsageError(
            f"--out {kind} needs a URL, such as http://127.0.0.1:9090/, of http:// or https://"
        )
    if parts.fragment or any(char <= " " or char == "\x7f" for char in url):
        raise UsageError(f"--out {kind}: its URL has a fragment, blanks or control characters")
    return parts


def _host_of(parts: SplitResult) -> str:
    host = parts.hostname or ""
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if parts.port is None else f"{bracketed}:{parts.port}"


def _connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=timeout_s)


def _secret_headers(
    kind: str, parts: SplitResult, variables: Mapping[str, str], scheme: str
) -> dict[str, str]:
    headers = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    token = variables.get(variable_name(kind, "TOKEN"))
    if token:
        headers["Authorization"] = f"{scheme} {_clean(kind, 'TOKEN', token)}"
    name = variable_name(kind, "HEADERS")
    for pair in filter(None, map(str.strip, variables.get(name, "").split(","))):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"{name} is not readable: write Name=value,Name=value")
        headers[_clean(kind, "HEADERS", key.strip())] = _clean(kind, "HEADERS", value.strip())
    return headers


def _secrets_of(headers: Mapping[str, str], parts: SplitResult) -> list[str]:
    """All that an answer may quote and nobody may see, the longest first."""
    password = parts.password or ""
    values = {*headers.values(), *(value.partition(" ")[2] for value in headers.values())}
    values |= {password, unquote(password)}
    return sorted(filter(None, values), key=len, reverse=True)


def _clean(kind: str, what: str, text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise UsageError(f"{variable_name(kind, what)} has characters that no header can hold")
    return text
