"""Logs as one JSON object a line, with the service, the request's id and its trace."""

import logging

from pythonjsonlogger.json import JsonFormatter as _JsonFormatter

from ecom.common.request_context import current_request_context


class RequestContextFilter(logging.Filter):
    """Adds `service`, `request_id` and `trace_id` to each record."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def filter(self, record: logging.LogRecord) -> bool:
        record.service = self.service
        if context := current_request_context():
            record.request_id, record.trace_id = context.request_id, context.trace_id
        return True


class JsonFormatter(_JsonFormatter):
    """Keys as Google Cloud Logging reads them: `severity`, `message`, `time` (RFC 3339, UTC)."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "severity", "name": "logger"},
            timestamp="time",
        )
