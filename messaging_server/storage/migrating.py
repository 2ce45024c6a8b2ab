"""Bringing the schema up to date: alembic, run by the program itself, one process at a time on PostgreSQL."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from messaging_server.storage import driver

FOLDER = Path(__file__).resolve().parent / "migrations"
__all__ = ["FOLDER", "config", "upgrade"]
assert driver.SQLITE_VERSION  # the mended library stands in its place before any engine is made


def config(url: str) -> Config:
    """Alembic's configuration for a database."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str) -> None:
    """Apply every migration that the database does not have yet."""
    command.upgrade(config(url), "head")
