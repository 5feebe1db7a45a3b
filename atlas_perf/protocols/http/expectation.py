"""Whether a response is the one that was asked for. Runs after the stop-watch has stopped."""

from __future__ import annotations

from atlas_perf.protocols.http.error_codes import ErrorCode, status_error_code
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import Response


def judge_response(request: Request, response: Response) -> None:
    """Set `ok` of a final response, and its error if it is not.

    A status that is not expected is a failure with its own error code, if it has one. `expect`
    is asked about responses with an expected status only; one that raises has not agreed.
    """
    response.ok = not response.error and response.status in request.expected_statuses
    if response.error:
        return
    if not response.ok:
        response.error_code = status_error_code(response.status)
        return
    if request.expect is None:
        return
    try:
        response.ok = bool(request.expect(response))
    except Exception as problem:
        response.ok = False
        # Its message may quote the body, and every text of an error is a series of its own.
        response.error = f"expect raised {type(problem).__name__}"
    else:
        response.error = "" if response.ok else "not the expected response"
    if not response.ok:
        response.error_code = ErrorCode.GENERIC
