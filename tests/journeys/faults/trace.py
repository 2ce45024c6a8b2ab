"""The system calls of every thread of a server, as strace wrote them, and what they say of the write-ahead log.

A line may be cut in two where another thread spoke meanwhile (`<unfinished ...>`, `<... resumed>`): a call has the
place where it began and the place where it ended. Strings are in hexadecimal throughout (`-xx`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CALLS = "write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,recvfrom,recvmsg"
LONGEST = 70_000
"""Bytes of a string that are shown: a page of the database and a mail are shorter."""
TRACER = (
    "strace", "--seccomp-bpf", "-D", "-f", "-q", "-yy", "-xx", "-s", str(LONGEST), "-e", f"trace={CALLS}",
    "-e", "signal=none", "-o",
)  # fmt: skip
"""What runs a server under the tracer; the file of the trace follows. With `-D` the server keeps its own process id."""
LOG = "-wal"
FRAME_HEAD = 24
"""Bytes before each page in the log (SQLite file format, section 4.1); 4 to 7 are not zero in a commit's last frame."""
_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
_CALL = re.compile(r"(\w+)\(\d+<((?:->|[^>])*)>(.*)", re.DOTALL)
_HEX = re.compile(r"((?:\\x[0-9a-f]{2})+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_RESULT = re.compile(r"\) += (-?\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One system call on a file or a connection; `began` and `ended` are places in the whole trace."""

    name: str
    target: str
    data: bytes
    result: int
    began: int
    ended: int


def read_trace(path: Path) -> list[Call]:
    """Every finished call, in the order in which they ended."""
    return list(_calls(path.read_text(encoding="ascii").splitlines()))


def _calls(lines: Sequence[str]) -> Iterator[Call]:
    waiting: dict[str, tuple[int, str]] = {}
    for place, line in enumerate(lines):
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        thread, text, began = found[1], found[2], place
        if text.endswith("<unfinished ...>"):
            waiting[thread] = (place, text.removesuffix("<unfinished ...>").rstrip())
            continue
        if (resumed := _RESUMED.fullmatch(text)) is not None and thread in waiting:
            began, head = waiting.pop(thread)
            text = head + resumed[2]
        if (call := _call(text, began, place)) is not None:
            yield call


def _call(text: str, began: int, ended: int) -> Call | None:
    found, result = _CALL.match(text), _RESULT.search(text)
    if found is None or result is None:
        return None
    return Call(
        name=found[1], target=_HEX.sub(lambda part: _bytes(part[1]).decode("utf-8", "replace"), found[2]),
        data=b"".join(map(_bytes, _STRING.findall(found[3]))), result=int(result[1]), began=began, ended=ended,
    )  # fmt: skip


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One transaction in the log: where its first frame began, and where its commit frame's page was written."""

    first: int
    last: int


def commit_of(calls: Sequence[Call], exchange: str) -> Commit | None:
    """The transaction that first wrote this id: from the first frame that names it to the next commit frame."""
    first, closing = None, False
    for call in calls:
        if not call.target.endswith(LOG) or call.name != "pwrite64":
            continue
        if len(call.data) == FRAME_HEAD:
            closing = call.data[4:8] != bytes(4)
            continue
        if first is None and exchange.encode() in call.data:
            first = call.began
        if first is not None and closing:
            return Commit(first=first, last=call.ended)
    return None


def flushed_between(calls: Sequence[Call], after: int, before: int) -> bool:
    """Whether a flush of the log began after one place, went well, and was over before the other."""
    return any(
        call.name in {"fsync", "fdatasync"} and call.target.endswith(LOG) and call.result == 0
        and after < call.began and call.ended < before
        for call in calls
    )  # fmt: skip
