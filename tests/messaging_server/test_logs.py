"""Logs: one line of JSON each, in universal time, that nothing from outside can forge or break."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO

import pytest
import structlog

from messaging_server import logs
from messaging_server.clock import utc_now

FORGED = '404\n{"event": "sign_in", "level": "info"}\r\n\x1b[2J\u2028\x85"} {"a": "'


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Logging as a server sets it up, on a stream that is read, and undone afterwards."""
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure(logging.DEBUG)
    yield stream.getvalue
    root.handlers[:] = before
    structlog.reset_defaults()


def test_a_field_cannot_forge_a_line(said: Callable[[], str]) -> None:
    """Line breaks, control characters and quotes from outside stay within their field [AUD-09]."""
    logs.log.info("page", route=FORGED, status=404)
    line = said()

    assert line.count("\n") == 1
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert json.loads(line)["route"] == FORGED


def test_a_line_s_time_is_universal(said: Callable[[], str]) -> None:
    """Each line says when in UTC, wherever the machine stands [AUD-09]."""
    logs.log.warning("ready")
    at = datetime.fromisoformat(json.loads(said())["timestamp"])

    assert at.utcoffset() == timedelta(0)
    assert abs(utc_now() - at) < timedelta(minutes=1)


def test_a_library_s_line_is_a_line_like_ours(said: Callable[[], str]) -> None:
    """Its words are left out, so that every line on the stream can be read by the same collector [AUD-09, AUD-02]."""
    logging.getLogger("some.library").warning("Rose Lavigne\n%s", FORGED)
    lines = said()

    assert [json.loads(line)["logger"] for line in lines.splitlines()] == ["some.library"]
    assert "Lavigne" not in lines


def test_a_field_that_is_on_no_list_is_not_written(said: Callable[[], str]) -> None:
    """What a line may carry is listed; all else becomes a mark [AUD-02]."""
    logs.log.info("page", patient="Rose Lavigne", route="/inbox")

    assert json.loads(said()) | {"timestamp": ""} == {
        "event": "page", "level": "info", "timestamp": "", "patient": "[redacted]", "route": "/inbox",
    }  # fmt: skip
