"""The application: every door of the web in one table, behind the middleware."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import web

from messaging_server.web import (
    account,
    activation,
    board,
    choices,
    consenting,
    downloads,
    health,
    held,
    inbox,
    item,
    leaving,
    own_words,
    people,
    policy,
    prepared_texts,
    quality,
    replying,
    signing,
    team,
    writing,
)
from messaging_server.web.events import HUB, Hub
from messaging_server.web.middleware import headers, pages
from messaging_server.web.visit import SITE, Site

LARGEST: Final = 1_000_000
"""Bytes of one request: forms only, files have their own door."""
MODULES: Final = (
    signing, activation, consenting, account, inbox, downloads, writing, choices, own_words, board, item, replying,
    held, people, team, leaving, policy, prepared_texts, quality, health,
)  # fmt: skip


def application(site: Site, hub: Hub, webhooks: list[web.RouteDef]) -> web.Application:
    """Everything that is reached by http."""
    app = web.Application(middlewares=[health.measured, headers, pages], client_max_size=LARGEST)
    app[SITE] = site
    app[HUB] = hub
    app[health.METERS] = health.Meters()
    for module in MODULES:
        app.add_routes(module.routes())
    app.add_routes(webhooks)
    app.on_shutdown.append(_let_go)
    app.router.add_static("/static", Path(str(files("messaging_server"))) / "web" / "static")
    return app


async def _let_go(app: web.Application) -> None:
    """Open boards wait for news for hours; a server that stops does not wait for them."""
    app[HUB].close()
