"""The shop as the function sees it: `POST /products/bulk` through the gateway.

What passes by itself (429, 502, 503, 504, no answer) is tried again, with jitter, as late as `Retry-After` asks and as
long as the run has time. A batch that is refused whole is halved until the row is found. What cannot succeed is tried
once. A batch has a name, under which the shop takes it once, however often it is sent.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3

from serverless.product_bulk_import_lambda.tokens import NoToken, Tokens

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
# The gateway gives the catalog 30 s.
TIMEOUT = urllib3.Timeout(connect=3, read=35)
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 20.0
_PASSING = frozenset({429, 502, 503, 504})
# The body is wrong, or a row of it.
_REFUSED_WHOLE = frozenset({400, 413, 422, 500})
# An error of the shop's own may be about one row, and may be about the moment.
TRIES_OF_500 = 3


class ShopUnavailable(Exception):
    """The shop did not answer as long as there was time; it may later."""


class ShopRefused(Exception):
    """The shop refuses us, whatever the rows are: an operator must do something."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row; `errors` are pairs of the product's member and what is wrong with it."""

    kind: str
    errors: tuple[tuple[str, str], ...] = ()


class Shop:
    """The API of the shop, for several threads at once."""

    def __init__(self, pool: urllib3.PoolManager, *, gateway_url: str, tokens: Tokens) -> None:
        self._pool, self._tokens = pool, tokens
        self._url = f"{gateway_url}/products/bulk"

    def upsert(self, products: Sequence[bytes], *, name: str, until: float) -> list[Outcome]:
        """Bring products (each as JSON) into the shop; what became of each, in their order.

        `name` is of this batch alone, whenever and however often it is sent. `until` is a time of the monotonic clock.
        Raises ShopUnavailable, ShopRefused.
        """
        if not products:
            return []
        answer = self._answer(b'{"products":[' + b",".join(products) + b"]}", name, until)
        if answer.status == 200:
            return [_outcome(result) for result in answer.json()["results"]]
        if len(products) == 1:
            return [Outcome(REJECTED, (("", _detail(answer)),))]
        middle = len(products) // 2
        first = self.upsert(products[:middle], name=f"{name}a", until=until)
        return [*first, *self.upsert(products[middle:], name=f"{name}b", until=until)]

    def _answer(self, body: bytes, name: str, until: float) -> urllib3.BaseHTTPResponse:
        """The first answer that will not change by itself: 200, or the body is refused."""
        waits, tokens_refused, failed = 0, 0, 0
        while True:
            answer = self._asked(body, name)
            status = answer.status if answer else 503
            if status == 401 and not tokens_refused:
                tokens_refused += 1
                continue
            failed += status == 500
            refused_whole = status in _REFUSED_WHOLE and (status != 500 or failed == TRIES_OF_500)
            if answer and (status == 200 or refused_whole):
                return answer
            if status not in _PASSING and status != 500:
                raise ShopRefused(f"The shop answered {status}: {_detail(answer)}")
            _wait(_pause(waits, answer), until)
            waits += 1

    def _asked(self, body: bytes, name: str) -> urllib3.BaseHTTPResponse | None:
        """One answer of the shop, or one to wait on where no token is to be had; None where there is none.

        Raises ShopRefused where no token will be given.
        """
        try:
            token = self._tokens.token()
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": name,
            }
            answer = self._pool.request("POST", self._url, body=body, headers=headers)
        except NoToken as refused:
            return _for_the_moment(refused)
        except urllib3.exceptions.HTTPError:
            return None
        if answer.status == 401:
            self._tokens.forget(token)
        return answer


def _for_the_moment(refused: NoToken) -> urllib3.BaseHTTPResponse | None:
    """The refusal of a token where it passes by itself; None for an error of the shop's own. Says nothing of the rows.

    Raises ShopRefused for any other.
    """
    if refused.answer.status in _PASSING:
        return refused.answer
    if refused.answer.status >= 500:
        return None
    raise ShopRefused(f"{refused} {_detail(refused.answer)}") from refused


def _pause(waits: int, answer: urllib3.BaseHTTPResponse | None) -> float:
    """Seconds to wait: what the shop asks for at least, and a random part, so that not all come back at once."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(waits, 10))
    return _retry_after(answer) + random.uniform(longest / 2, longest)


def _retry_after(answer: urllib3.BaseHTTPResponse | None) -> float:
    """`Retry-After` in seconds, which is a number or a date."""
    text = answer.headers.get("Retry-After", "") if answer else ""
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return 0.0


def _wait(seconds: float, until: float) -> None:
    if time.monotonic() + seconds > until:
        raise ShopUnavailable("The shop could not take rows as long as there was time.")
    time.sleep(seconds)


def _outcome(result: dict[str, Any]) -> Outcome:
    errors = tuple((_member(error["pointer"]), error["detail"]) for error in result.get("errors", ()))
    return Outcome(result["outcome"], errors)


def _member(pointer: str) -> str:
    """`/products/7/price/amount` is about the price."""
    parts = pointer.split("/")
    return parts[3] if len(parts) > 3 else ""


def _detail(answer: urllib3.BaseHTTPResponse | None) -> str:
    """What the shop says about a refusal, in a sentence."""
    try:
        problem = answer.json() if answer else {}
        said = [error["detail"] for error in problem.get("errors", ())] or [problem["detail"]]
        return " ".join(said)
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"The shop cannot take it (HTTP {answer.status})." if answer else "The shop did not answer."
