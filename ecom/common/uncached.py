"""Answers that are for their caller alone."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView


class UncachedView(APIView):
    """No cache keeps an answer, on the way or at the caller's."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response
