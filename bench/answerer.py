"""The peer of the web sends: a bare aiohttp that reads the form and answers the same bytes, and keeps nothing."""

import asyncio
import json

from aiohttp import web

from messaging_server.web.middleware import HEADERS


async def _answer(request: web.Request) -> web.Response:
    """Read the form and send the browser on, with the same bytes as ours."""
    await request.post()
    to = "/sent/00000000-0000-0000-0000-000000000000"
    return web.Response(status=303, headers={"Location": to, **HEADERS, "Cache-Control": "no-store"})


async def serve() -> None:
    """Serve the form's answer on a free loopback port."""
    app = web.Application()
    app.router.add_post("/write/message", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"web": runner.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
