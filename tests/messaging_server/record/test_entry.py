"""The line of a ledger: one canonical form, and every tampering found."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.record.entry import GENESIS, LABEL, EntryKind, Fact, canonical, entry_hash, faults, link

CLINIC = UUID("018f0000-0000-7000-8000-000000000001")
RECORD = UUID("018f0000-0000-7000-8000-000000000002")
EXCHANGE = UUID("018f0000-0000-7000-8000-000000000003")
ACCOUNT = UUID("018f0000-0000-7000-8000-000000000004")
AT = datetime(2026, 11, 24, 15, 0, 0, 123, tzinfo=UTC)
FACT = Fact(
    kind=EntryKind.RECEIVED, at=AT, exchange=EXCHANGE, channel="web", parties={"account": ACCOUNT},
    ciphertext=b"\x01" * 32, commitment=b"\x02" * 32, details={"thread": "t", "number": 3},
)  # fmt: skip
PINNED = "5981e667a1fc7bb5a943bb4e783b1215040a02717b73546d179a10b26c8c74db"

Lines = list[tuple[int, bytes, bytes]]


def test_the_canonical_form_is_pinned() -> None:
    """Whoever verifies in twenty years rebuilds exactly these bytes and this hash [REC-03]."""
    line = link(FACT, clinic=CLINIC, record=RECORD, seq=1, before=GENESIS, salt=b"\x03" * 32)
    assert line.body == (
        b'{"at":"2026-11-24T15:00:00.000123+00:00",'
        b'"before":"' + hashlib.sha256(b"messaging-server ledger genesis v1").hexdigest().encode() + b'",'
        b'"channel":"web","ciphertext":"' + b"01" * 32 + b'","clinic":"018f0000-0000-7000-8000-000000000001",'
        b'"commitment":"' + b"02" * 32 + b'","details":{"number":3,"thread":"t"},'
        b'"exchange":"018f0000-0000-7000-8000-000000000003","format":1,"kind":"received",'
        b'"parties":{"account":"018f0000-0000-7000-8000-000000000004"},'
        b'"record":"018f0000-0000-7000-8000-000000000002","salt":"' + b"03" * 32 + b'","seq":1}'
    )
    assert line.hash == hashlib.sha256(b"messaging-server ledger entry v1\x00" + line.body).digest()
    assert line.hash.hex() == PINNED


def test_two_entries_of_the_same_fact_cannot_be_told_to_be_the_same() -> None:
    """The salt hides what a guess could confirm once only hashes remain [RET-10]."""
    one, other = (link(FACT, clinic=CLINIC, record=RECORD, seq=1, before=GENESIS) for _ in range(2))
    assert one.hash != other.hash
    salts = {json.loads(line.body)["salt"] for line in (one, other)}
    assert len(salts) == 2
    assert {len(salt) for salt in salts} == {64}


def ledger(length: int) -> tuple[Lines, tuple[int, bytes]]:
    """A ledger of so many entries and its head."""
    lines: Lines = []
    before = GENESIS
    for seq in range(1, length + 1):
        fact = replace(FACT, at=AT + timedelta(minutes=seq), details={"number": seq})
        line = link(fact, clinic=CLINIC, record=RECORD, seq=seq, before=before)
        lines.append((line.seq, line.body, line.hash))
        before = line.hash
    return lines, (length, before)


def test_a_whole_ledger_holds_together() -> None:
    """Nothing is found where nothing is wrong, in an empty ledger either [REC-03]."""
    for length in (0, 1, 7):
        lines, head = ledger(length)
        assert faults(lines, record=RECORD, head=head) == []


@settings(max_examples=100)
@given(st.data())
def test_any_single_change_to_a_ledger_is_found(data: st.DataObject) -> None:
    """Edited, dropped, doubled, swapped, renumbered, cut at the end: each is seen [REC-03, AUD-03]."""
    lines, head = ledger(6)
    at = data.draw(st.integers(0, 5))
    seq, body, digest = lines[at]
    kind = data.draw(st.sampled_from(["bit", "hash", "rehash", "drop", "double", "swap", "number", "truncate"]))
    if kind == "bit":
        place = data.draw(st.integers(0, len(body) - 1))
        lines[at] = (seq, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], digest)
    elif kind == "hash":
        lines[at] = (seq, body, bytes([digest[0] ^ 1]) + digest[1:])
    elif kind == "rehash":
        edited = body.replace(b'"web"', b'"sms"')
        lines[at] = (seq, edited, entry_hash(edited))
    elif kind == "drop":
        del lines[at]
    elif kind == "double":
        lines.insert(at, lines[at])
    elif kind == "swap":
        other = data.draw(st.integers(0, 5).filter(lambda n: n != at))
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == "number":
        lines[at] = (seq + 1, body, digest)
    else:
        lines = lines[:at]
    assert faults(lines, record=RECORD, head=head) != []


def test_a_ledger_that_was_rebuilt_from_a_forged_entry_is_betrayed_by_its_head() -> None:
    """Re-linking everything behind an edit makes other hashes, and the head, or a checkpoint, does not fit [AUD-03]."""
    _, head = ledger(4)
    rebuilt, _ = ledger(4)
    found = faults(rebuilt, record=RECORD, head=head)
    assert found == ["the record's head does not name its last entry"]


def test_a_ledger_under_another_record_is_found() -> None:
    """A whole ledger, true in itself, does not pass for another patient's [REC-05]."""
    lines, head = ledger(2)
    found = faults(lines, record=uuid4(), head=head)
    assert len(found) == 2
    assert all("another record" in fault for fault in found)


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"null", b"\xff\xfe", b'{"seq":', b"[" * 100_000])
def test_a_body_that_is_no_entry_is_a_fault_and_no_crash(body: bytes) -> None:
    """Damage of any kind is reported, and the verification goes on [REC-03]."""
    found = faults([(1, body, entry_hash(body))], record=RECORD, head=(1, entry_hash(body)))
    assert found == ["entry 1: its body cannot be read"]


TEXT = st.text(st.characters(exclude_categories=()), max_size=20)


@given(st.dictionaries(TEXT, st.one_of(TEXT, st.integers()), max_size=5))
def test_a_document_has_one_form_whatever_its_order_and_letters(document: dict[str, object]) -> None:
    """Sorted, without spaces, ASCII: reading it and writing it again gives the same bytes [REC-03]."""
    form = canonical(document)
    assert canonical(dict(reversed(document.items()))) == form
    assert canonical(json.loads(form)) == form
    assert form.isascii()


def test_the_time_of_an_entry_keeps_its_instant() -> None:
    """A time given with another distance from UTC is the same instant in the ledger [REC-13]."""
    montreal = AT.astimezone(timezone(timedelta(hours=-5)))
    body = link(replace(FACT, at=montreal), clinic=CLINIC, record=RECORD, seq=1, before=GENESIS).body
    assert datetime.fromisoformat(json.loads(body)["at"]) == AT


def test_no_word_of_a_message_has_a_place_in_an_entry() -> None:
    """An entry names people by id and content by hash: it has no field for words [AUD-02]."""
    body = json.loads(link(FACT, clinic=CLINIC, record=RECORD, seq=1, before=GENESIS).body)
    assert set(body) == {
        "at", "before", "channel", "ciphertext", "clinic", "commitment", "details", "exchange", "format", "kind",
        "parties", "record", "salt", "seq",
    }  # fmt: skip
    assert LABEL.endswith(b"\x00")
