"""What happens in the two clinics before anybody looks: in the one hardly anything, in the other a whole week."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from messaging_server.broker import admission, own_words, undelivered, verification, worklist
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.directory import Name
from messaging_server.broker.enrolment import Issued, NewPatient
from messaging_server.message import Attachment, Authentication
from messaging_server.record import reading
from messaging_server.record.reading import Reader
from messaging_server.storage import people, threads
from messaging_server.storage.accounts import AccountRole, SessionState
from messaging_server.storage.tasks import TaskKind
from tests.clinic.answering import answer, waiting
from tests.clinic.entering import give_second_factor
from tests.clinic.trespass import FILE
from tests.clinic.world import World
from tests.messaging_server.broker.test_pictures import png

BORN = "1990-01-02"
CALM = "Bonjour, puis-je prendre mon sirop avec mes vitamines ? Merci."
SAD = "Bonjour, je suis en dépression depuis le printemps. Je ne dors plus."
GRAVE = "Je veux mourir, je pense à me suicider ce soir."
PHOTO = Attachment(filename="bras.png", media_type="image/png", content=png())
LONG = "Renouvellement de plusieurs ordonnances avant mon départ, " * 4
OWN = ("Marc", "mon divorce", "le magasin de la rue Notre-Dame où je travaillais en mai")
ANSWERED = "Bonjour Rose,\n\nOui, vous pouvez prendre les deux ensemble.\n\nCordialement,"


class Who(StrEnum):
    """Who may stand before a page."""

    NOBODY = "nobody"
    HALF = "somebody between the password and the second factor"
    NEW_PATIENT = "a patient on the first sign-in"
    NEW_COLLEAGUE = "a colleague on the first sign-in"
    PATIENT = "a patient"
    UNPROVEN = "a patient whose address is not proven"
    PHYSICIAN = "a physician"
    RECEPTION = "reception"
    ADMINISTRATOR = "an administrator"
    WAITING = "a colleague whom no team has admitted"


@dataclass(slots=True)
class Place:
    """One of the two clinics: its people with the state of their sign-in, and the names of its things."""

    world: World
    people: Mapping[Who, tuple[Reader, SessionState]]
    names: dict[str, str]


def text_of(one: UUID | None) -> str:
    """An id as addresses have it."""
    assert one is not None
    return str(one)


async def furnish(world: World) -> Place:
    """Everybody who may visit, and the first patients; nobody has written."""
    karim = await _patient(world, "Karim", "Haddad", "karim@exemple.test")
    unproven = await world.sign_in_first(karim, BORN)
    newcomer = await _patient(world, "Aïcha", "Nkunda", "aicha@exemple.test")
    await give_second_factor(world, world.staff())
    whole = SessionState.SIGNED_IN
    visitors = {
        Who.HALF: (world.staff(), SessionState.SECOND_FACTOR),
        Who.NEW_PATIENT: (unproven, SessionState.ENROLLING),
        Who.NEW_COLLEAGUE: (world.staff(AccountRole.NURSE), SessionState.ENROLLING),
        Who.PATIENT: (world.rose, whole), Who.UNPROVEN: (unproven, whole), Who.PHYSICIAN: (world.staff(), whole),
        Who.RECEPTION: (world.staff(AccountRole.RECEPTION), whole),
        Who.ADMINISTRATOR: (world.staff(AccountRole.ADMINISTRATOR), whole),
    }  # fmt: skip
    address, fresh = await world.means.database.read(
        lambda c: [people.addresses_of(c, one)[0].id for one in (unproven.person, newcomer.person)]
    )
    names = {
        "address": text_of(address), "unproven": text_of(unproven.person), "fresh": text_of(fresh),
        "newcomer": text_of(newcomer.person), "person": text_of(newcomer.person),
        "colleague": text_of(world.staff().account), "alone": text_of(world.staff(AccountRole.RECEPTION).account),
    }  # fmt: skip
    return Place(world, visitors, names)


async def _patient(world: World, first: str, last: str, email: str) -> Issued:
    new = NewPatient(
        name=Name(first=first, last=last), birth_date=BORN, language="fr", email=email, email_is_personal=True,
        seen_document="passport",
    )  # fmt: skip
    return await world.enrol(new)


async def fill(world: World) -> Place:
    """A week in which everything has happened once."""
    place = await furnish(world)
    await world.consent()
    names = place.names | {"person": text_of(world.rose.person)}
    names |= await _answered(world) | await _left_behind(world)
    world.later(days=3)
    names |= await _waiting(world)
    for phrase in OWN:
        await own_words.add(world.means, world.clinic, world.rose, phrase, world.now)
    waits = await _not_admitted(world)
    desk, unproven = world.staff(AccountRole.RECEPTION), UUID(names["address"])
    await verification.send_code(world.means, world.clinic, desk, unproven, world.now)
    visitors = dict(place.people) | {Who.WAITING: (waits, SessionState.SIGNED_IN)}
    return Place(world, visitors, names)


async def _answered(world: World) -> dict[str, str]:
    """A question with a file, answered; a second one, and the reply to it could not be told."""
    first = await world.write(CALM, subject=LONG, attachments=(FILE, PHOTO))
    sent = await answer(world, first.thread, text=ANSWERED)
    second = await world.write(CALM, subject="Encore une question")
    untold = await answer(world, second.thread, text=ANSWERED)
    clinic, now = world.clinic, world.now
    await world.means.database.write(
        lambda c: undelivered.ask_to_call(c, clinic, untold.exchange, TaskKind.UNDELIVERED, now)
    )
    return {
        "thread": text_of(first.thread), "sent": text_of(first.exchange), "gone": text_of(sent.exchange),
        "spare": text_of(second.thread),
    }  # fmt: skip


async def _left_behind(world: World) -> dict[str, str]:
    """What came from strangers, what could not be read, what is closed, and what nobody has looked at in time."""
    held = await world.mail(SAD, sender="inconnue@exemple.test", authentication=Authentication())
    await world.mail(GRAVE, sender="inconnu@exemple.test")
    await world.mail("", defects=("unreadable",))
    await world.write("Bonjour, je voudrais un rendez-vous.", subject="", reason="appointment")
    closed = await _task(world, (await world.write(CALM)).thread)
    await worklist.close(world.means, world.clinic, world.staff(), closed, "no_reply_needed", world.now)
    return {"held": text_of(await _task(world, held.thread)), "closed": text_of(closed)}


async def _waiting(world: World) -> dict[str, str]:
    """What is fresh: an emergency, something sensitive with a file, an item that the physician has taken, a reply."""
    grave = await world.write(GRAVE, subject="Ce soir")
    sensitive = await world.write(SAD, subject=LONG, attachments=(FILE, PHOTO))
    taken = await world.write(CALM, subject="Mon sirop")
    mine = await _task(world, taken.thread)
    await worklist.claim(world.means, world.clinic, world.staff(), mine, world.now)
    asked = await world.write(CALM, subject="Une dernière question")
    leaving = await answer(world, asked.thread, text=ANSWERED)
    for thread in (taken.thread, sensitive.thread):
        opened = UUID(text_of(thread))
        await reading.open_thread(world.means.database, world.staff(), opened, world.now)
    return {
        "grave": text_of(grave.exchange), "emergency": text_of(await _task(world, grave.thread)),
        "task": text_of(await _task(world, sensitive.thread)), "mine": text_of(mine),
        "mine_thread": text_of(taken.thread), "leaving": text_of(leaving.exchange),
        "file": text_of(await _exchange(world, sensitive.thread)),
        "sensitive": text_of(sensitive.exchange), "grave_thread": text_of(grave.thread),
    }  # fmt: skip


async def _task(world: World, thread: UUID | None) -> UUID:
    return (await waiting(world, thread)).id


async def _exchange(world: World, thread: UUID | None) -> UUID:
    known = UUID(text_of(thread))
    found = await world.means.database.read(lambda c: threads.exchanges_of_thread(c, known))
    return found[0].id


async def _not_admitted(world: World) -> Reader:
    new = NewColleague(
        name=Name(first="Léa", last="Fortin"), role=AccountRole.NURSE, language="fr", login="lfortin",
        titles={"fr": "Infirmière", "en": "Nurse"}, phone="514 555-0199",
    )  # fmt: skip
    issued = await admission.invite(world.means, world.clinic, world.staff(AccountRole.ADMINISTRATOR), new, world.now)
    return await world.sign_in_first(issued, "")
