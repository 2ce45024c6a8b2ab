"""Invented staff pages: each empty, full and in error."""

from dataclasses import replace
from datetime import date, timedelta

from consent.model import Act, Category, Channel, Method, Refusal
from messaging_server.broker.counting import Cell, Group, Kind, Outcome
from messaging_server.broker.leaving import Departure
from messaging_server.broker.period import Period, offered
from messaging_server.broker.quality import Alert, report, timed
from messaging_server.broker.quality_words import Words, sheet
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language, NoticeText, Texts
from messaging_server.web.views import board as b
from messaging_server.web.views import held as h
from messaging_server.web.views import item as i
from messaging_server.web.views import people as q
from messaging_server.web.views.account import ConsentAnswer
from messaging_server.web.views.choices import AddressWord, ChoiceState
from messaging_server.web.views.files import FileOffer
from messaging_server.web.views.frame import Audience, ErrorCode
from messaging_server.web.views.patient import Author, AuthorKind, DeliveryWord
from messaging_server.web.views.quality import Choice, QualityPage
from tests.messaging_server.web.views.sample_account import NOW, QR, channels, wrong
from tests.messaging_server.web.views.sample_patient import (
    ADDRESSES,
    AGREED,
    BODY,
    DUE,
    EXCHANGES,
    LONG,
    NEW,
    address,
    choices,
    number,
)
from triage.model import Certainty, Priority, QueueName, Topic

SCAN = FileOffer(most=1, megabytes=10, accept=".pdf,.jpg,.jpeg,.png")
LONG_NAME = "Marie-Antoinette-Élisabeth de la Chevrotière-Saint-Laurent d’Amours"
BIRTH = date(1948, 3, 27)


def row(count: int, **changes: object) -> b.Row:
    """One thing that waits."""
    made = b.Row(
        task=number(count), version=1, priority=Priority.ROUTINE, patient="Jean Tremblay", queue=QueueName.RENEWALS,
        subject="Renouvellement de mon ordonnance", waiting=timedelta(hours=3), since=NOW, due=DUE,
        left=timedelta(hours=20),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def quality_page(cells: tuple[tuple[Cell, int], ...], overrides: int, emergencies: int) -> QualityPage:
    """The report on the screening, of a clinic with so many emergencies."""
    raised = [Alert(raised_at=NOW, seen_at=NOW + timedelta(minutes=minute)) for minute in range(emergencies)]
    period, words = Period(year=2026, month=11, months=1), Words(texts=Texts.load(), language=Language.FR)
    made = sheet(words, report(cells, overrides, timed(raised, 10, NOW)), period, NOW)
    choices = tuple(Choice(name=one.name, label=one.name, chosen=one == period) for one in offered(NOW.date()))
    return QualityPage(sheet=made, choices=choices, file="/staff/screening/file?period=2026-11")


COUNTS = tuple(
    (Group(kind=kind, name=name, topic=topic, ruleset="builtin@3f9a").cell(outcome), times)
    for kind, name, topic in (
        (Kind.MESSAGE, "", ""), (Kind.TOPIC, "oncology", ""), (Kind.FAMILY, "cardiac", ""), (Kind.FAMILY, "own", ""),
        (Kind.RULE, "cancer.a_rule_with_a_very_long_name_indeed", "oncology"), (Kind.RULE, "learned.stat", ""),
        (Kind.OVERRIDE, "oncology", ""),
    )
    for outcome, times in ((Outcome.FOUND, 1240), (Outcome.CONFIRMED, 31), (Outcome.REFUTED, 3))
)  # fmt: skip
EMERGENCY = row(
    9, priority=Priority.STAT, queue=QueueName.CLINICAL, subject="Douleur", waiting=timedelta(minutes=4),
    acknowledged=False, flags=(b.Flag.SENSITIVE, b.Flag.ESCALATED), left=timedelta(minutes=26),
)  # fmt: skip
ROWS = (
    row(1, priority=Priority.URGENT, left=timedelta(minutes=50), flags=(b.Flag.MINOR, b.Flag.PROXY), owner="Luc Roy"),
    row(2, left=-timedelta(hours=4), patient=LONG_NAME, subject=LONG, owner="Marie Gagnon", mine=True),
    row(3, patient=None, subject="", due=None, left=None, next_step=b.NextStep.IDENTIFY, flags=tuple(b.Flag)),
    *(row(n, next_step=step) for n, step in enumerate(b.NextStep, start=4)),
    row(8, left=None, waiting=timedelta(days=2)),
    row(10, priority=Priority.STAT, owner="Luc Roy"),
)
QUEUES = tuple(b.QueueTab(name=name, count=n, urgent=n % 3) for n, name in enumerate(QueueName))
LENSES = tuple(b.LensTab(lens=lens, count=n) for n, lens in enumerate(b.Lens))
BOARD = b.Board(queues=QUEUES, lenses=LENSES, rows=ROWS, at=NOW)
EMPTY_BOARD = b.Board(
    queues=tuple(replace(tab, count=0, urgent=0) for tab in QUEUES),
    lenses=tuple(replace(tab, count=0) for tab in LENSES), at=NOW,
)  # fmt: skip

FINDINGS = tuple(
    i.FindingView(
        number=n, topic=topic, priority=Priority.URGENT, words="me sens vide", certainty=certainty,
        rule="mental_health.low_mood", ruleset="builtin@3f9a", part="new_text", state=state,
    )
    for n, (topic, certainty, state) in enumerate(
        [
            (None, Certainty.AFFIRMED, i.FindingState.OPEN), (Topic.MENTAL_HEALTH, Certainty.NEGATED,
            i.FindingState.OPEN),
            (Topic.ONCOLOGY, Certainty.PAST, i.FindingState.CONFIRMED), (Topic.STI_BBI, Certainty.RELATIVE,
            i.FindingState.REFUTED),
            (Topic.ADDICTION, Certainty.HYPOTHETICAL, i.FindingState.OPEN),
        ], start=1,
    )
)  # fmt: skip
SEGMENTS = (i.Segment("Bonjour, depuis lundi je "), i.Segment("me sens vide", 1), i.Segment(". <i>Merci</i>\n\nJean"))
STAFF_EXCHANGES = tuple(
    i.StaffExchange(
        view=replace(view, author=Author(kind=AuthorKind.PATIENT, name="Jean Tremblay")) if not n else view,
        segments=SEGMENTS if not n else (i.Segment(view.body),),
    )
    for n, view in enumerate(EXCHANGES)
)
CARD = i.PatientCard(
    person=number(77), name="Jean Tremblay", birth_date=BIRTH, age=78, language=Language.FR, phone="+15145550199",
    channels=(AGREED[0], choices(ChoiceState.REFUSED)[2]), proxies=("Anne Tremblay, fille",), other_open=2,
)  # fmt: skip
COMPOSER = i.Composer(
    form_id="f1", to_name="Jean Tremblay", way=i.Way.INBOX_EMAIL, way_address="j…@exemple.ca", language=Language.FR,
    subject="Renouvellement de mon ordonnance", greeting="Bonjour monsieur Tremblay,", closing="Bonne journée,",
    signature="Marie Gagnon, infirmière clinicienne\n514 555-0142", categories=tuple(Category),
    answers=tuple((question, None) for question in i.Question),
    models=(
        i.ModelGroup(i.Shelf.QUEUE, (i.Option("renewal_sent", "Renouvellement fait"),)),
        i.ModelGroup(i.Shelf.EVERY, (i.Option("call_us", "Appelez-nous"),)),
        i.ModelGroup(i.Shelf.OTHER, (i.Option("appointment_offered", "Rendez-vous offert"),)),
    ),
)  # fmt: skip
ITEM = i.Item(
    row=row(2, mine=True, owner="Marie Gagnon", flags=(b.Flag.SENSITIVE,)), thread=number(1), exchanges=STAFF_EXCHANGES,
    findings=FINDINGS, not_screened=("attachment:1",), patient=CARD, composer=COMPOSER, queues=tuple(QueueName),
    history=(i.HistoryLine(at=NOW, who="Luc Roy", what="Rendez-vous → Clinique"),), next=number(3), previous=number(1),
)  # fmt: skip
REFUSED = replace(
    ITEM,
    composer=replace(
        COMPOSER, body="Le résultat montre une tumeur.", category=Category.NORMAL_RESULT, language=Language.EN,
        answers=((i.Question.NEW_DIAGNOSIS, i.Answer.YES), (i.Question.NEW_TREATMENT, i.Answer.NO),
        (i.Question.ABNORMAL_RESULT, None)),
        warnings=tuple(i.Remark(code=code, words="une tumeur" if code is i.Warn.SENSITIVE else "") for code in i.Warn),
        model="call_us", inserted=True, asks_language=True,
        blocked=i.Blocked(
            block=i.Block.SENSITIVE, topics=(Topic.ONCOLOGY, Topic.EMOTIONAL), words=("tumeur",),
            rule="oncology.tumour",
            can_override=True,
        ),
    ),
    errors=wrong(
        subject=ErrorCode.REQUIRED, greeting=ErrorCode.NO_GREETING, body=ErrorCode.REQUIRED,
        closing=ErrorCode.NO_CLOSING,
        category=ErrorCode.CATEGORY_NEEDED, abnormal_result=ErrorCode.ANSWER_QUESTION,
        override_reason=ErrorCode.REASON_NEEDED, model=ErrorCode.CHOOSE_ONE, other_language=ErrorCode.OTHER_LANGUAGE,
        disposition=ErrorCode.DISPOSITION_NEEDED,
    ),
)  # fmt: skip
CONFIRM = i.Confirm(
    task=number(2), version=1, form_id="f1", to_name="Jean Tremblay", birth_date=BIRTH, way=i.Way.INBOX_EMAIL,
    announced=(
        (Channel.EMAIL, NoticeText("Message de la clinique", "Bonjour,\n\nUn message vous attend.")),
        (Channel.SMS, NoticeText("", "Clinique : vous avez un message.")),
    ),
    way_address="j…@exemple.ca", subject="Renouvellement", text=BODY, hidden=(("body", BODY), ("category",
    "appointments")),
)  # fmt: skip
HELD = h.Held(
    row=row(3, patient=None, priority=Priority.STAT, acknowledged=False), channel=Channel.EMAIL, authenticated=False,
    claimed_sender="quelquun@exemple.ca", at=NOW, findings=FINDINGS, not_screened=("attachment:1",),
    exchanges=STAFF_EXCHANGES[:2],
)  # fmt: skip
PERSON = q.Person(
    id=number(77), name="Jean Tremblay", birth_date=BIRTH, age=78, language=Language.FR, enrolment=q.Enrolment.ACTIVE
)
NUMBERS = b.QueueNumbers(
    queue=QueueName.CLINICAL, open=12, unowned=3, late=2, emergencies=1, failed=0, held=1, oldest=timedelta(days=1),
    answered=40, in_time=37,
)  # fmt: skip
MEMBER = q.Member(account=number(5), name="Luc Roy", role=AccountRole.PHYSICIAN, enrolment=q.Enrolment.ACTIVE)


def blocked(block: i.Block, **changes: object) -> i.Item:
    """An item whose reply was stopped, for one reason."""
    stop = replace(i.Blocked(block=block), **changes)  # type: ignore[arg-type]
    return replace(ITEM, patient=replace(CARD, phone=None), composer=replace(COMPOSER, blocked=stop, models=()))


PAGES: dict[str, tuple[str, object]] = {
    "reply blocked by consent": (
        "staff/item",
        blocked(i.Block.CONSENT, refusal=Refusal.NO_CONSENT, channel=Channel.SMS, category=Category.BROADCAST),
    ),
    "board empty": ("staff/board", EMPTY_BOARD),
    "board": ("staff/board", replace(BOARD, pinned=(EMERGENCY, replace(EMERGENCY, patient=None)),
    more="/staff?after=8")),
    "board of a queue": ("staff/board", replace(BOARD, queue=QueueName.RENEWALS, lens=None)),
    "board of forty": ("staff/board", replace(BOARD, rows=tuple(row(n) for n in range(40)))),
    "item": ("staff/item", ITEM),
    "item refused": ("staff/item", REFUSED),
    "item not mine": (
        "staff/item",
        replace(
            ITEM, row=replace(EMERGENCY, subject=""), composer=None, findings=(), not_screened=(), exchanges=(),
            history=(), next=None, previous=None,
        ),
    ),
    "confirm": ("staff/confirm", CONFIRM),
    "confirm refused": (
        "staff/confirm",
        replace(
            CONFIRM, warnings=(i.Remark(code=i.Warn.LONG),), files=FileOffer(most=5, megabytes=10, accept=".pdf"),
            errors=wrong(
                attachment=ErrorCode.FILES_AGAIN, files_checked=ErrorCode.FILES_NOT_CHECKED,
                right_person=ErrorCode.IDENTITY_NOT_CONFIRMED,
            ),
        ),
    ),
    "sending": (
        "staff/sending",
        i.Sending(
            exchange=number(4), task=number(2), to_name="Jean Tremblay", way=i.Way.INBOX_ONLY, leaves_at=NOW,
            seconds=60,
            next=number(3),
        ),
    ),
    "sent already": (
        "staff/sending",
        i.Sending(
            exchange=number(4), task=number(2), to_name="Jean Tremblay", way=i.Way.INBOX_EMAIL,
            way_address="j…@exemple.ca", leaves_at=NOW, seconds=0,
        ),
    ),
    "held": ("staff/held", HELD),
    "held searched": (
        "staff/held",
        replace(
            HELD, authenticated=True, subject="Question", query="trem", row=row(3, patient=None),
            candidates=(
                h.Candidate(person=number(77), name="Jean Tremblay", birth_date=BIRTH, address_matches=True),
                h.Candidate(person=number(78), name="Jeanne Tremblay", birth_date=BIRTH),
            ),
            errors=wrong(person=ErrorCode.CHOOSE_ONE, identity=ErrorCode.IDENTITY_NOT_CONFIRMED),
        ),
    ),
    "held, nobody found": ("staff/held", replace(HELD, query="zzz", candidates=(), findings=())),
    "people": ("staff/people", q.People()),
    "people, nobody": ("staff/people", q.People(query="zzz", found=())),
    "people found": (
        "staff/people",
        q.People(
            query="tremblay", more=True,
            found=tuple(
                q.PersonLine(
                    id=number(n), name=LONG_NAME, birth_date=BIRTH, enrolment=state, consented=bool(n % 2), open_items=n
                )
                for n, state in enumerate(q.Enrolment)
            ),
        ),
    ),
    "person empty": ("staff/person", PERSON),
    "person": (
        "staff/person",
        replace(
            PERSON, name=LONG_NAME, enrolment=q.Enrolment.INVITED, code_expires=DUE, channels=AGREED, rows=ROWS[:3],
            addresses=(*ADDRESSES[Channel.EMAIL], *ADDRESSES[Channel.SMS]), admissible=True,
            register=tuple(
                q.ConsentLine(
                    at=NOW, act=act, method=method, by="Luc Roy", text_version=2,
                    has_evidence=act is not Act.INFORMED, evidence="/staff/files/1/0" if act is Act.ACCEPTED else "",
                )
                for act, method in zip([*Act, Act.ACCEPTED], Method, strict=True)
            ),
            errors=wrong(identity=ErrorCode.IDENTITY_NOT_CONFIRMED),
        ),
    ),
    "enrol": ("staff/enrol", q.Enrol()),
    "enrol refused": (
        "staff/enrol",
        q.Enrol(
            given_name="Jean", birth_day="31", birth_month="2", birth_year="1948", language=Language.EN, email="jean@",
            phone="12", document="passport",
            errors=wrong(
                family_name=ErrorCode.REQUIRED, birth_day=ErrorCode.NOT_A_DATE, language=ErrorCode.CHOOSE_ONE,
                email=ErrorCode.NOT_AN_EMAIL, phone=ErrorCode.NOT_A_PHONE, personal=ErrorCode.NOT_ATTESTED,
                document=ErrorCode.CHOOSE_ONE,
            ),
        ),
    ),
    "letter": (
        "staff/letter",
        q.Letter(
            name="Jean Tremblay", address="https://messages.clinique.exemple", login="jean.tremblay", qr_base64=QR,
            code="4XKD-99QW-7PLM-22ZA", expires=DUE, on=date(2026, 11, 23), person=number(77),
        ),
    ),
    "record consent": (
        "staff/record_consent",
        q.RecordConsent(person=number(77), name=LONG_NAME, birth_date=BIRTH, channels=channels(None), text_version=3),
    ),
    "record consent refused": (
        "staff/record_consent",
        q.RecordConsent(
            person=number(77), name="Jean Tremblay", birth_date=BIRTH, channels=channels(ConsentAnswer.ACCEPT),
            text_version=3, method=Method.VERBAL, errors=wrong(note=ErrorCode.NOTE_NEEDED,
            explained=ErrorCode.REQUIRED, attachment=ErrorCode.SCAN_KIND), scan=SCAN,
        ),
    ),
    "take back": (
        "staff/take_back",
        q.TakeBack(
            person=number(77), name=LONG_NAME, birth_date=BIRTH, channels=tuple(Channel), categories=tuple(Category)
        ),
    ),
    "take back refused": (
        "staff/take_back",
        q.TakeBack(
            person=number(77), name="Jean Tremblay", birth_date=BIRTH, channels=(Channel.WEB,), channel="web",
            categories=tuple(Category), note="Au téléphone.", errors=wrong(category=ErrorCode.CHOOSE_ONE),
        ),
    ),
    "take back nothing": (
        "staff/take_back",
        q.TakeBack(person=number(77), name="Jean Tremblay", birth_date=BIRTH, channels=(), categories=()),
    ),
    "supervisor": (
        "staff/supervisor",
        b.Supervisor(
            queues=(NUMBERS, replace(NUMBERS, queue=QueueName.RESULTS, answered=0, late=0, emergencies=0, oldest=None)),
            overrides=1, at=NOW,
        ),
    ),
    "quality": ("staff/quality", quality_page(COUNTS, 12, 40)),
    "quality empty": ("staff/quality", quality_page((), 0, 0)),
    "supervisor empty": ("staff/supervisor", b.Supervisor(queues=(), at=NOW)),
    "team empty": ("staff/team", q.Team(members=(), may_invite=False, may_admit=False)),
    "team": (
        "staff/team",
        q.Team(
            members=(
                *(replace(MEMBER, role=role, account=number(n)) for n, role in enumerate(AccountRole)),
                replace(MEMBER, waits_for_admission=True, queues=tuple(QueueName)),
            ),
            may_invite=True, may_admit=True, roles=(AccountRole.NURSE,), errors=wrong(name=ErrorCode.REQUIRED,
            role=ErrorCode.CHOOSE_ONE),
        ),
    ),
    "team, waiting": (
        "staff/team", q.Team(members=(replace(MEMBER, waits_for_admission=True),), may_invite=False, may_admit=False)
    ),
    "add address": (
        "staff/add_address", q.AddAddress(person=number(1), name=LONG_NAME, channels=(Channel.EMAIL, Channel.SMS))
    ),
    "add address refused": (
        "staff/add_address",
        q.AddAddress(
            person=number(1), name="Jean Tremblay", channels=(Channel.EMAIL, Channel.SMS), channel=Channel.EMAIL,
            value="jean@", personal=True, tells=2,
            errors=wrong(
                channel=ErrorCode.CHOOSE_ONE, value=ErrorCode.NOT_AN_EMAIL, personal=ErrorCode.NOT_ATTESTED,
                current=ErrorCode.PASSWORD_WRONG,
            ),
        ),
    ),
    "address": (
        "staff/address", q.OneAddress(person=number(1), name=LONG_NAME, address=address(AddressWord.TO_VERIFY, **NEW))
    ),
    "address, code sent": (
        "staff/address",
        q.OneAddress(
            person=number(1), name="Jean Tremblay", address=address(AddressWord.BOUNCED, Channel.SMS), expires=DUE,
            waits=True, errors=wrong(code=ErrorCode.ADDRESS_CODE_WRONG),
        ),
    ),
    "remove address": (
        "staff/remove_address",
        q.RemoveAddress(
            person=number(1), name="Jean Tremblay", address=address(AddressWord.VERIFIED), waiting=2, last=True,
            errors=wrong(current=ErrorCode.REQUIRED),
        ),
    ),
    "leave": (
        "staff/leave", q.Leave(account=number(1), name=LONG_NAME, role=AccountRole.NURSE, holds_keys=True, items=3)
    ),
    "leave, last": (
        "staff/leave",
        q.Leave(
            account=number(1), name=LONG_NAME, role=AccountRole.RECEPTION, stuck=True, last_for=tuple(QueueName)
        ),
    ),
    "leave, last and blocked": (
        "staff/leave", q.Leave(account=number(1), name="Luc Roy", role=AccountRole.NURSE, stuck=True, can_admit=False)
    ),
    "leave refused": (
        "staff/leave",
        q.Leave(
            account=number(1), name="Luc Roy", role=AccountRole.ADMINISTRATOR, departure=Departure.LEFT,
            errors=wrong(departure=ErrorCode.CHOOSE_ONE, current=ErrorCode.PASSWORD_WRONG),
        ),
    ),
    "policy": (
        "staff/policy",
        q.PolicyPage(
            version=4, since=NOW, by="Luc Roy", ruleset="builtin@3f9a", hours=(("Lundi au vendredi", "8 h à 17 h"),),
            queues=tuple(
                q.PolicyQueue(queue=name, response="2 jours ouvrables", roles=(AccountRole.NURSE,
                AccountRole.PHYSICIAN))
                for name in QueueName
            ),
            holidays=(date(2026, 12, 25),), lines=(("Info-Santé", "811", date(2026, 9, 1)),),
        ),
    ),
    "policy empty": ("staff/policy", q.PolicyPage(version=1, since=NOW, queues=(), hours=(), ruleset="builtin@3f9a")),
}  # fmt: skip
# The same pages with other words: each is rendered, and the browser need not judge it again.
WORDS_ONLY: dict[str, tuple[str, object]] = {
    f"board, {lens}": ("staff/board", replace(EMPTY_BOARD, lens=lens, rows=ROWS[2:4])) for lens in b.Lens
}
WORDS_ONLY |= {
    f"address {word}": ("staff/address", q.OneAddress(person=number(1), name="Jean", address=address(word)))
    for word in AddressWord
}
WORDS_ONLY |= {f"blocked, {block}": ("staff/item", blocked(block)) for block in i.Block}
WORDS_ONLY |= {
    f"refusal {refusal}": (
        "staff/item",
        blocked(i.Block.CONSENT, refusal=refusal, channel=Channel.SMS, category=Category.BROADCAST),
    )
    for refusal in Refusal
}
WORDS_ONLY |= {f"way {way}": ("staff/confirm", replace(CONFIRM, way=way)) for way in i.Way}
WORDS_ONLY |= {
    f"delivery {word}": (
        "staff/item",
        replace(
            ITEM, exchanges=(replace(STAFF_EXCHANGES[0], view=replace(EXCHANGES[0], delivery=word)),)
        ),
    )
    for word in DeliveryWord
}

CASES = {f"staff: {name}": (Audience.STAFF, *case) for name, case in PAGES.items()}
MORE = {f"staff: {name}": (Audience.STAFF, *case) for name, case in WORDS_ONLY.items()}
