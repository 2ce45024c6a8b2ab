"""The questions that are asked of every incoming message, each a function that gives a reason or nothing.

A reason is a short machine-readable sentence without content; it is sealed beside the message (promise 7).
"""

from messaging_server.broker.case import Case
from messaging_server.message import Automatic, Keyword
from triage.model import Priority


def duplicate(case: Case) -> str | None:
    """The same message came before (EIN-06, SMS-11)."""
    return "accepted before" if case.seen_before else None


def about_a_delivery(case: Case) -> str | None:
    """A bounce or a receipt for something that we sent (EIN-18)."""
    return f"{case.automatic} about a delivery of ours" if case.automatic and case.about_delivery else None


def emergency(case: Case) -> str | None:
    """A red flag matched; looked for before anything else is settled (promise 4, ACK-07)."""
    return "red flags: " + (" ".join(case.flags) or "unnamed") if case.priority == Priority.STAT else None


def machine(case: Case) -> str | None:
    """A machine wrote it, and nothing in it looks grave (RFC 3834 section 2, EIN-18).

    A header that only asks not to be answered (lists, bulk) is no proof of a machine: such mail is read like any other.
    """
    grave = case.priority != Priority.ROUTINE
    machine_made = case.automatic is not None and case.automatic is not Automatic.LIST
    return f"automatic: {case.automatic}" if machine_made and not grave else None


def unreadable(case: Case) -> str | None:
    """It could not be understood (TRI-18)."""
    return "could not be read whole" if case.unreadable else None


def opt_out(case: Case) -> str | None:
    """The author asked to stop texts (SMS-14)."""
    return "asked to stop" if case.keyword is Keyword.STOP else None


def asks_help(case: Case) -> str | None:
    """The author sent the word for help (SMS-13)."""
    return "asked for help" if case.keyword is Keyword.HELP else None


def resume(case: Case) -> str | None:
    """The author asked for texts again (SMS-14)."""
    return "asked to resume" if case.keyword is Keyword.START else None


def unauthenticated(case: Case) -> str | None:
    """Nobody whom we believe vouches for the author (EIN-08)."""
    return None if case.authenticated else "author not authenticated"


def shared_address(case: Case) -> str | None:
    """Several people have this address; nobody is guessed (TRI-16)."""
    return "address of several people" if case.ambiguous else None


def unknown_sender(case: Case) -> str | None:
    """Nobody of this clinic has this address (TRI-16)."""
    return None if case.identified else "nobody has this address"


def not_consented(case: Case) -> str | None:
    """No active consent for this channel (CON-01, CON-02)."""
    return None if case.consented else "no active consent for this channel"


def texts_not_answered(case: Case) -> str | None:
    """The clinic does not answer texts (SMS-02)."""
    return "texts are not answered" if case.channel == "sms" and not case.texts_answered else None


def always(_case: Case) -> str | None:
    """Every accepted message is acknowledged (ACK-01)."""
    return "accepted"
