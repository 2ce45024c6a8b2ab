"""The clinic's policy as a document."""

import json
import tomllib
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Category, Channel, Minimum
from tests.triage.clinics import builtin, document, policy
from triage.holidays import RULES, statutory
from triage.model import QueueName
from triage.policy import (
    CATEGORIES,
    Door,
    Policy,
    PolicyError,
    Protection,
    Role,
    Span,
    Unit,
    parse,
    parse_toml,
    problems,
    to_document,
)

NAMES = ("quebec", "ontario")


def edited(path: str, value: object) -> dict[str, Any]:
    """The built-in document with the setting at a dotted path replaced."""
    changed = deepcopy(document())
    *way, last = path.split(".")
    place = changed
    for name in way:
        place = place[name]
    place[last] = value
    return changed


def codes(found: Policy, *, blocking: bool) -> set[tuple[str, str]]:
    return {(problem.path, problem.code) for problem in problems(found) if problem.blocking is blocking}


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_policy_survives_toml_and_json(name: str) -> None:
    """Exported and imported again, by either form, it is the same policy [TRI-01]."""
    found = builtin(name)
    written = to_document(found)
    assert parse_toml(tomli_w.dumps(written).encode()) == found
    assert parse(json.loads(json.dumps(written))) == found


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_policy_states_the_defaults_of_the_requirements(name: str) -> None:
    """Escalation, throttle, delay, quiet hours, unread limits, minimum, texts [TRI-04, ACK-13, EOU-02, EOU-16]."""
    found = builtin(name)
    assert (found.escalation.percent, found.escalation.days_after) == ((75, 100), (1,))
    assert (found.throttle.per_thread, found.throttle.thread_hours, found.throttle.per_day) == (1, 4, 6)
    assert (found.send_delay_seconds, str(found.quiet_hours)) == (60, "21:00-08:00")
    assert (found.unread_days("appointments"), found.unread_days("result_follow_up")) == (2, 1)
    assert {found.least_protection(category) for category in CATEGORIES} == {Protection.INBOX}
    assert not found.answers_texts
    assert not any(queue.casual_staff or queue.patient_may_choose for queue in found.queues.values())
    assert found.retention.years >= 10
    assert found.holidays == statutory(found.province)


def test_every_queue_is_served_by_a_team_and_reception_reads_no_record() -> None:
    """The five queues have their teams; the team of the receptionists holds no record key [TRI-03, TRI-05, TRI-10]."""
    found = builtin()
    assert set(found.queues) == set(QueueName)
    for team in found.teams.values():
        assert team.reads_records is (Role.RECEPTION not in team.roles)


def test_the_gate_and_the_policy_use_the_same_words() -> None:
    """Categories, channels and forms have one set of names in both packages [CON-10, EOU-02]."""
    assert set(CATEGORIES) == set(Category)
    assert set(map(str, Door)) == set(map(str, Channel))
    assert set(map(str, Protection)) == set(map(str, Minimum))


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_policy_does_not_open_before_the_clinic_fills_it_in(name: str) -> None:
    """Placeholders and missing mail addresses keep the channels closed [GOV-02]."""
    assert codes(builtin(name), blocking=True) == {
        ("mail", "no_addresses"), ("names.en", "placeholder"), ("names.fr", "placeholder"), ("phone", "placeholder"),
        ("privacy_officer.name", "placeholder"), ("responsible_physician", "placeholder"),
    }  # fmt: skip


def filled(**changes: object) -> Policy:
    """A policy with nothing left to settle."""
    queues = document()["queues"]
    for queue in queues.values():
        queue["backup_team"] = "clinical" if queue["team"] == "front_desk" else "leads"
    teams = document()["teams"] | {
        "leads": {"names": {"fr": "Responsables", "en": "Leads"}, "roles": ["physician"], "reads_records": True}
    }
    done: dict[str, object] = {
        "names": {"fr": "Clinique des Érables", "en": "Maple Clinic"}, "phone": "418 555-0142",
        "responsible_physician": "Dre Anne Roy", "teams": teams, "queues": queues,
        "privacy_officer": {"name": "Luc Côté", "contact": {"fr": "par téléphone", "en": "by telephone"}},
        "mail": {
            "domain": "clinique.invalid", "addresses": ["bonjour@clinique.invalid"],
            "trusted_authserv_id": "relais.invalid",
        },
    }  # fmt: skip
    return policy(**done | changes)


def test_a_policy_that_is_filled_in_may_open() -> None:
    """With names, people and addresses nothing is left [GOV-02]."""
    assert problems(filled()) == ()


@pytest.mark.parametrize(
    ("changes", "problem", "blocking"),
    [
        ({"phone": "au comptoir"}, ("phone", "not_a_number"), True),
        ({"phone_hours": {"fr": "le matin", "en": " "}}, ("phone_hours.en", "blank"), True),
        ({"walk_in": {"fr": "", "en": "the emergency room"}}, ("walk_in.fr", "blank"), True),
        ({"responsible_physician": ""}, ("responsible_physician", "blank"), True),
        ({"mail": {"domain": "clinique.invalid"}}, ("mail", "no_addresses"), True),
        ({"retention": {"years": 5}}, ("retention.years", "below_the_rule"), True),
        ({"texts": "answered"}, ("texts", "no_same_day_queue"), False),
        ({"minimum": {"health_data": "plain"}}, ("minimum.health_data", "health_data_in_plain_mail"), False),
        ({"holidays": ["christmas"]}, ("holidays", "no_easter_day"), False),
        ({"queues": document()["queues"]}, ("queues.clinical.backup_team", "own_backup"), False),
    ],
)
def test_what_is_left_to_settle_is_named(
    changes: dict[str, object], problem: tuple[str, str], blocking: bool
) -> None:
    """Each gap is told by its path; some keep the channels closed [GOV-02, ACK-04, ACK-05, EOU-02, SMS-03]."""
    assert problem in codes(filled(**changes), blocking=blocking)


def test_without_mail_no_mail_address_is_asked() -> None:
    """A clinic that does not offer e-mail opens without a mail domain [GOV-02]."""
    assert problems(filled(channels=["web"], mail={})) == ()


def test_plain_mail_for_appointments_is_the_clinics_choice() -> None:
    """Appointments may travel in plain mail where the clinic says so, without a warning [EOU-02]."""
    found = filled(minimum={"appointments": "plain"})
    assert problems(found) == ()
    assert found.least_protection("appointments") is Protection.PLAIN
    assert found.least_protection("normal_result") is Protection.INBOX


def test_ontario_keeps_the_records_of_minors_until_28() -> None:
    """An Ontario policy without that age is told [RET-01]."""
    written = to_document(builtin("ontario"))
    written["retention"] = {"years": 10}
    assert ("retention.minors_until_age", "below_the_rule") in codes(parse(written), blocking=True)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("phone", 5145550100, "phone"),
        ("version", True, "version"),
        ("version", 0, "version"),
        ("phone", "514\r\nBcc: x@example.invalid", "phone"),
        ("names.fr", "Clinique\u2028", "names.fr"),
        ("province", "BC", "province"),
        ("timezone", "America/Nowhere", "timezone"),
        ("timezone", "../etc/passwd", "timezone"),
        ("languages", [], "languages"),
        ("languages", ["fr", "de"], "languages"),
        ("default_language", "es", "default_language"),
        ("names", {"fr": "Clinique"}, "names"),
        ("names", {"fr": "Clinique", "en": "Clinic", "es": "Clínica"}, "names"),
        ("privacy_officer.contact", {"en": "by telephone"}, "privacy_officer.contact"),
        ("hours", {}, "hours"),
        ("hours.monday", ["17:00-08:00"], "hours.monday"),
        ("hours.monday", ["08:00-12:00", "11:00-17:00"], "hours.monday"),
        ("hours.monday", ["08:00-12:00", "12:00-17:00"], "hours.monday"),
        ("hours.monday", ["8 h à 17 h"], "hours.monday[0]"),
        ("hours.monday", ["08:00-24:30"], "hours.monday[0]"),
        ("hours.lundi", ["08:00-17:00"], "hours.lundi"),
        ("holidays", ["saint_glinglin"], "holidays"),
        ("holidays", ["family_day"], "holidays"),
        ("holidays", ["christmas", "christmas"], "holidays"),
        ("teams", {}, "teams"),
        ("teams.front_desk.roles", [], "teams.front_desk.roles"),
        ("teams.front_desk.roles", ["janitor"], "teams.front_desk.roles[0]"),
        ("queues.renewals.team", "pharmacy", "queues.renewals.team"),
        ("queues.renewals.backup_team", "pharmacy", "queues.renewals.backup_team"),
        ("queues.renewals.response", {"count": 0}, "queues.renewals.response.count"),
        ("queues.renewals.response", {"unit": "business_days"}, "queues.renewals.response.count"),
        ("queues.renewals.colour", "red", "queues.renewals.colour"),
        ("queues.cancer", {}, "queues.cancer"),
        ("escalation.percent", [50, 75], "escalation.percent"),
        ("escalation.percent", [100, 75], "escalation.percent"),
        ("escalation.percent", [75, 100, 120], "escalation.percent"),
        ("escalation.days_after", [3, 1], "escalation.days_after"),
        ("channels", ["email"], "channels"),
        ("channels", "web", "channels"),
        ("minimum", {"gossip": "plain"}, "minimum"),
        ("unread.by_category", {"gossip": 1}, "unread.by_category"),
        ("unread.by_category", {"receipt": 0}, "unread.by_category"),
        ("quiet_hours", "08:00-08:00", "quiet_hours"),
        ("quiet_hours", "00:00-24:00", "quiet_hours"),
        ("queues", ["clinical"], "queues"),
        ("closures", [{"first": "2026-12-24", "last": "2026-12-23", "reason": {"fr": "a", "en": "b"}}], "closures[0]"),
        ("closures", [{"first": "Noël", "last": "2026-12-26", "reason": {"fr": "a", "en": "b"}}], "closures[0].first"),
        ("closures", [{"first": "2026-01-01", "last": "2027-06-01", "reason": {"fr": "a", "en": "b"}}], "closures"),
        ("closures", [{"first": "2026-12-24", "last": "2026-12-26", "reason": {"fr": "a"}}], "closures[0].reason"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_path(path: str, value: object, where: str) -> None:
    """What cannot be taken is named by its path in the document and a sentence [TRI-01]."""
    with pytest.raises(PolicyError) as refused:
        parse(edited(path, value))
    assert refused.value.path == where
    assert refused.value.sentence[0].islower()


@pytest.mark.parametrize("queue", QueueName)
def test_no_queue_may_be_left_out(queue: QueueName) -> None:
    """Each of the five queues has a fixed response time [TRI-03]."""
    queues = {name: its for name, its in document()["queues"].items() if name != queue}
    with pytest.raises(PolicyError, match=f"queues.{queue}: is missing"):
        policy(queues=queues)


@pytest.mark.parametrize("name", ["version", "phone", "names", "hours", "holidays", "access", "privacy_officer"])
def test_what_has_no_default_must_be_said(name: str) -> None:
    """A policy without what only the clinic can know is refused [TRI-01, ACK-04]."""
    with pytest.raises(PolicyError, match=f"{name}: is missing"):
        parse(document(**{name: None}))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"version = ", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_refused(data: bytes) -> None:
    """Bytes that are no TOML give a plain error [TRI-01]."""
    with pytest.raises(PolicyError, match="not TOML"):
        parse_toml(data)


def test_a_toml_date_is_a_date() -> None:
    """A closure may be written with TOML's own dates, but not with a time of day [TRI-03]."""
    text = tomli_w.dumps(document(closures=None)) + (
        '[[closures]]\nfirst = 2026-12-24\nlast = 2026-12-26\nreason = {fr = "Fêtes", en = "Holidays"}\n'
    )
    assert parse_toml(text.encode()).closures[0].last.day == 26
    with pytest.raises(PolicyError, match=r"closures\[0\].first"):
        parse_toml(text.replace("2026-12-24", "2026-12-24T10:00:00").encode())


def test_a_policy_in_force_cannot_be_changed_in_place() -> None:
    """A version is never altered: its tables refuse writing [TRI-01]."""
    with pytest.raises(TypeError):
        builtin().names["fr"] = "autre"  # type: ignore[index]  # the very mistake under test


def spans() -> st.SearchStrategy[list[str]]:
    """Opening hours of a day, in order, with pauses."""
    edges = st.lists(st.integers(0, 24 * 60), min_size=0, max_size=6, unique=True).map(sorted)
    return edges.map(lambda e: [str(Span(a, b)) for a, b in zip(e[::2], e[1::2], strict=False)])


words = st.fixed_dictionaries({
    "fr": st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=9),
    "en": st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=9),
})
changes = st.fixed_dictionaries({}, optional={
    "version": st.integers(1, 9999), "names": words, "access": words, "walk_in": words,
    "hours": st.dictionaries(st.sampled_from(["monday", "tuesday", "sunday"]), spans()).map(
        lambda found: found | {"friday": ["09:00-16:30"]}
    ),
    "holidays": st.lists(st.sampled_from(sorted(RULES["QC"])), unique=True),
    "closures": st.lists(
        st.dates().map(lambda d: {"first": str(d), "last": str(d), "reason": {"fr": "x", "en": "y"}}), max_size=3,
        unique_by=lambda closure: str(closure["first"]),
    ),
    "minimum": st.dictionaries(st.sampled_from(CATEGORIES), st.sampled_from(["inbox", "plain"])),
    "escalation": st.sets(st.integers(1, 99), max_size=3).map(lambda p: {"percent": [*sorted(p), 100]}),
    "channels": st.sets(st.sampled_from(["email", "sms"])).map(lambda found: sorted(found | {"web"})),
    "excluded_results": st.lists(st.text("abc_", min_size=1, max_size=5), unique=True),
    "retention": st.fixed_dictionaries(
        {"years": st.integers(1, 50)}, optional={"minors_until_age": st.integers(14, 40)}
    ),
    "mail": st.fixed_dictionaries({}, optional={"domain": st.just("a.invalid"), "addresses": st.just(["b@a.invalid"])}),
    "send_delay_seconds": st.integers(0, 3600),
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(changes)
def test_any_policy_survives_its_document(changed: dict[str, object]) -> None:
    """Written as a document and as TOML, any policy that is taken reads back the same [TRI-01]."""
    found = policy(**changed)
    written = to_document(found)
    assert parse(written) == found
    assert parse(tomllib.loads(tomli_w.dumps(written))) == found


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(document())), anything)
def test_no_document_breaks_the_reader(name: str, value: object) -> None:
    """Whatever stands in a setting, the policy is taken or refused with that setting's path [TRI-01]."""
    try:
        found = parse(document() | {name: value})
    except PolicyError as refused:
        assert refused.path.startswith((name, "default_language", "queues", "holidays"))  # noqa: PT017  # or it is taken
    else:
        assert parse(to_document(found)) == found


def test_the_two_built_in_policies_say_the_same_things() -> None:
    """Québec's and Ontario's files have the same settings, but for the law of each [TRI-01]."""
    def keys(name: str) -> set[str]:
        return set(tomllib.loads((files("triage") / "policies" / f"{name}.toml").read_text("utf-8")))

    assert keys("quebec") == keys("ontario")
    assert builtin("ontario").default_language == "en"
    assert builtin("quebec").queues[QueueName.CLINICAL].response.unit is Unit.BUSINESS_DAYS
