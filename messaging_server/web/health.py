"""The machine's own questions: is the process alive, can it serve, how much does it do; no label names anybody.

`/metrics` answers whoever asks directly, as a collector beside the server does, and nobody who came through the proxy.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from messaging_server.logs import log
from messaging_server.storage.queries import health as queries
from messaging_server.web.visit import SITE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FORWARDED: Final = ("X-Forwarded-For", "Forwarded")
TEXT: Final = "text/plain; version=0.0.4"
METHODS: Final = frozenset({"GET", "HEAD", "POST"})


class Meters:
    """What one application counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "messaging_requests", "Requests by the pattern of their route, never by their path.",
            ["method", "route", "status"], registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "messaging_request_seconds", "Time to answer.", ["route"], registry=self.registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )  # fmt: skip
        self.backlog = Gauge(
            "messaging_backlog", "Work whose time has come and that is not done, by kind.", ["kind"],
            registry=self.registry,
        )  # fmt: skip


METERS: Final = web.AppKey("meters", Meters)


def routes() -> list[web.RouteDef]:
    """Where machines ask."""
    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]


async def alive(_request: web.Request) -> web.StreamResponse:
    """The process answers."""
    return web.json_response({"status": "alive"})


async def ready(request: web.Request) -> web.StreamResponse:
    """What comes before service is done, and the database answers: work can be done. 503 and no detail otherwise."""
    if not request.app[SITE].prepared():
        return web.json_response({"status": "starting"}, status=503)
    try:
        await request.app[SITE].means.database.read(queries.alive)
    except Exception as error:  # noqa: BLE001  # whatever the driver raises, the answer is the same
        log.error("not_ready", fault=type(error).__name__)
        return web.json_response({"status": "unavailable"}, status=503)
    return web.json_response({"status": "ready"})


async def metrics(request: web.Request) -> web.StreamResponse:
    """Counts for a collector (no identifiers)."""
    if any(name in request.headers for name in FORWARDED):
        raise web.HTTPNotFound
    site, meters = request.app[SITE], request.app[METERS]
    waiting = await site.means.database.read(lambda c: queries.backlog(c, site.clock()))
    meters.backlog.labels("deliveries").set(waiting.deliveries)
    meters.backlog.labels("escalations").set(waiting.escalations)
    return web.Response(body=generate_latest(meters.registry), headers={"Content-Type": TEXT})


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every answer and its time, under the route's pattern: a path could hold an id."""
    began, status = time.perf_counter(), 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as answer:
        status = answer.status
        raise
    else:
        return response
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        method = request.method if request.method in METHODS else "other"
        meters = request.app[METERS]
        meters.requests.labels(method, route, str(status)).inc()
        meters.seconds.labels(route).observe(time.perf_counter() - began)
