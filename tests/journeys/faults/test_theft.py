"""What each theft yields: the rows of the table in `docs/privacy.md`, tried on the files of a working day."""

import base64
import hashlib

import pytest
from sqlalchemy import select

from keys import recovery
from keys.accounts import unlock
from keys.server import ServerKeys
from keys.suite import KeysError, PrivateKey, WrongSecretError
from messaging_server.broker import directory
from messaging_server.broker.saying import Payload, read_payload
from messaging_server.storage import keyring, outbox, people, tables
from messaging_server.storage.rows import as_rows
from messaging_server.web.second_factor import open_seed
from tests.clinic.process import seed_of
from tests.journeys.faults.locks import locks
from tests.journeys.faults.loot import Loot, said
from tests.journeys.faults.seeking import sought_in_files
from tests.journeys.faults.seeking import tables as values_of
from tests.journeys.faults.thief import WORDS, break_in, secrets_in, secrets_lying_about, stolen

HASHES = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s")


def test_the_database_and_the_key_file_open_no_word_and_no_way_to_one(loot: Loot) -> None:
    """Every secret of the key file, tried as every kind of key on everything sealed, opens nothing [SEC-01, SEC-04]."""
    assert len(secrets_in(loot.key_file)) == 6
    assert loot.open() == []


def test_nothing_that_lies_in_the_database_is_a_key_to_it(loot: Loot) -> None:
    """No verifier, fingerprint or hash opens anything, nor is one the private half of a public key [SEC-04, SEC-06]."""
    with stolen(loot.premises.database) as connection:
        lying = secrets_lying_about(connection)
        public = {*connection.execute(select(tables.accounts.c.public_key)).scalars(),
                  *connection.execute(select(tables.shared_keys.c.public_key)).scalars()}  # fmt: skip
        at_once = [lock for lock in locks(connection) if lock.kind not in {"wrap", "grant"}]
        assert len(lying) > 100
        assert break_in(at_once, lying) == []
    assert {PrivateKey(seed=value).public().raw for value in lying} & public == set()


def test_the_database_alone_names_nobody(loot: Loot) -> None:
    """No name, address or number in any form, and no unkeyed hash by which one could be looked up [SEC-05]."""
    patient = loot.premises.one("Rose")
    named = {"name": patient.name, "family": "Lavigne", "address": patient.email, "number": patient.phone[1:]}

    assert sought_in_files([loot.premises.folder], named) == set()
    lying = b"\n".join(values for _, values in values_of(loot.premises.database))
    for value in (patient.email, patient.phone, patient.login, patient.name):
        for name in HASHES:
            digest = hashlib.new(name, value.encode()).digest()
            assert digest[:8] not in lying
            assert digest.hex()[:16].encode() not in lying


def test_the_database_alone_cannot_test_a_password(loot: Loot) -> None:
    """The right password is nothing without the pepper, which is in the key file only [IDN-07]."""
    one = loot.premises.one("Rose")
    row = loot.account(one)

    with pytest.raises(WrongSecretError):
        unlock(one.password, ServerKeys.generate().pepper, row.keys, row.id, row.clinic_id)
    assert unlock(one.password, loot.keys.pepper, row.keys, row.id, row.clinic_id).public().raw == row.public_key


def test_with_the_key_file_the_thief_learns_who_but_no_word(loot: Loot) -> None:
    """Names, addresses and second factors open, and our own texts that wait; nobody's words are among them [SEC-04]."""
    with stolen(loot.premises.database) as connection:
        persons = as_rows(people.PersonRow, connection.execute(select(tables.people)).all())
        addresses = as_rows(people.AddressRow, connection.execute(select(tables.addresses)).all())
    rose, doctor = loot.premises.one("Rose"), loot.premises.one("Hélène")
    texts = waiting(loot)

    assert rose.name in {directory.open_name(loot.keys, row).full for row in persons}
    assert rose.email in {directory.open_address(loot.keys, row) for row in addresses}
    assert open_seed(loot.keys, loot.account(doctor)) == seed_of(doctor)
    assert len(texts) > 2
    told = " ".join(f"{text.subject} {text.body} {text.in_reply_to}" for text in texts)
    assert [name for name, word in loot.word.words.items() if word in told] == ["mail id"]


def waiting(loot: Loot) -> list[Payload]:
    """Our own texts that have still to leave, opened with the key file."""
    with stolen(loot.premises.database) as connection:
        rows = as_rows(outbox.DeliveryRow, connection.execute(select(tables.deliveries)).all())
    return [read_payload(loot.keys, row) for row in rows if row.payload]


def test_what_comes_to_a_telephone_says_nothing(loot: Loot) -> None:
    """No word of a day stands in what we send, by mail or text, acknowledgements and alerts included [SEN-12]."""
    texts = waiting(loot)

    assert len(texts) > 2
    assert [name for name, word in loot.word.words.items() if any(word in f"{t.subject} {t.body}" for t in texts)] == []


def test_a_clinicians_password_opens_what_the_clinician_may_open(loot: Loot) -> None:
    """The same thief, with one guessed password, reads bodies, subjects, files, notes: the trial can fail [IDN-07]."""
    opened = loot.open_with_password(loot.premises.one("Hélène"))
    fields = (
        "body", "subject", "mail body", "file's words", "file from the page", "name of file from the page",
        "file in the conversation", "text message", "reply", "consent note",
    )  # fmt: skip

    assert [name for name in fields if loot.word(name).encode() not in said(opened)] == []
    assert {one.kind for one in opened} >= WORDS | {"wrap", "grant"}


def test_a_patients_password_opens_that_patients_own(loot: Loot) -> None:
    """What the others wrote stays shut, and so does what the staff note [REC-16, SEC-02]."""
    words = said(loot.open_with_password(loot.premises.one("Rose")))

    assert loot.word("mail body").encode() in words
    assert [n for n in ("body", "subject", "consent note", "closing note") if loot.word(n).encode() in words] == []


@pytest.mark.parametrize("first", ["Inès", "Paul"])
def test_the_password_of_somebody_without_the_records_key_opens_no_clinical_word(loot: Loot, first: str) -> None:
    """Reception and administration hold no record's key: what waits for clinicians stays shut [TRI-10, IDN-22]."""
    words = said(loot.open_with_password(loot.premises.one(first)))

    assert [name for name in ("body", "reply", "consent note") if loot.word(name).encode() in words] == []


def test_a_live_session_opens_with_its_cookie_and_with_nothing_else(loot: Loot) -> None:
    """The database knows a token by its digest; the cookie itself opens what its owner may read [IDN-10]."""
    token = base64.urlsafe_b64decode(loot.word.words["session"] + "=")
    opened = loot.open(token)

    assert "session" in {one.kind for one in opened}
    assert loot.word("body").encode() in said(opened)


@pytest.mark.parametrize(("shares", "opens"), [(1, False), (2, True), (3, True)])
def test_enough_recovery_shares_open_everything_and_fewer_nothing(loot: Loot, shares: int, *, opens: bool) -> None:
    """Two of three give the recovery key, which reaches every record; one gives nothing [SEC-04]."""
    cast = loot.premises.cast
    with stolen(loot.premises.database) as connection:
        subsets = keyring.recovery_of(connection, cast.clinic.id)
    try:
        seeds = [recovery.combine(cast.shares[:shares], subsets, cast.clinic.id).seed]
    except KeysError:
        seeds = []
    opened = loot.open(*seeds)

    assert bool(opened) is opens
    assert (loot.word("body").encode() in said(opened)) is opens
