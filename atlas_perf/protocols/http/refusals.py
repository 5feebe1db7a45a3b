"""Why the parser refused a response, in words: the `error` tag says them."""

from __future__ import annotations

_TEXTS = {
    "not_http": "it does not begin with HTTP/",
    "version": "its HTTP version is neither 1.1 nor 1.0",
    "status": "its status is not a number of three digits",
    "reason_byte": "a control character in the status line",
    "bare_lf": "a line that ends without CR",
    "bare_cr": "a CR within a line",
    "folded_line": "a folded header line",
    "field_name": "a header name that is none",
    "space_before_colon": "white space before a header's colon",
    "field_value_byte": "a control character in a header value",
    "content_length": "a Content-Length that is no number",
    "content_length_overflow": "a Content-Length beyond 64 bits",
    "content_length_repeated": "more than one Content-Length",
    "length_and_encoding": "Transfer-Encoding can't be present with Content-Length",
    "transfer_encoding": "a Transfer-Encoding that names no coding",
    "head_too_long": "more headers than the limit",
    "too_many_fields": "more headers than the limit",
    "too_many_interim": "more interim responses than the limit",
    "chunk_size": "a chunk size that is no number",
    "chunk_size_too_long": "a chunk size with more digits than the limit",
    "chunk_extension": "a malformed chunk extension",
    "chunk_extension_too_long": "chunk extensions longer than the limit",
    "chunk_end": "a chunk that does not end where it said",
    "trailer_framing": "a length or an encoding among the trailers",
    "trailers_too_long": "trailers longer than the limit",
    "truncated_head": "it ended within its headers",
    "truncated_body": "it ended within its body",
}


def refusal_text(name: str) -> str:
    """Words for a name of csrc/http_refusal.h."""
    return _TEXTS[name]
