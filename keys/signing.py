"""Signatures on the clinic's ledger: two at once, one classic and one quantum-safe, and both must hold (DESIGN 6)."""

from keys import suite
from keys.server import ServerKeys


def sign(keys: ServerKeys, message: bytes) -> bytes:
    """Both signatures over a message, as one blob that starts with the suite's id."""
    return suite.sign_both(keys.ledger, message)


def verifying_key(keys: ServerKeys) -> bytes:
    """What is published so that anyone can verify, offline and for ever: the suite's id and both public keys."""
    return suite.verifying_pair(keys.ledger)


def verify(verifying: bytes, message: bytes, signature: bytes) -> bool:
    """Whether both signatures hold. Never raises: a malformed key or blob verifies nothing."""
    return suite.verify_both(verifying, message, signature)
