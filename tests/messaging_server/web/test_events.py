"""Waking open pages: who waits hears, who is slow holds nobody up, and a server that stops lets go."""

import pytest

from messaging_server.errors import UnavailableError
from messaging_server.web.events import Hub


async def test_whoever_waits_for_a_name_is_woken_and_nobody_else() -> None:
    """News of one thing are not news of another [PAGES Board]."""
    hub = Hub()
    with hub.subscribe("board") as board, hub.subscribe("outbox") as outbox:
        hub.publish("board")

        assert await board.wait(0.01)
        assert not await outbox.wait(0.001)


async def test_being_woken_twice_before_looking_is_being_woken_once() -> None:
    """A slow page piles nothing up [SEC-12]."""
    hub = Hub()
    with hub.subscribe("board") as board:
        hub.publish("board")
        hub.publish("board")

        assert await board.wait(0.01)
        assert not await board.wait(0.001)


async def test_a_page_that_left_is_forgotten() -> None:
    """Nothing stays behind when a page is closed, even by a fault [SEC-12]."""
    hub = Hub()
    with pytest.raises(RuntimeError), hub.subscribe("board"):
        raise RuntimeError

    assert repr(hub) == "Hub(0 waiting)"


async def test_only_so_many_pages_wait() -> None:
    """One more than the limit is told to come back; a place that is free again is given [SEC-12]."""
    hub = Hub(most=1)
    with hub.subscribe("board"), pytest.raises(UnavailableError), hub.subscribe("board"):
        pass
    with hub.subscribe("board") as again:
        assert not again.closed


async def test_a_server_that_stops_lets_everybody_go() -> None:
    """Whoever waits is woken to leave, and nobody new is taken in [SEC-12]."""
    hub = Hub()
    with hub.subscribe("board") as board:
        hub.close()

        assert await board.wait(0.01)
        assert board.closed
    with pytest.raises(UnavailableError), hub.subscribe("board"):
        pass
