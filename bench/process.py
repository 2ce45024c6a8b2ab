"""A server under measurement: started as a process of its own, with the CPU and memory of its whole tree."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: its process and what it said of itself when it was ready."""

    pid: int
    said: dict[str, Any] = field(default_factory=dict)


@contextmanager
def server(*module: str) -> Iterator[Server]:
    """Run `python -m …` until the block ends; its first line is a JSON object."""
    with subprocess.Popen([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            yield Server(pid=started.pid, said=json.loads(started.stdout.readline()))
        finally:
            started.terminate()


@contextmanager
def copied(template: Path | None) -> Iterator[Path]:
    """A fresh folder, with the founded clinic's files in it where a template is given."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        place = Path(folder) / "clinic"
        if template is None:
            place.mkdir()
        else:
            shutil.copytree(template, place)
        yield place


def tree(pid: int) -> list[int]:
    """A process and all that it started, their own children included."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in tree(int(child)))]


def cpu_of(pid: int) -> float:
    """CPU seconds of a process tree, all threads."""
    return sum(_cpu(one) for one in tree(pid))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_of(pid: int) -> float:
    """The most memory that the processes of a tree ever held, in MiB (VmHWM)."""
    return sum(_peak(one) for one in tree(pid))


def _peak(pid: int) -> float:
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def fdatasyncs() -> float:
    """4 KB appends with fdatasync a second, alone: what this machine's disk allows now."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "file").open("wb", buffering=0) as file:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 1:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - started)


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
