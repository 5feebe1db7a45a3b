"""Why a request got no usable response: one class, and how system errors map to it.

The texts become the `error` tag of a series, so none contains an address, a port or anything
else that varies from request to request.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl

from atlas_perf.protocols.http.error_codes import ErrorCode

# Numbers of X509_V_ERR_* in OpenSSL's x509_vfy.h; the ssl module does not name them.
_NO_TRUSTED_ISSUER = frozenset({2, 18, 19, 20, 21, 27})
_NAME_MISMATCH = frozenset({62, 64})


class RequestFailure(Exception):
    """No usable response. `text` is the `error` tag, `code` the `error_code` tag."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class ClosedEarlyError(RequestFailure):
    """The server closed or reset the connection before the response was complete."""


class CanceledError(RequestFailure):
    """The caller was cancelled, or the client closed, before the request had ended."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.GENERIC, "request canceled")


class BodyRaisedError(RequestFailure):
    """The iterator that gives the request's body raised; the caller gets what it raised."""

    def __init__(self, raised: Exception) -> None:
        # Its message may quote the body, and every text of an error is a series of its own.
        super().__init__(ErrorCode.GENERIC, f"the body raised {type(raised).__name__}")
        self.raised = raised


def timeout_failure(*, dialling: bool) -> RequestFailure:
    """The request's time is up; k6 tells a server that does not even accept apart."""
    if dialling:
        return RequestFailure(ErrorCode.DIAL_TIMEOUT, "dial: i/o timeout")
    return RequestFailure(ErrorCode.REQUEST_TIMEOUT, "request timeout")


def connect_timeout_failure(*, looking_up: bool) -> RequestFailure:
    """No connection within the limit for it."""
    if looking_up:
        return RequestFailure(ErrorCode.DNS, "lookup: i/o timeout")
    return RequestFailure(ErrorCode.DIAL_TIMEOUT, "dial: i/o timeout")


def handshake_timeout_failure() -> RequestFailure:
    """No TLS within the limit for it."""
    return RequestFailure(ErrorCode.TLS, "tls: handshake timeout")


def lookup_failure(error: OSError | UnicodeError) -> RequestFailure:
    """What a failed name lookup means."""
    unknown = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
    if isinstance(error, UnicodeError) or error.errno in unknown:
        return RequestFailure(ErrorCode.DNS_NO_SUCH_HOST, "lookup: no such host")
    return RequestFailure(ErrorCode.DNS, f"lookup: {error.strerror or type(error).__name__}")


def dial_failure(error: OSError) -> RequestFailure:
    """What a failed TCP connect means."""
    if error.errno == errno.ECONNREFUSED:
        return RequestFailure(ErrorCode.DIAL_REFUSED, "dial: connection refused")
    if error.errno == errno.ETIMEDOUT:
        return RequestFailure(ErrorCode.DIAL_TIMEOUT, "dial: i/o timeout")
    if error.errno == errno.ECONNRESET:
        return RequestFailure(ErrorCode.TCP_RESET, "dial: connection reset by peer")
    return RequestFailure(ErrorCode.DIAL_UNKNOWN_ERRNO, f"dial: {_errno_text(error)}")


def tls_failure(error: OSError) -> RequestFailure:
    """What a failed TLS handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _NAME_MISMATCH:
            return RequestFailure(
                ErrorCode.X509_HOSTNAME, "x509: certificate doesn't match hostname"
            )
        if error.verify_code in _NO_TRUSTED_ISSUER:
            return RequestFailure(ErrorCode.X509_UNKNOWN_AUTHORITY, "x509: unknown authority")
        return RequestFailure(ErrorCode.TLS, f"x509: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or type(error).__name__).lower().replace("_", " ")
        return RequestFailure(ErrorCode.TLS, f"tls: {reason}")
    if error.errno == errno.ECONNRESET:
        return RequestFailure(ErrorCode.TCP_RESET, "tls: connection reset by peer")
    return RequestFailure(ErrorCode.TLS, "tls: connection closed during the handshake")


def transport_failure(error: Exception | None, what: str) -> RequestFailure:
    """What the loss of an established connection means; None is an orderly close.

    `what` says where it happened: before the response, or within it.
    """
    if error is None:
        return ClosedEarlyError(ErrorCode.GENERIC, f"connection closed {what}")
    if isinstance(error, ssl.SSLError):
        return tls_failure(error)
    if isinstance(error, OSError):
        if isinstance(error, ConnectionResetError):
            return ClosedEarlyError(ErrorCode.TCP_RESET, f"connection reset by peer {what}")
        if isinstance(error, BrokenPipeError):
            return ClosedEarlyError(ErrorCode.TCP_BROKEN_PIPE, f"broken pipe {what}")
        return RequestFailure(ErrorCode.TCP, f"{_errno_text(error)} {what}")
    return RequestFailure(ErrorCode.NETWORK, f"{type(error).__name__} {what}")


def malformed_response(reason: str) -> RequestFailure:
    """Bytes that are no HTTP response, or one beyond the limits."""
    return RequestFailure(ErrorCode.GENERIC, f"malformed response: {reason}")


def _errno_text(error: OSError) -> str:
    if error.errno is None:
        return type(error).__name__
    return os.strerror(error.errno).lower()
