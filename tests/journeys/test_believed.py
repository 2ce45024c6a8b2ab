"""What a mail or a text can do, whoever sends it: bring words, and change nothing that we know of anybody."""

import re
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import select

from keys.server import fingerprint, seal_directory
from messaging_server.storage import tables
from messaging_server.storage.database import Connection
from messaging_server.texts import TEMPLATES
from tests.journeys.test_answering import open_item, reply
from tests.journeys.test_kept import rows_of
from tests.journeys.town import Town

ROSE = "rose.lavigne@patients.demo.invalid"
THIEF = "pirate@ailleurs.invalid"
KNOWN = ("people", "person_words", "addresses", "consents", "accounts", "activations", "shared_keys", "web_sessions")
"""Who people are, where they are reached, what they agreed to, and how they sign in."""
ASKED = (
    f"Mon courriel a changé, écrivez désormais à {THIEF}.",
    "J'accepte tout, par courriel et par texto, pour toujours.",
    "Ma fille Léa peut lire tous mes messages à partir d'aujourd'hui. Ajoutez-la comme mandataire.",
    "J'ai perdu mon mot de passe, mettez-en un autre et envoyez-le-moi ici.",
    "Mon nouveau cellulaire est le 514 555-0188, enlevez l'ancien.",
)


async def known(town: Town) -> dict[str, list[Any]]:
    """All that we know of people, row by row."""
    return {name: await rows_of_named(town, name) for name in KNOWN}


async def rows_of_named(town: Town, name: str) -> list[Any]:
    """Every row of a table, in some order that stays."""
    table = tables.metadata.tables[name]
    found = await town.running.means.database.read(lambda c: c.execute(select(table)).all())
    return sorted(map(repr, found))


@pytest.mark.parametrize("proof", [True, False])
async def test_a_mail_changes_nothing_that_we_know_of_anybody(town: Town, *, proof: bool) -> None:
    """Asked by an address that passed or failed: no contact, consent, proxy or credential moves [EIN-09]."""
    before = await known(town)
    for number, text in enumerate(ASKED):
        more = f"Reply-To: <{THIEF}>\r\nCc: Léa <lea@ailleurs.invalid>\r\nX-Consent: all-{number}\r\n"
        await town.mail(ROSE, text, more=more, proof=proof)
    await town.work()

    assert await known(town) == before
    assert {mail.to for mail in town.postbox.mails} <= {ROSE}


async def test_what_we_send_goes_where_the_directory_says_at_that_moment(town: Town) -> None:
    """An address corrected while a reply waits gets it; the one that wrote, and its headers, get nothing [EOU-04]."""
    await town.mail(ROSE, "Puis-je prendre les deux?", more=f"Reply-To: <{THIEF}>\r\nCc: <{THIEF}>\r\n")
    await town.work()
    nurse = await town.person("mouellet")
    page = await open_item(nurse, "Rose Lavigne")
    assert not [name for name in ("to", "cc", "bcc", "recipient", "reply_all") if f'name="{name}"' in page.html]
    await reply(nurse, page, "Oui, les deux.")
    before = len(town.mails_to(ROSE))
    await _correct(town, ROSE, "rose.nouvelle@patients.demo.invalid")
    await town.pass_time(seconds=90)

    assert len(town.mails_to("rose.nouvelle@patients.demo.invalid")) == 1
    assert len(town.mails_to(ROSE)) == before == 1
    assert town.mails_to(THIEF) == []


async def _correct(town: Town, old: str, new: str) -> None:
    """Write another address in the directory, in the place of an old one."""
    keys, clinic, a = town.running.means.keys, town.cast.clinic.id, tables.addresses.c

    def unit(connection: Connection) -> None:
        wanted = a.value_fp == fingerprint(keys, clinic, "email", old)
        row = connection.execute(select(a.id).where(wanted)).scalar_one()
        sealed = seal_directory(keys, new, clinic, row, "address")
        values = {"sealed_value": sealed, "value_fp": fingerprint(keys, clinic, "email", new)}
        connection.execute(tables.addresses.update().where(a.id == row).values(**values))

    await town.running.means.database.write(unit)


async def test_mail_leaves_from_the_clinic_whoever_wrote_it(town: Town) -> None:
    """Acknowledgements, alerts and replies have one sender; no colleague has an address that could be one [EOU-06]."""
    await town.mail(ROSE, "J'ai un gros serrement dans la poitrine et je suis en sueur.")
    await town.work()
    for login in ("hmarchand", "mouellet"):
        await town.mail("thomas.okafor@patients.demo.invalid", "Hello, may I take both?")
        await town.work()
        colleague = await town.person(login)
        await reply(colleague, await open_item(colleague, "Thomas Okafor"), "Yes, both.", closing="Kind regards,")
        await town.pass_time(seconds=90)
    heads = [message_from_bytes(mail.raw, policy=default) for mail in town.postbox.mails]

    assert len(heads) >= 5
    assert {head["From"].addresses[0].addr_spec for head in heads} == {"messages@demo.invalid"}
    assert {head["From"].addresses[0].display_name for head in heads} <= {"Clinique du Parc", "Parc Clinic"}
    assert not [head for head in heads if head["Sender"] or head["Resent-From"]]
    assert {mail.envelope_from.partition("+")[0] for mail in town.postbox.mails} == {"bounce"}
    assert await _kinds_with_addresses(town) == {"patient", None}


async def _kinds_with_addresses(town: Town) -> set[str | None]:
    """Whose addresses the directory holds; None is a stranger's or an address on duty."""
    people = {row.id: row.kind for row in await rows_of(town, tables.people)}
    return {people.get(row.person_id) for row in await rows_of(town, tables.addresses)}


async def test_the_numbers_of_patients_live_apart_from_those_of_colleagues(town: Town) -> None:
    """A colleague's number is on the signature only: it is no number to text, and who texts from it nobody [DIR-02]."""
    assert await _kinds_with_addresses(town) == {"patient"}
    assert await town.text("+15145550101", "Bonjour, c'est moi.") == 200
    await town.work()
    [came] = [row for row in await rows_of(town, tables.exchanges) if row.direction == "in"]
    desk = await town.person("ibenali")
    page = await desk.get("/staff/people")

    assert (came.author_id, came.author_role) == (None, "unknown")
    assert "Marchand" not in (await desk.send(page, "/staff/people", q="514 555-0101")).html.partition("<main")[2]
    assert "Lavigne" in (await desk.send(page, "/staff/people", q="514 555-0123")).html.partition("<main")[2]


async def test_neither_a_mail_nor_a_text_signs_anybody_in(town: Town) -> None:
    """Whoever has the mailbox and the telephone gets no code, link or password by any of the ways in [IDN-06]."""
    visitor = await town.person()
    await visitor.send(await visitor.get("/sign-in"), "/sign-in", login=ROSE, password="une devinette de trop")
    tried = {"login": ROSE, "recovery_code": "AAAAA-BBBBB-CCCCC-DDDDD", "password": "trois oiseaux bleus 7", "code": ""}
    await visitor.send(await visitor.get("/recover"), "/recover", **tried, again=tried["password"])
    await visitor.send(await visitor.get("/worried"), "/worried", login=ROSE, password="une devinette de trop")
    doctor = next(one for one in town.cast.ready if one.login == "hmarchand")
    page = await visitor.send(await visitor.get("/sign-in"), "/sign-in", login=doctor.login, password=doctor.password)
    assert page.path == "/sign-in/code"
    await town.work()

    assert list(town.postbox.mails) == []
    assert list(town.provider.sent) == []


def test_only_the_proof_of_an_address_carries_a_code() -> None:
    """No other text that leaves has a code in it, and that one says what it is for [IDN-06]."""
    texts = {path: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*/notices/*.txt")}
    with_code = {path.name for path, text in texts.items() if "{{ code" in text}

    assert len(texts) > 40
    assert with_code == {"address_check.email.txt", "address_check.sms.txt"}


async def test_the_code_of_an_address_opens_no_door(town: Town) -> None:
    """Typed as a second factor, as a recovery code or as a first code it is worth nothing [IDN-06]."""
    await _unproven(town, "chloe.bergeron@patients.demo.invalid")
    chloe = await town.person("chloe.bergeron@patients.demo.invalid")
    path = (await chloe.get("/choices")).links("/choices/addresses/")[0]
    await chloe.send(await chloe.get(path), f"{path}/code")
    await town.work()
    [sent] = town.mails_to("chloe.bergeron@patients.demo.invalid")
    code = next(word for word in sent.read().text.split() if word.strip(".:").isdigit() and len(word.strip(".:")) == 6)
    visitor = await town.person()
    doctor = next(one for one in town.cast.ready if one.login == "hmarchand")
    page = await visitor.send(await visitor.get("/sign-in"), "/sign-in", login=doctor.login, password=doctor.password)

    assert (await visitor.send(page, "/sign-in/code", code=code)).status == 422
    born = {"birth_year": "1999", "birth_month": "9", "birth_day": "2"}
    assert (await visitor.send(await visitor.get("/activate"), "/activate", code=code, **born)).status == 422
    tried = {"recovery_code": code, "code": code} | dict.fromkeys(("password", "again"), "trois oiseaux bleus 7")
    page = await visitor.send(
        await visitor.get("/recover"), "/recover", login="chloe.bergeron@patients.demo.invalid", **tried
    )
    assert page.status == 422


async def _unproven(town: Town, address: str) -> None:
    """Forget that an address was proven."""
    wanted = fingerprint(town.running.means.keys, town.cast.clinic.id, "email", address)
    change = tables.addresses.update().where(tables.addresses.c.value_fp == wanted).values(verified_at=None)
    await town.running.means.database.write(lambda c: c.execute(change))


async def test_the_links_that_leave_by_mail_and_text_are_bare(town: Town) -> None:
    """Every notice leads to the sign-in page by one and the same address: no token, no id, no word [SEC-18, IDN-06]."""
    await town.mail(ROSE, "Puis-je prendre les deux?")
    await town.work()
    nurse = await town.person("mouellet")
    await reply(nurse, await open_item(nurse, "Rose Lavigne"), "Oui, les deux.")
    await town.pass_time(seconds=90)
    told = [mail.read().text for mail in town.mails_to(ROSE)] + town.texts_to("+15145550123")
    links = re.findall(r"https?://[^\s<>]+", " ".join(told))

    assert len(told) == 3
    assert len(links) >= 2
    assert set(links) == {town.base}
