"""The requests that one call leads to: through redirects, and past a challenge."""

from __future__ import annotations

from dataclasses import dataclass, replace

from atlas_perf import clock
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.digest import digest_authorization, find_challenge
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.redirects import redirected
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.urls import Target

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a call."""

    request: Request
    user_tags: Tags
    began_ns: int
    deadline_ns: int
    late_ns: int  # when it began, beside what it takes itself; ABSENT in the closed model
    redirects_left: int
    sent_before_bytes: int = 0
    digest_answer: str | None = None  # the Authorization header that a 401 has asked for


def first_hop(request: Request, user_tags: Tags, began_ns: int, late_ns: int) -> Hop:
    """Where a call begins."""
    deadline_ns = began_ns + request.timeout_ns
    return Hop(request, user_tags, began_ns, deadline_ns, late_ns, request.max_redirects)


def next_hop(hop: Hop, request: Request, target: Target, response: Response) -> Hop | None:
    """The hop that a response leads to. A redirect that cannot be followed sets its error.

    With a limit of 0 redirects are not followed, and the response itself was asked for.
    """
    answering = _past_challenge(hop, request, target, response)
    if answering is not None or request.max_redirects == 0:
        return answering
    try:
        following = redirected(request, target, response)
    except RequestFailure as failure:
        response.error, response.error_code = f"redirect to an {failure.text}", failure.code
        return None
    if following is not None and hop.redirects_left == 0:
        response.error = f"stopped after {request.max_redirects} redirects"
        response.error_code = ErrorCode.GENERIC
        return None
    if following is None:
        return None
    return replace(
        hop,
        request=following,
        began_ns=clock.now_ns(),
        late_ns=min(hop.late_ns, 0),
        redirects_left=hop.redirects_left - 1,
        sent_before_bytes=0,
        digest_answer=None,
    )


def _past_challenge(hop: Hop, request: Request, target: Target, response: Response) -> Hop | None:
    """The same request with the answer to a challenge, which is given once."""
    if request.digest is None or hop.digest_answer or response.status != _UNAUTHORIZED:
        return None
    challenge = find_challenge(response.headers.get_all("www-authenticate"))
    if challenge is None:
        return None
    answer = digest_authorization(request.digest, challenge, request.method, target.path)
    return replace(
        hop,
        began_ns=clock.now_ns(),
        late_ns=min(hop.late_ns, 0),
        sent_before_bytes=0,
        digest_answer=answer,
    )
