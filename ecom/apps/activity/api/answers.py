"""Outcomes as HTTP: one event's as a status, a batch's by index."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

from ecom.apps.activity.services import TOO_MANY_USERS, Accepted, Invalid, Outcome, Retry
from ecom.common.problems import CONTENT_TYPE, problem_body

_RETRY_DETAIL = {
    TOO_MANY_USERS: "Your address brings too many different users. Try again later, with this event_id.",
}
_UNAVAILABLE_DETAIL = "Events cannot be stored at the moment. Try again shortly, with this event_id."


def answer_to_one(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    """202 with the event's id, or the problem that kept it from being taken."""
    match outcome:
        case Accepted(event_id):
            return _json({"event_id": event_id}, 202)
        case Invalid(errors) if outcome.forbidden:
            return _problem(request, 403, errors[0].detail, errors=_dicts(outcome))
        case Invalid():
            return _problem(request, 422, "The event is not valid; see errors.", errors=_dicts(outcome))
        case Retry(reason, seconds, event_id):
            return _retry(request, outcome, event_id=event_id, detail=_retry_detail(reason), seconds=seconds)


def answer_to_many(request: HttpRequest, outcomes: Sequence[Outcome]) -> HttpResponse:
    """202 where at least one event was taken, else the problem of those that may be retried or of all.

    Every answer has `results`, one for each event by its index.
    """
    results = [_result(index, outcome) for index, outcome in enumerate(outcomes)]
    if any(isinstance(outcome, Accepted) for outcome in outcomes):
        return _json({**_totals(outcomes), "results": results}, 202)
    retries = [outcome for outcome in outcomes if isinstance(outcome, Retry)]
    if not retries:
        return _problem(request, 422, "No event of the batch is valid; see results.", results=results)
    first = min(retries, key=lambda retry: retry.seconds)
    detail = "No event of the batch was taken; see results."
    return _retry(request, first, results=results, detail=detail, seconds=first.seconds)


def _totals(outcomes: Sequence[Outcome]) -> dict[str, int]:
    kinds = [type(outcome) for outcome in outcomes]
    return {"accepted": kinds.count(Accepted), "invalid": kinds.count(Invalid), "retry": kinds.count(Retry)}


def _result(index: int, outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Accepted(event_id):
            return {"index": index, "outcome": "accepted", "event_id": event_id}
        case Invalid():
            return {"index": index, "outcome": "invalid", "errors": _dicts(outcome)}
        case Retry(reason, seconds, event_id):
            return {
                "index": index,
                "outcome": "retry",
                "reason": reason,
                "retry_after": seconds,
                "event_id": event_id,
            }


def _dicts(outcome: Invalid) -> list[dict[str, Any]]:
    return [asdict(error) for error in outcome.errors]


def _retry_detail(reason: str) -> str:
    return _RETRY_DETAIL.get(reason, _UNAVAILABLE_DETAIL)


def _retry(request: HttpRequest, retry: Retry, *, detail: str, seconds: int, **members: Any) -> HttpResponse:
    status = 429 if retry.reason == TOO_MANY_USERS else 503
    response = _problem(request, status, detail, **members)
    response["Retry-After"] = str(seconds)
    return response


def _problem(request: HttpRequest, status: int, detail: str, **members: Any) -> HttpResponse:
    return _json({**problem_body(status, detail, instance=request.path), **members}, status, CONTENT_TYPE)


def _json(body: dict[str, Any], status: int, content_type: str = "application/json") -> HttpResponse:
    """Without a length gunicorn would send the answer in chunks, which takes a packet more."""
    content = orjson.dumps(body)
    headers = {"Content-Length": str(len(content))}
    return HttpResponse(content, status=status, content_type=content_type, headers=headers)
