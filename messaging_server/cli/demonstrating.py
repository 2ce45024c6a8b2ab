"""`demo`: an invented clinic on this machine."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from messaging_server import logs
from messaging_server.demo.running import run

Folder = Annotated[Path, typer.Option("--folder", help="Where the invented clinic is kept.")]
Reset = Annotated[bool, typer.Option("--reset", help="Begin anew (also RESET=1 in the environment).")]


def demo(folder: Folder = Path("var/demo"), *, reset: Reset = False) -> None:
    """Start an invented clinic: pages, mail and texts on loopback, nothing leaves this machine."""
    logs.configure(logging.WARNING)
    anew = reset or os.environ.get("RESET", "") not in {"", "0"}
    asyncio.run(run(folder, reset=anew, show=typer.echo))
