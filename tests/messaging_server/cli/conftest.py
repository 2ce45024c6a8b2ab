"""An installation for the commands: settings, key file and database of the invented clinic."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import tomli_w
from typer.testing import CliRunner, Result

from keys import server as server_keys
from messaging_server import cli
from tests.clinic.world import World

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def settings_file(world: World, tmp_path: Path) -> Path:
    """The settings of the world's installation, with its key file in place."""
    keys = world.settings.key_file
    keys.touch(mode=0o600)
    keys.write_bytes(server_keys.dump(world.means.keys))
    path = tmp_path / "settings.toml"
    own = {"database": world.settings.database.get_secret_value(), "key_file": str(keys)}
    path.write_text(tomli_w.dumps(own), encoding="utf-8")
    return path


@pytest.fixture
def run(settings_file: Path) -> Run:
    """Run a command on that installation, in a thread as in a process of its own."""

    async def command(*arguments: str | Path, given: str | None = None) -> Result:
        words = [*map(str, arguments), "--settings", str(settings_file)]
        return await asyncio.to_thread(CliRunner().invoke, cli.app, words, input=given)

    return command
