"""Logs that cannot tell a secret: only fields on a list pass, everything else becomes `[redacted]` (AUD-02, STYLE 13).

Standard-library loggers of libraries go through the same list: their free text is replaced by the logger's name.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "fault", "runner", "delivery", "code", "clinic", "route", "method",
        "status", "milliseconds", "port", "host", "count", "version", "database", "exchange", "task", "reason",
        "policy", "stale",
    }
)  # fmt: skip
"""Ids, codes, counts and names of our own parts; no content, no name, no address of anybody."""

log: structlog.stdlib.BoundLogger = structlog.get_logger("messaging_server")


def redact(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Replace whatever is not on the list."""
    return {name: value if name in ALLOWED else "[redacted]" for name, value in fields.items()}


class _NamesOnly(logging.Handler):
    """A library's line is written as its logger's name and level: its text may carry anything."""

    def emit(self, record: logging.LogRecord) -> None:
        fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "none"
        log.log(record.levelno, "library", logger=record.name, fault=fault)


def configure(level: int = logging.INFO) -> None:
    """Set up logging once, at start-up; one JSON object a line on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )  # fmt: skip
    root = logging.getLogger()
    root.handlers[:] = [_NamesOnly(logging.WARNING)]
    for noisy in ("mail.log", "twilio", "aiosmtplib", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
