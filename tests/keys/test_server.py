"""The server's own keys: kept in a file, versioned, and opening only what is theirs."""

import json
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import server
from keys.server import ServerKeys, VersionedKey
from keys.suite import KeysError, OpenError

KEYS = ServerKeys.generate()
CLINIC, OWNER = UUID(int=71), UUID(int=72)


def test_the_key_file_reads_back_as_it_was_written() -> None:
    """Keys survive the file whole, rotations included [SEC-03] [SEC-04]."""
    rotated = server.rotate_delivery(server.rotate_directory(server.rotate_directory(KEYS)))
    assert server.load(server.dump(KEYS)) == KEYS
    assert server.load(server.dump(rotated)) == rotated


def test_the_key_file_names_its_format_and_warns_the_reader() -> None:
    """A person who opens the file sees what it is and that it is secret [SEC-04]."""
    body = json.loads(server.dump(KEYS))
    assert (body["format"], body["version"]) == ("messaging-server keys", 1)
    assert "Secret" in body["warning"]


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_a_damaged_key_file_never_gives_other_keys(at: int, byte: int) -> None:
    """One changed byte gives a clear error or, where it changes nothing that counts, the same keys [SEC-04]."""
    data = bytearray(server.dump(KEYS))
    data[at % len(data)] = byte
    try:
        assert server.load(bytes(data)) == KEYS
    except KeysError as error:
        assert KEYS.index.hex() not in str(error)  # noqa: PT017  # either way out is right


def test_every_changed_digit_of_a_key_is_noticed() -> None:
    """A single wrong digit in any key is damage, not another key [SEC-04]."""
    text = server.dump(KEYS).decode()
    for secret in (KEYS.directory[0].secret, KEYS.index, KEYS.pepper, KEYS.ledger.classic, KEYS.ledger.quantum_safe):
        digits = secret.hex()
        changed = digits[:-1] + ("0" if digits[-1] != "0" else "1")
        with pytest.raises(KeysError, match="damaged"):
            server.load(text.replace(digits, changed).encode())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe\x00", "not readable JSON"),
        (b"[1, 2]", "not a key file"),
        (b'{"format": "something else"}', "not a key file"),
        (b'{"format": "messaging-server keys", "version": 2}', "another format version"),
        (b'{"format": "messaging-server keys", "version": 1}', "damaged"),
    ],
)
def test_what_is_no_key_file_is_refused_in_clear_words(data: bytes, why: str) -> None:
    """An empty, foreign or newer file says what is wrong with it [SEC-04]."""
    with pytest.raises(KeysError, match=why):
        server.load(data)


@pytest.mark.parametrize(
    "change",
    [
        {"pepper": None},
        {"pepper": "00"},
        {"index": "zz" * 32},
        {"index": 7},
        {"directory": []},
        {"directory": [{"version": 1, "key": "00" * 32}, {"version": 2, "key": "11" * 32}]},
        {"delivery": [{"version": 0, "key": "00" * 32}]},
        {"delivery": [{"version": "1", "key": "00" * 32}]},
        {"delivery": "abc"},
        {"ledger": {"classic": "00" * 32}},
    ],
    ids=["none", "short", "not hex", "number", "no version", "order", "version 0", "text version", "text", "half"],
)
def test_a_well_formed_file_with_an_impossible_key_is_refused(change: dict[str, Any]) -> None:
    """A file whose check is right but whose keys are not is refused all the same [SEC-04]."""
    body = json.loads(server.dump(KEYS))
    del body["check"]
    body |= change
    body["check"] = server._check(body)
    with pytest.raises(KeysError):
        server.load(json.dumps(body).encode())


@given(text=st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_name_or_address_comes_back_as_it_was(text: str) -> None:
    """Directory entries in any script open to the same text [SEC-01]."""
    blob = server.seal_directory(KEYS, text, CLINIC, OWNER, "name")
    assert server.open_directory(KEYS, blob, CLINIC, OWNER, "name") == text


def test_a_lone_surrogate_from_a_broken_mail_is_kept() -> None:
    """A header that could not be decoded is stored, not lost [SEC-01]."""
    blob = server.seal_directory(KEYS, "Ren\udce9e", CLINIC, OWNER, "name")
    assert server.open_directory(KEYS, blob, CLINIC, OWNER, "name") == "Ren\udce9e"


def test_what_is_sealed_for_one_row_opens_in_no_other() -> None:
    """Directory and delivery blobs are bound to clinic, owner, field and purpose [SEC-02]."""
    name = server.seal_directory(KEYS, "Rose Exemple", CLINIC, OWNER, "name")
    token = server.seal_delivery(KEYS, b"token", CLINIC, OWNER, "name")
    assert server.open_delivery(KEYS, token, CLINIC, OWNER, "name") == b"token"
    nobody = UUID(int=9)
    for clinic, owner, column in ((nobody, OWNER, "name"), (CLINIC, nobody, "name"), (CLINIC, OWNER, "phone")):
        with pytest.raises(OpenError):
            server.open_directory(KEYS, name, clinic, owner, column)
        with pytest.raises(OpenError):
            server.open_delivery(KEYS, token, clinic, owner, column)
    with pytest.raises(OpenError):
        server.open_directory(KEYS, token, CLINIC, OWNER, "name")
    with pytest.raises(OpenError):
        server.open_directory(ServerKeys.generate(), name, CLINIC, OWNER, "name")


def test_one_key_for_two_purposes_would_still_keep_them_apart() -> None:
    """Even under the same key a delivery blob is no directory blob [SEC-02]."""
    same = replace(KEYS, delivery=KEYS.directory)
    blob = server.seal_delivery(same, b"token", CLINIC, OWNER, "name")
    with pytest.raises(OpenError):
        server.open_directory(same, blob, CLINIC, OWNER, "name")


@pytest.mark.parametrize(
    "blob", [b"", b"\x00\x00\x00\x01", b"\x00\x00\x00\x01\x01", b"\x00\x00\x00\x63\x01" + b"x" * 60]
)
def test_a_blob_cut_short_or_of_an_unknown_version_does_not_open(blob: bytes) -> None:
    """Damage and a key that is not here are both refused as such [SEC-03]."""
    with pytest.raises(OpenError):
        server.open_directory(KEYS, blob, CLINIC, OWNER, "name")


def test_old_versions_open_after_rotation_and_new_rows_use_the_new_one() -> None:
    """Rotation works online: old rows open, new rows name the new version, and re-sealing finds the old [SEC-03]."""
    old_name = server.seal_directory(KEYS, "Rose Exemple", CLINIC, OWNER, "name")
    old_token = server.seal_delivery(KEYS, b"token", CLINIC, OWNER, "reply")
    keys = server.rotate_delivery(server.rotate_directory(KEYS))
    assert server.open_directory(keys, old_name, CLINIC, OWNER, "name") == "Rose Exemple"
    assert server.open_delivery(keys, old_token, CLINIC, OWNER, "reply") == b"token"
    new_name = server.seal_directory(keys, "Rose Exemple", CLINIC, OWNER, "name")
    assert [server.key_version(old_name), server.key_version(new_name)] == [1, 2]
    with pytest.raises(OpenError, match="version 2"):
        server.open_directory(KEYS, new_name, CLINIC, OWNER, "name")


def test_a_version_is_part_of_what_is_authenticated() -> None:
    """A blob relabelled with another version does not open [SEC-03]."""
    keys = server.rotate_directory(KEYS)
    blob = server.seal_directory(keys, "Rose Exemple", CLINIC, OWNER, "name")
    with pytest.raises(OpenError):
        server.open_directory(keys, b"\x00\x00\x00\x01" + blob[4:], CLINIC, OWNER, "name")


def test_rotation_touches_only_its_own_key() -> None:
    """Rotating one key leaves look-up, passwords and the ledger's signatures as they are [SEC-03]."""
    rotated = server.rotate_directory(KEYS)
    assert (rotated.index, rotated.pepper, rotated.ledger) == (KEYS.index, KEYS.pepper, KEYS.ledger)
    assert rotated.delivery == KEYS.delivery
    assert rotated.directory[1:] == KEYS.directory


def test_a_fingerprint_finds_its_value_in_its_clinic_only() -> None:
    """The same address has unrelated fingerprints in two clinics, and as two kinds of thing [SEC-05]."""
    here = server.fingerprint(KEYS, CLINIC, "email", "rose@courriel.example")
    assert here == server.fingerprint(KEYS, CLINIC, "email", b"rose@courriel.example")
    others = {
        server.fingerprint(KEYS, UUID(int=9), "email", "rose@courriel.example"),
        server.fingerprint(KEYS, CLINIC, "phone", "rose@courriel.example"),
        server.fingerprint(KEYS, CLINIC, "email", "ross@courriel.example"),
        server.fingerprint(ServerKeys.generate(), CLINIC, "email", "rose@courriel.example"),
    }
    assert len(others | {here}) == 5
    assert len(here) == 16


def test_the_database_without_the_key_file_cannot_test_an_address() -> None:
    """A fingerprint is a keyed hash: without the index key a guess cannot be checked [SEC-05] [SEC-04]."""
    thief = replace(ServerKeys.generate(), directory=KEYS.directory, delivery=KEYS.delivery, pepper=KEYS.pepper)
    assert server.fingerprint(thief, CLINIC, "phone", "+15145550100") != server.fingerprint(
        KEYS, CLINIC, "phone", "+15145550100"
    )


def test_server_keys_print_no_key() -> None:
    """Printing the server's keys shows that they are there and nothing more [SEC-04]."""
    assert repr(KEYS) == "ServerKeys()"
    assert all(not column.repr for column in fields(ServerKeys))
    assert repr(VersionedKey(version=3, secret=b"s" * 32)) == "VersionedKey(version=3)"
