"""Sessions: the key lies under a token that the database does not hold."""

from uuid import UUID

import pytest

from keys import sessions
from keys.suite import OpenError, PrivateKey

ACCOUNT = UUID(int=41)


def test_a_token_has_256_bits_and_is_safe_in_a_cookie() -> None:
    """Tokens are opaque, 43 characters of the URL alphabet, and never repeat [IDN-10]."""
    tokens = {sessions.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(len(t) == 43 and t.replace("-", "").replace("_", "").isalnum() and t.isascii() for t in tokens)


def test_the_cookie_opens_the_key(somebody: PrivateKey) -> None:
    """Whoever holds the token has the account's key for as long as the session lives [IDN-10]."""
    token = sessions.new_token()
    assert sessions.open_for_session(sessions.seal_for_session(somebody, token, ACCOUNT), token, ACCOUNT) == somebody


def test_another_token_or_account_opens_nothing(somebody: PrivateKey) -> None:
    """A session's blob opens with its own token, for its own account [IDN-10] [SEC-02]."""
    token = sessions.new_token()
    blob = sessions.seal_for_session(somebody, token, ACCOUNT)
    for another, account in ((sessions.new_token(), ACCOUNT), (token, UUID(int=42)), ("", ACCOUNT)):
        with pytest.raises(OpenError):
            sessions.open_for_session(blob, another, account)


def test_the_stored_fingerprint_does_not_open_the_key(somebody: PrivateKey) -> None:
    """What the database knows of a token, used as a token, opens nothing [IDN-10] [SEC-01]."""
    token = sessions.new_token()
    blob = sessions.seal_for_session(somebody, token, ACCOUNT)
    known = sessions.token_fingerprint(token)
    with pytest.raises(OpenError):
        sessions.open_for_session(blob, known.hex(), ACCOUNT)
    assert somebody.seed not in blob + known


def test_a_fingerprint_finds_its_token_and_no_other() -> None:
    """The fingerprint is 32 bytes, the same each time, and another for another token [IDN-10]."""
    token = sessions.new_token()
    assert sessions.token_fingerprint(token) == sessions.token_fingerprint(token)
    assert sessions.token_fingerprint(token) != sessions.token_fingerprint(sessions.new_token())
    assert len(sessions.token_fingerprint(token)) == 32
