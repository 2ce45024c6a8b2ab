"""What an automatic text may know, and where it may be said."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.ending import Ended
from consent.model import Channel
from messaging_server.broker.notices import (
    NOTICES,
    Conversion,
    Direction,
    Line,
    Notice,
    NoticeFacts,
    directions,
    variables,
)
from messaging_server.channels.sms.segments import Encoding, encoding
from messaging_server.errors import InvalidError, NotAllowedError
from triage.practice import Response, Unit

MONTREAL = ZoneInfo("America/Toronto")
FLAGS = ("suicide", "overdose", "violence", "obstetric", "cardiac", "stroke", "sepsis")
EMERGENCY = Line(kind="emergency", name="Urgence", number="911")
LINES = (
    EMERGENCY,
    Line(kind="health_line", name="Info-Santé", number="811", note="option 1"),
    Line(kind="social_line", name="Info-Social", number="811", note="option 2"),
    Line(kind="suicide", name="Prévention du suicide", number="1 866 APPELLE", tel_uri="tel:+18662773553"),
    Line(kind="suicide", name="Aide en cas de crise", number="988", text_number="988"),
    Line(kind="poison", name="Centre antipoison", number="1 800 463-5060"),
    Line(kind="violence", name="SOS violence conjugale", number="1 800 363-9010"),
)

KINDS = sorted({line.kind for line in LINES})
FACTS = NoticeFacts(
    clinic="Clinique du Parc",
    phone="+15145550142",
    lines=LINES,
    phone_hours="lun. au ven., 8 h à 17 h",
    other_contact="à l’accueil",
    walk_in="CLSC du Parc",
    portal="https://messages.clinique.example",
    readers="les infirmières et les médecins",
    received=datetime(2026, 11, 20, 19, 41, tzinfo=MONTREAL),
    rule=Response(count=2, unit=Unit.BUSINESS_DAYS),
    due=datetime(2026, 11, 24, 17, 0, tzinfo=MONTREAL),
    stopped=(Ended(channel=Channel.EMAIL),),
    conversion=Conversion.CALL,
    code="493027",
    expires=datetime(2026, 11, 20, 20, 0, tzinfo=MONTREAL),
)
SAID = [(notice, channel) for notice, kind in NOTICES.items() for channel in sorted(kind.channels)]
UNSAID = [(notice, channel) for notice, kind in NOTICES.items() for channel in sorted(set(Channel) - kind.channels)]
ANSWERS = [(notice, channel) for notice, channel in SAID if NOTICES[notice].answers]
NEEDED = [(notice, name) for notice, kind in NOTICES.items() for name in sorted(kind.needs - {"lines"})]
MOMENTS = [(notice, name) for notice, name in NEEDED if name in {"received", "due", "expires"}]


def test_every_kind_of_notice_has_its_row() -> None:
    """No notice can be chosen that nobody knows how to say [ACK-01]."""
    assert set(NOTICES) == set(Notice)
    assert all(kind.channels for kind in NOTICES.values())


@pytest.mark.parametrize(("notice", "channel"), UNSAID)
def test_a_notice_is_refused_on_a_channel_that_is_not_its_own(notice: Notice, channel: Channel) -> None:
    """What names a sensitive subject is for the inbox alone, what stops texts is for texts [SEN-08, SMS-14]."""
    with pytest.raises(NotAllowedError, match="notice_not_for_channel"):
        variables(notice, channel, FACTS)


@pytest.mark.parametrize(("notice", "name"), NEEDED)
@pytest.mark.parametrize("absent", [None, "", " "])
def test_a_notice_without_a_fact_that_it_must_state_is_refused(notice: Notice, name: str, absent: str | None) -> None:
    """An acknowledgement cannot be made without its deadline, its telephone or its hours [ACK-02, ACK-04]."""
    facts = replace(FACTS, **{name: absent})  # type: ignore[arg-type]  # absent on purpose
    with pytest.raises(InvalidError) as caught:
        variables(notice, min(NOTICES[notice].channels), facts)
    assert (caught.value.field, caught.value.code) == (name, "missing")


@pytest.mark.parametrize(("notice", "name"), MOMENTS)
def test_a_moment_without_a_time_zone_is_refused(notice: Notice, name: str) -> None:
    """A deadline is stated in clinic time or not at all [ACK-03]."""
    moment = getattr(FACTS, name).replace(tzinfo=None)
    with pytest.raises(InvalidError, match=f"{name}: naive"):
        variables(notice, min(NOTICES[notice].channels), replace(FACTS, **{name: moment}))


@pytest.mark.parametrize(("notice", "channel"), SAID)
def test_no_notice_is_made_without_the_emergency_number(notice: Notice, channel: Channel) -> None:
    """Every text can give the emergency number, and gives it from the data [ACK-05, ACK-06]."""
    assert variables(notice, channel, FACTS)["emergency"] is EMERGENCY
    with pytest.raises(InvalidError, match="no_emergency_number"):
        variables(notice, channel, replace(FACTS, lines=LINES[1:]))


@pytest.mark.parametrize(("notice", "channel"), ANSWERS)
def test_a_closed_clinic_must_say_when_it_reopens(notice: Notice, channel: Channel) -> None:
    """While the clinic is closed an acknowledgement knows when it reopens [ACK-17]."""
    with pytest.raises(InvalidError, match="reopens: missing"):
        variables(notice, channel, replace(FACTS, closed=True))
    reopens = datetime(2026, 11, 23, 8, 0, tzinfo=MONTREAL)
    assert variables(notice, channel, replace(FACTS, closed=True, reopens=reopens))["reopens"] == reopens


@pytest.mark.parametrize(("notice", "channel"), [pair for pair in SAID if pair[1] is not Channel.WEB])
@given(flags=st.frozensets(st.sampled_from(FLAGS)), alerted=st.booleans(), kinds=st.permutations(KINDS))
@settings(max_examples=20)
def test_a_shared_mailbox_or_telephone_never_learns_which_danger_was_found(
    notice: Notice, channel: Channel, flags: frozenset[str], kinds: list[str], *, alerted: bool
) -> None:
    """By e-mail and text the card is one and the same whatever was found, and shown first [ACK-08, ACK-09]."""
    found_first = tuple(line for kind in kinds for line in LINES if line.kind == kind)
    facts = replace(FACTS, flags=flags, alerted=alerted, lines=found_first)
    assert variables(notice, channel, facts) == variables(notice, channel, FACTS)


@pytest.mark.parametrize(("notice", "channel"), SAID)
def test_a_help_line_for_violence_shows_in_the_inbox_alone(notice: Notice, channel: Channel) -> None:
    """The specific line appears only after signing in [ACK-08]."""
    lines = variables(notice, channel, FACTS)["lines"]
    assert isinstance(lines, tuple)
    assert (LINES[-1] in lines) is (channel is Channel.WEB)


def test_the_lines_keep_the_order_of_the_data() -> None:
    """In Québec the line to 1 866 APPELLE stands before 988, on every channel [ACK-23, T-22]."""
    assert variables(Notice.EMERGENCY, Channel.WEB, FACTS)["lines"] == LINES[1:]
    assert variables(Notice.EMERGENCY, Channel.EMAIL, FACTS)["lines"] == LINES[1:-1]
    dialled = replace(LINES[3], number="+18662773553")
    assert variables(Notice.EMERGENCY, Channel.SMS, FACTS)["lines"] == (LINES[1], dialled, LINES[5])
    assert variables(Notice.ACKNOWLEDGEMENT, Channel.SMS, FACTS)["lines"] == (LINES[1],)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (frozenset(), (Direction.OTHER,)),
        (frozenset({"cardiac", "stroke"}), (Direction.OTHER,)),
        (frozenset({"overdose"}), (Direction.POISON,)),
        (frozenset({"violence", "suicide"}), (Direction.SUICIDE, Direction.VIOLENCE)),
        (frozenset({"obstetric", "haemorrhage"}), (Direction.OBSTETRIC, Direction.OTHER)),
    ],
)
def test_the_inbox_names_each_danger_that_was_found(flags: frozenset[str], expected: tuple[Direction, ...]) -> None:
    """The direction that matches is shown, and a family without words of its own gets the general one [ACK-07]."""
    assert directions(flags) == expected
    assert variables(Notice.EMERGENCY, Channel.WEB, replace(FACTS, flags=flags))["directions"] == expected


def test_a_verification_code_does_not_print_itself() -> None:
    """The code stays out of logs and traces [AUD-02]."""
    assert "493027" not in repr(FACTS)


@given(text=st.text(alphabet="abcdéèàùçêîôûëïœÉÀÂÊÎÔÛÇŒ’‘«»–—…` \u00a0\u202f'-0123456789", min_size=1, max_size=30))
@settings(max_examples=100)
def test_the_clinics_own_words_become_plain_letters_in_a_text(text: str) -> None:
    """No accent, quotation mark or no-break space of the clinic's can halve the room of a text [SMS-16, T-21]."""
    told = variables(Notice.HELP, Channel.SMS, replace(FACTS, clinic=f"C{text}", phone_hours=f"h{text}"))
    assert encoding(str(told["clinic"])) is Encoding.GSM7
    assert encoding(str(told["phone_hours"])) is Encoding.GSM7


def test_letters_that_a_text_can_carry_keep_their_accent() -> None:
    """Only what the short alphabet lacks is changed [SMS-16]."""
    told = variables(Notice.HELP, Channel.SMS, replace(FACTS, clinic="Clinique de l’Érablière à Côte-Nègre, Ça"))
    assert told["clinic"] == "Clinique de l'Érablière à Cote-Nègre, Ça"


def test_a_name_in_another_script_is_kept() -> None:
    """What has no plain form is left as the clinic wrote it."""
    assert variables(Notice.HELP, Channel.SMS, replace(FACTS, clinic="ᐃᓗᓕᓯᕗᑦ"))["clinic"] == "ᐃᓗᓕᓯᕗᑦ"


def test_a_text_without_room_drops_the_other_contact_then_the_hours() -> None:
    """The name of the clinic and its number are the last to give way [ACK-21, SMS-17]."""
    roomy = variables(Notice.ACKNOWLEDGEMENT, Channel.SMS, FACTS)
    assert roomy["other_contact"] == "à l'accueil"
    tight = variables(Notice.ACKNOWLEDGEMENT, Channel.SMS, replace(FACTS, other_contact="x" * 90))
    assert (tight["other_contact"], tight["phone_hours"]) == ("", FACTS.phone_hours)
    tightest = variables(Notice.ACKNOWLEDGEMENT, Channel.SMS, replace(FACTS, phone_hours="x" * 90))
    assert (tightest["other_contact"], tightest["phone_hours"]) == ("", "")
    assert tightest["phone"] == FACTS.phone


def test_a_name_too_long_for_a_text_is_cut_between_words() -> None:
    """The clinic stays recognisable [SMS-17]."""
    told = variables(Notice.EMERGENCY, Channel.SMS, replace(FACTS, clinic="Clinique familiale " + "Rivière " * 20))
    assert str(told["clinic"]).endswith("Rivière")
    assert variables(Notice.EMERGENCY, Channel.SMS, replace(FACTS, clinic="C" * 300))["clinic"] == "C" * 52
