"""Accounts: the password or the recovery code unlocks, and nothing else does."""

from dataclasses import replace
from unittest.mock import patch
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from keys import accounts, suite
from keys.accounts import AccountKeys, NewAccount
from keys.suite import Cost, KeysError, OpenError, PrivateKey, WrongSecretError, new_private_key

ACCOUNT, CLINIC = UUID(int=31), UUID(int=32)
CHEAP = Cost(operations=1, memory=8 * 1024)
PEPPER = b"p" * 32
PASSWORD = "sept caribous au bord du lac"
MADE = accounts.create(PASSWORD, PEPPER, ACCOUNT, CLINIC, CHEAP)


def unlock(password: str, keys: AccountKeys = MADE.keys) -> PrivateKey:
    return accounts.unlock(password, PEPPER, keys, ACCOUNT, CLINIC)


def recover(code: str, keys: AccountKeys = MADE.keys) -> PrivateKey:
    return accounts.unlock_with_recovery(code, PEPPER, keys, ACCOUNT, CLINIC)


@given(password=st.text(max_size=80))
@settings(max_examples=40, deadline=None)
def test_any_password_unlocks_the_account_that_it_made(password: str) -> None:
    """Whatever a person chooses, in any script, unlocks their own key [IDN-07]."""
    made = accounts.create(password, PEPPER, ACCOUNT, CLINIC, CHEAP)
    assert unlock(password, made.keys) == made.private
    assert made.keys.public == made.private.public()


@given(wrong=st.text(max_size=40))
@settings(max_examples=40, deadline=None)
def test_any_other_password_is_refused(wrong: str) -> None:
    """A wrong password gives WrongSecretError and no key [IDN-07]."""
    assume(wrong != PASSWORD)
    with pytest.raises(WrongSecretError):
        unlock(wrong)


@pytest.mark.parametrize("nearly", [PASSWORD.upper(), PASSWORD + " ", PASSWORD[:-1], " " + PASSWORD])
def test_case_and_spaces_count(nearly: str) -> None:
    """A password is taken as typed: nothing is trimmed or folded away [IDN-07]."""
    with pytest.raises(WrongSecretError):
        unlock(nearly)


def test_an_accent_typed_two_ways_is_one_password() -> None:
    """A composed é and an e with a combining accent are the same password, as keyboards differ [IDN-07]."""
    made = accounts.create("h\u00e9ron cendr\u00e9", PEPPER, ACCOUNT, CLINIC, CHEAP)
    assert unlock("he\u0301ron cendre\u0301", made.keys) == made.private


def test_the_database_alone_cannot_test_a_guess() -> None:
    """Without the pepper of the key file even the right password is refused [SEC-04]."""
    with pytest.raises(WrongSecretError):
        accounts.unlock(PASSWORD, b"q" * 32, MADE.keys, ACCOUNT, CLINIC)
    with pytest.raises(WrongSecretError):
        accounts.unlock_with_recovery(MADE.recovery_code, b"q" * 32, MADE.keys, ACCOUNT, CLINIC)


def test_keys_moved_to_another_account_or_clinic_do_not_unlock() -> None:
    """A row of keys is bound to its account and clinic [SEC-02]."""
    for account, clinic in ((UUID(int=99), CLINIC), (ACCOUNT, UUID(int=99))):
        with pytest.raises(WrongSecretError):
            accounts.unlock(PASSWORD, PEPPER, MADE.keys, account, clinic)
        with pytest.raises(WrongSecretError):
            accounts.unlock_with_recovery(MADE.recovery_code, PEPPER, MADE.keys, account, clinic)


def test_the_stored_verifier_does_not_unlock() -> None:
    """The verifier says nothing of the unlocking key: it does not open the stored private key [SEC-01]."""
    place = accounts._Owner(pepper=PEPPER, account=ACCOUNT, clinic=CLINIC).place()
    with pytest.raises(OpenError):
        suite.decrypt(MADE.keys.by_password, MADE.keys.verifier, place)


def test_the_stored_key_is_bound_to_its_account_and_clinic() -> None:
    """Even with the right unlocking key, the stored private key opens only as this account's [SEC-02]."""
    owner = accounts._Owner(pepper=PEPPER, account=ACCOUNT, clinic=CLINIC)
    unlocking = accounts._stretch(PASSWORD, owner, MADE.keys.salt, CHEAP).unlocking
    assert suite.decrypt(MADE.keys.by_password, unlocking, owner.place()) == MADE.private.seed
    for elsewhere in (replace(owner, account=UUID(int=99)), replace(owner, clinic=UUID(int=99))):
        with pytest.raises(OpenError):
            suite.decrypt(MADE.keys.by_password, unlocking, elsewhere.place())


def test_the_recovery_code_unlocks_and_forgives_how_it_is_typed() -> None:
    """The printed code opens the key, in lower case and without hyphens too [IDN-08]."""
    assert recover(MADE.recovery_code) == MADE.private
    assert recover(MADE.recovery_code.lower().replace("-", " ")) == MADE.private


def test_another_recovery_code_is_refused() -> None:
    """Another account's code, or something that is no code, opens nothing [IDN-08]."""
    for code in ("0" * 20, "nonsense", ""):
        with pytest.raises(WrongSecretError):
            recover(code)


def test_a_new_password_replaces_the_old_and_keeps_the_key_and_the_code() -> None:
    """After a change only the new password unlocks, the key is the same, and the recovery code still works [IDN-08]."""
    keys = accounts.change_password(MADE.private, "another one", PEPPER, MADE.keys, ACCOUNT, CLINIC, CHEAP)
    assert unlock("another one", keys) == MADE.private == recover(MADE.recovery_code, keys)
    assert keys.salt != MADE.keys.salt
    with pytest.raises(WrongSecretError):
        unlock(PASSWORD, keys)


def test_a_new_cost_leaves_the_recovery_code_valid() -> None:
    """Raising the cost of passwords later does not strand those who hold an old code [IDN-07] [IDN-08]."""
    dearer = Cost(operations=2, memory=16 * 1024)
    keys = accounts.change_password(MADE.private, PASSWORD, PEPPER, MADE.keys, ACCOUNT, CLINIC, dearer)
    assert keys.cost == dearer
    assert unlock(PASSWORD, keys) == recover(MADE.recovery_code, keys) == MADE.private


def test_a_new_recovery_code_ends_the_old_one() -> None:
    """Only the newest code opens, and the password is untouched [IDN-08]."""
    keys, code = accounts.new_recovery_code(MADE.private, PEPPER, MADE.keys, ACCOUNT, CLINIC)
    assert code != MADE.recovery_code
    assert recover(code, keys) == unlock(PASSWORD, keys) == MADE.private
    with pytest.raises(WrongSecretError):
        recover(MADE.recovery_code, keys)


def test_another_persons_key_cannot_be_stored_in_an_account() -> None:
    """Neither a new password nor a new code is set for a private key that is not the account's [IDN-08]."""
    stranger = new_private_key()
    with pytest.raises(OpenError):
        accounts.change_password(stranger, "new", PEPPER, MADE.keys, ACCOUNT, CLINIC, CHEAP)
    with pytest.raises(OpenError):
        accounts.new_recovery_code(stranger, PEPPER, MADE.keys, ACCOUNT, CLINIC)


def test_a_swapped_public_key_is_noticed_at_the_next_sign_in() -> None:
    """A public key replaced in the database, to divert what is sealed to a person, does not pass [SEC-02]."""
    keys = replace(MADE.keys, public=new_private_key().public())
    with pytest.raises(OpenError):
        unlock(PASSWORD, keys)
    with pytest.raises(OpenError):
        recover(MADE.recovery_code, keys)


def test_a_damaged_row_is_told_from_a_wrong_password() -> None:
    """With the right password and a damaged key the error says damage, not a wrong password [SEC-02]."""
    damaged = MADE.keys.by_password[:-1] + bytes([MADE.keys.by_password[-1] ^ 1])
    with pytest.raises(OpenError):
        unlock(PASSWORD, replace(MADE.keys, by_password=damaged))
    with pytest.raises(KeysError):
        recover(MADE.recovery_code, replace(MADE.keys, by_recovery=b""))


def test_two_accounts_with_one_password_share_nothing() -> None:
    """Equal passwords do not show as equal in the database [IDN-07]."""
    other = accounts.create(PASSWORD, PEPPER, ACCOUNT, CLINIC, CHEAP)
    assert other.keys.verifier != MADE.keys.verifier
    assert other.keys.salt != MADE.keys.salt
    assert other.private != MADE.private


def test_a_change_of_cost_asks_for_a_rehash() -> None:
    """An account stretched at another cost than the one in force is to be renewed, and only such a one [IDN-07]."""
    assert not accounts.needs_rehash(MADE.keys, CHEAP)
    assert accounts.needs_rehash(MADE.keys, Cost(operations=2, memory=CHEAP.memory))
    assert accounts.needs_rehash(MADE.keys, Cost(operations=1, memory=CHEAP.memory * 2))


def test_an_unknown_user_costs_the_work_of_a_known_one() -> None:
    """Refusing an unknown user runs the same Argon2id as refusing a known one: once, at the same cost [IDN-09]."""
    with patch.object(suite, "argon2id", wraps=suite.argon2id) as work:
        accounts.burn(PEPPER, CHEAP)
        with pytest.raises(WrongSecretError):
            unlock("wrong")
    unknown, known = work.call_args_list
    assert unknown.args[2] == known.args[2] == CHEAP
    assert [len(part) for part in unknown.args[:2]] == [len(part) for part in known.args[:2]]


def test_nothing_secret_is_stored_in_clear() -> None:
    """Neither the seed, the password nor the code is anywhere in what the database keeps [SEC-01]."""
    stored = b"".join(
        [MADE.keys.public.raw, MADE.keys.salt, MADE.keys.verifier, MADE.keys.by_password, MADE.keys.by_recovery]
    )
    code = MADE.recovery_code.encode()
    for secret in (MADE.private.seed, PASSWORD.encode(), code, code.replace(b"-", b"")):
        assert secret not in stored


def test_an_account_prints_no_secret() -> None:
    """Printing a new account shows neither its key nor its code [SEC-01]."""
    assert isinstance(MADE, NewAccount)
    assert MADE.recovery_code not in repr(MADE)
    assert MADE.private.seed.hex() not in repr(MADE)
