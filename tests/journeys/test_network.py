"""A network of clinics runs several processes on one PostgreSQL: the same journey, and two servers on one database."""

from pathlib import Path

import pytest

from messaging_server.record.verifying import verify_clinic
from messaging_server.runners import checkpoints
from tests.clinic import databases
from tests.journeys.test_answering import open_item, reply
from tests.journeys.town import open_town

pytestmark = pytest.mark.postgres


async def test_the_whole_way_on_postgresql(postgres: databases.Server, tmp_path: Path) -> None:
    """Mail in, answer out, read after signing in, and a record that verifies, on PostgreSQL [REC-02, TRI-02]."""
    address = "thomas.okafor@patients.demo.invalid"
    async with databases.fresh(postgres) as url, open_town(tmp_path, url) as town:
        await town.mail(address, "Hello, may I take both?")
        await town.work()
        nurse = await town.person("mouellet")
        await reply(nurse, await open_item(nurse, "Thomas Okafor"), "Yes, take both.", closing="Kind regards,")
        await town.pass_time(seconds=90)
        thomas = await town.person(address)
        thread = await thomas.get((await thomas.get("/inbox")).links("/threads/")[0])
        assert "Yes, take both." in thread.words
        assert len(town.mails_to(address)) == 2

        means = town.running.means
        log = checkpoints.Sequencer(means=means, clinics=town.running.clinics, clock=town.clock)
        await checkpoints.run_once(log)
        found = await verify_clinic(means.database, town.cast.clinic.id, None)
        assert found.faults == ()
