"""The few errors of the application, named by whose fault they are and unaware of any protocol.

A door (web, SMTP, webhook, command) translates them into its own words; nothing below a door does.
No message of theirs carries content, a name or an address (AUD-02).
"""


class MessagingError(Exception):
    """The root: anything this server raises on purpose."""


class NotAllowedError(MessagingError):
    """The caller may not do this; `code` is the machine-readable reason (CON-01)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotFoundError(MessagingError):
    """There is no such thing in this clinic, or the caller may not know of it: the two look alike on purpose."""


class ConflictError(MessagingError):
    """Somebody else changed it since the caller looked (TRI-08); nothing was done."""


class InvalidError(MessagingError):
    """What was given cannot be used; `field` names where, `code` says why, and the door finds the words."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


class UnavailableError(MessagingError):
    """The database or a key cannot be reached now; the caller may try again, nothing was half done."""
