"""What a machine may ask of the server: is it alive, can it serve, how much does it do."""

from dataclasses import replace

from aiohttp.test_utils import TestClient, TestServer

from messaging_server.storage.database import Database
from messaging_server.web.events import Hub
from messaging_server.web.health import METERS
from messaging_server.web.site import application
from tests.clinic.entering import send
from tests.clinic.pages import Pages


async def test_the_process_says_that_it_is_alive_and_ready(pages: Pages) -> None:
    """Both questions are answered with 200 while the database answers."""
    browser = await pages.browser()

    assert await browser.get("/healthz") == (200, '{"status": "alive"}')
    assert await browser.get("/readyz") == (200, '{"status": "ready"}')


async def test_a_database_that_is_gone_makes_the_server_not_ready_and_says_no_more(pages: Pages) -> None:
    """A balancer takes the server out, and learns nothing about why [SEC-12]."""
    browser = await pages.browser()
    database: Database = pages.world.means.database
    await database.close()

    status, text = await browser.get("/readyz")

    assert (status, text) == (503, '{"status": "unavailable"}')
    assert (await browser.get("/healthz"))[0] == 200


async def test_a_server_that_still_prepares_is_not_ready(pages: Pages) -> None:
    """What waits for the yes finds everything in place when it comes [DESIGN 10, `make demo`]."""
    server = TestServer(application(replace(pages.site, prepared=lambda: False), Hub(), []))
    async with TestClient(server) as asking:
        answer = await asking.get("/readyz")
        assert (answer.status, await answer.text()) == (503, '{"status": "starting"}')
        assert (await asking.get("/healthz")).status == 200


async def test_the_counts_name_routes_and_nobody(pages: Pages) -> None:
    """No id of a path, no sign-in name, no address is in any label."""
    browser = await pages.browser(pages.world.rose)
    await browser.get("/threads/0192f000-0000-7000-8000-000000000001")
    await send(browser, "/sign-in", {"login": "rose.lavigne", "password": "x"})

    _, text = await browser.get("/metrics")

    assert 'messaging_requests_total{method="GET",route="/threads/{thread}",status="404"} 1.0' in text
    assert 'messaging_backlog{kind="deliveries"} 0.0' in text
    assert "0192f000" not in text
    assert "rose" not in text


async def test_the_counts_are_not_for_whoever_comes_through_the_proxy(pages: Pages) -> None:
    """The collector stands beside the server; the internet does not read the counts."""
    browser = await pages.browser()

    status, text = await browser.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"})

    assert status == 404
    assert "messaging_requests" not in text


async def test_two_applications_count_apart(pages: Pages) -> None:
    """Each application has a registry of its own: none is made twice, none is shared."""
    other = application(pages.site, Hub(), [])
    await (await pages.browser()).get("/healthz")

    assert other[METERS].registry.get_sample_value(
        "messaging_requests_total", {"method": "GET", "route": "/healthz", "status": "200"}
    ) is None
