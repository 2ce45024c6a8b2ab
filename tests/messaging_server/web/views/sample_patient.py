"""Invented patients: each of their pages empty, full and in error."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from consent.model import Category, Channel
from messaging_server.broker.notices import Direction, Line
from messaging_server.message import Pause
from messaging_server.web.views import choices as w
from messaging_server.web.views import patient as p
from messaging_server.web.views.files import AttachmentView, FileKind, FileOffer, PicturePage
from messaging_server.web.views.frame import Audience, EmergencyCard, ErrorCode, FieldError
from messaging_server.web.views.readers import Readers, Reading
from tests.messaging_server.web.views.sample_account import NOW, wrong

DUE = NOW.replace(day=25, hour=17, minute=0)
LINES = (
    Line(kind="emergency", name="Urgence", number="911", hours="24 h"),
    Line(kind="health_line", name="Info-Santé", number="811", note="Option 1 : une infirmière."),
    Line(kind="suicide", name="Prévention du suicide", number="1 866 277-3553", text_number="535353"),
)
CARD = EmergencyCard(lines=LINES, directions=tuple(Direction), alerted_at=NOW)
ME = p.Author(kind=p.AuthorKind.SELF)
NURSE = p.Author(kind=p.AuthorKind.STAFF, name="Marie Gagnon", role="infirmière")
AUTOMATIC = p.Author(kind=p.AuthorKind.AUTOMATIC)
PROXY = p.Author(kind=p.AuthorKind.PROXY, name="Anne Tremblay", role="fille")
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
OFFER = FileOffer(most=5, megabytes=10, accept=".pdf,.jpg,.png")
LONG = "Renouvellement de mes ordonnances et question sur l’heure de la prise du matin, " * 4


def number(value: int) -> UUID:
    """An identifier that reads well."""
    return UUID(int=value)


def line(count: int, **changes: object) -> p.ThreadLine:
    """One thread of the inbox."""
    made = p.ThreadLine(
        id=number(count), subject="Renouvellement de mon ordonnance", last_author=ME, last_at=NOW,
        state=p.RequestState.RECEIVED, due=DUE,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


STATES = (
    line(1, unread=1, state=p.RequestState.ANSWERED, due=None, last_author=NURSE,
    subject="Résultat de ma prise de sang"),
    line(2, state=p.RequestState.WITH, with_whom="l’infirmière"),
    line(3, state=p.RequestState.LATE, subject="Formulaire pour mon employeur"),
    line(4, private=True, subject="Une question de santé"),
    line(5, state=p.RequestState.CONVERTED, due=None, last_author=AUTOMATIC),
    line(6, state=p.RequestState.CLOSED, due=None, subject=LONG),
    line(7, state=p.RequestState.NONE, due=None, last_author=PROXY, unread=3),
)
BODY = (
    "Bonjour,\n\nIl me reste cinq comprimés. Pouvez-vous renouveler mon ordonnance ?\n\n"
    "<script>alert(1)</script>\n\nMerci,\nJean"
)
EXCHANGES = (
    p.ExchangeView(id=number(21), author=ME, at=NOW, channel=Channel.WEB, body=BODY, subject="Autre objet"),
    p.ExchangeView(
        id=number(22), author=AUTOMATIC, at=NOW, channel=Channel.EMAIL,
        body="Nous avons reçu votre message. Vous aurez une réponse au plus tard mercredi 25 novembre avant 17 h.",
    ),
    p.ExchangeView(
        id=number(23), author=NURSE, at=NOW + timedelta(hours=3), channel=Channel.WEB, unread=True,
        body="Bonjour monsieur Tremblay,\n\nC’est fait : votre pharmacie a l’ordonnance.\n\nBonne journée,",
        attachments=(
            AttachmentView(name="conseils.pdf", url="/threads/1/files/1", size_kb=84, kind=FileKind.PDF),
            AttachmentView(
                name="photo.jpg", url="/threads/1/files/2", shown_at="/threads/1/files/2/picture", size_kb=900,
                kind=FileKind.PICTURE, screened=False,
            ),
            AttachmentView(name="IMG_2.heic", url="/threads/1/files/3", size_kb=9, kind=FileKind.PICTURE, tells=True),
        ),
        delivery=p.DeliveryWord.OPENED,
    ),
    p.ExchangeView(
        id=number(24), author=PROXY, at=NOW + timedelta(days=1), channel=Channel.SMS, body="Merci", pictures_missing=2
    ),
)  # fmt: skip


def address(word: w.AddressWord, channel: Channel = Channel.EMAIL, **changes: object) -> w.AddressView:
    """An address in a state, agreed to unless told otherwise."""
    place = tuple(w.AddressWord).index(word)
    made = w.AddressView(
        id=number(60 + place), channel=channel, value="jean@exemple.ca" if channel is Channel.EMAIL else "+15145550142",
        state=word, agreed=NOW, stopped=NOW if word is w.AddressWord.OPTED_OUT else None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


NEW: dict[str, Any] = {"coverage": w.Coverage.NOT_COVERED, "agreed": None}
ADDRESSES = {
    Channel.EMAIL: (
        *(address(word) for word in w.AddressWord if word is not w.AddressWord.OPTED_OUT),
        address(w.AddressWord.VERIFIED, **NEW), address(w.AddressWord.TO_VERIFY, **NEW, personal=False),
    ),
    Channel.SMS: (address(w.AddressWord.OPTED_OUT, Channel.SMS),),
}  # fmt: skip


def choices(state: w.ChoiceState) -> tuple[w.ChannelChoices, ...]:
    """Every channel in one state."""
    since = None if state is w.ChoiceState.NOT_ASKED else NOW
    return tuple(
        w.ChannelChoices(
            channel=channel,
            choices=tuple(w.Choice(category=category, state=state, since=since) for category in Category),
            addresses=ADDRESSES.get(channel, ()),
        )
        for channel in Channel
    )


AGREED = choices(w.ChoiceState.AGREED)
PAUSES = (Pause(channel=Channel.SMS, until=NOW + timedelta(hours=20)), Pause(channel=Channel.EMAIL, until=None))
SENT = p.Sent(
    exchange=number(21), thread=number(1), received=NOW, due=DUE, phone_hours="du lundi au vendredi, 8 h à 17 h",
    lines=LINES,
)  # fmt: skip
THREAD = p.Thread(
    id=number(1), subject="Renouvellement de mon ordonnance", exchanges=EXCHANGES, state=p.RequestState.WITH,
    with_whom="l’infirmière", due=DUE, can_reply=True, form_id="f1",
)  # fmt: skip
READING = Reading(reader="Marie Gagnon", role="infirmière", message_at=NOW, from_clinic=False, at=NOW,
thread=number(1))

PAGES: dict[str, tuple[str, object]] = {
    "inbox empty": ("patient/inbox", p.Inbox(threads=())),
    "inbox empty while texts rest": ("patient/inbox", p.Inbox(threads=(), pauses=PAUSES)),
    "inbox": (
        "patient/inbox",
        p.Inbox(threads=STATES, last_access=NOW, failed_since=1, closed_until=DUE, older="/inbox?before=7"),
    ),
    "inbox of forty": ("patient/inbox", p.Inbox(threads=tuple(line(n) for n in range(40)))),
    "urgent": ("patient/urgent_first", p.UrgentFirst(lines=LINES)),
    "urgent not confirmed": (
        "patient/urgent_first",
        p.UrgentFirst(
            lines=LINES, walk_in="La clinique sans rendez-vous est ouverte de 8 h à 20 h.",
            errors=wrong(not_urgent=ErrorCode.CONFIRM_NOT_URGENT),
        ),
    ),
    "write": ("patient/write", p.Write(form_id="f1", files=OFFER)),
    "write refused": (
        "patient/write",
        p.Write(
            form_id="f1", reason=p.Reason.RENEWAL, subject=LONG, message=BODY, private=True,
            recipients=(p.Recipient(id="nurses", label="Les infirmières"),), recipient="nurses", files=OFFER,
            readers="les infirmières et les médecins", expected=DUE,
            errors=wrong(
                reason=ErrorCode.CHOOSE_ONE, subject=ErrorCode.REQUIRED, message=ErrorCode.TOO_LONG,
                attachment=ErrorCode.FILE_TOO_LARGE,
            ),
        ),
    ),
    "sent": ("patient/sent", SENT),
    "sent while texts rest": ("patient/sent", replace(SENT, pauses=PAUSES)),
    "sent in danger": (
        "patient/sent",
        replace(
            SENT, emergency=CARD, sensitive=True, closed_until=DUE, other_contact="Ou écrivez à l’accueil.",
            walk_in="La clinique sans rendez-vous est ouverte.", receipt=False,
        ),
    ),
    "thread": ("patient/thread", THREAD),
    "picture": ("picture", PicturePage(shown=DOT, download="/files/1/0", back="/threads/1")),
    "thread empty": (
        "patient/thread",
        replace(THREAD, exchanges=(), can_reply=False, state=p.RequestState.NONE, due=None, private=True),
    ),
    "thread refused": (
        "patient/thread",
        replace(
            THREAD, state=p.RequestState.LATE, message=BODY, emergency=CARD,
            files=OFFER,
            errors=(
                *wrong(message=ErrorCode.REQUIRED, not_urgent=ErrorCode.CONFIRM_NOT_URGENT),
                FieldError(field="attachment", code=ErrorCode.FILE_KIND, about="programme.exe"),
            ),
        ),
    ),
    "choices empty": ("patient/choices", w.Choices(channels=choices(w.ChoiceState.NOT_ASKED))),
    "choices": (
        "patient/choices",
        w.Choices(channels=AGREED, text_version=3, given=NOW, expires=DUE, proxies=("Anne Tremblay, fille",)),
    ),
    "choices stopped": (
        "patient/choices",
        w.Choices(
            channels=(
                choices(w.ChoiceState.WITHDRAWN)[0], choices(w.ChoiceState.REFUSED)[1],
                choices(w.ChoiceState.EXPIRED)[2]
            ),
            given=NOW, text_version=1,
        ),
    ),
    "verify": (
        "patient/verify",
        w.VerifyAddress(
            address=address(w.AddressWord.TO_VERIFY)
        ),
    ),
    "verify refused": (
        "patient/verify",
        w.VerifyAddress(
            address=address(w.AddressWord.TO_VERIFY, Channel.SMS),
            expires=DUE, errors=wrong(code=ErrorCode.ADDRESS_CODE_WRONG),
        ),
    ),
    "no own words": ("patient/words", w.OwnWords(phrases=(), most=20, longest=60)),
    "own words refused": (
        "patient/words",
        w.OwnWords(
            phrases=(w.OwnPhrase(id=number(1), text="Marc"), w.OwnPhrase(id=number(1), text="mon divorce")),
            phrase="MARC", most=20, longest=60, errors=wrong(phrase=ErrorCode.PHRASE_LISTED),
        ),
    ),
    "own words full": (
        "patient/words", w.OwnWords(phrases=(w.OwnPhrase(id=number(1), text="Marc"),) * 20, most=20, longest=60),
    ),
    "withdraw everything": ("patient/withdraw", w.Withdraw()),
    "withdraw one": (
        "patient/withdraw",
        w.Withdraw(channel=Channel.SMS, category=Category.BROADCAST, waiting=2, still_open=(Channel.WEB,
        Channel.EMAIL)),
    ),
    "readers empty": ("patient/readers", Readers(readings=())),
    "readers": (
        "patient/readers",
        Readers(
            readings=(
                READING, replace(READING, role=""), replace(READING, from_clinic=True), replace(READING, own=True),
                replace(READING, own=True, from_clinic=True),
            ),
            thread=number(1), older="/readers?before=3",
        ),
    ),
}  # fmt: skip

CASES = {f"patient: {name}": (Audience.PATIENT, *case) for name, case in PAGES.items()}
