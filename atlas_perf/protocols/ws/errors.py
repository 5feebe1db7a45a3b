"""What scenario code is told when a session cannot be opened, or has ended."""

from __future__ import annotations

from atlas_perf.protocols.http.failures import RequestFailure


class WebSocketError(Exception):
    """No session, or none any more.

    Attributes:
        error: what went wrong, as the `error` tag says it; never a header, URL or token.
        error_code: k6's number for it, as the `error_code` tag; 0 where there is none.
        status: of the response that refused the upgrade; 0 without one.
    """

    def __init__(self, error: str, error_code: int = 0, status: int = 0) -> None:
        super().__init__(error)
        self.error = error
        self.error_code = error_code
        self.status = status

    def __reduce__(self) -> tuple[type[WebSocketError], tuple[object, ...]]:
        return type(self), (self.error, self.error_code, self.status)


class WebSocketClosed(WebSocketError):
    """The session has ended: nothing can be sent, and everything received has been read.

    Attributes:
        code: close code; 1006 if the connection was lost without one, 1005 if the peer gave none.
        reason: as the peer wrote it.
    """

    def __init__(self, code: int, reason: str = "", error: str = "", error_code: int = 0) -> None:
        super().__init__(error or f"closed with code {code}", error_code)
        self.code = code
        self.reason = reason

    def __reduce__(self) -> tuple[type[WebSocketError], tuple[object, ...]]:
        return type(self), (self.code, self.reason, self.error, self.error_code)


class UpgradeFailure(RequestFailure):
    """The server answered, but not with a session. `status` is that of its response, or 0."""

    def __init__(self, code: int, text: str, status: int = 0) -> None:
        super().__init__(code, text)  # type: ignore[arg-type]  # 1000 + status is a code, too
        self.status = status
