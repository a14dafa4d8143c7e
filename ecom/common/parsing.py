"""JSON bodies, parsed by orjson: of bounded size and depth, UTF-8 alone, and no number that JSON does not know."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser


class BodyTooLarge(APIException):
    """413 for a body beyond the limit, which DRF's own parsers do not ask about."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


class JsonParser(BaseParser):
    """`application/json`. Raises ParseError (400) or BodyTooLarge (413).

    A view that takes more than `DATA_UPLOAD_MAX_MEMORY_SIZE` has a parser of its own, with its `max_bytes`.
    """

    media_type = "application/json"
    max_bytes: int | None = None

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = self.max_bytes or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
