"""Reply tokens: unguessable, and safe in the local part of an address."""

import re

from keys.tokens import new_reply_token


def test_a_reply_token_is_unguessable_and_survives_a_mail_address() -> None:
    """Tokens have 160 bits, in 32 lowercase letters and digits that no mailer changes [EIN-11]."""
    tokens = {new_reply_token() for _ in range(300)}
    assert len(tokens) == 300
    assert all(re.fullmatch(r"[a-z2-7]{32}", token) for token in tokens)
