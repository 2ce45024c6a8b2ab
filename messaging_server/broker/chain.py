"""The order in which a message is judged, as a table; and the small engine that walks it.

Every finding is kept, the first notice that speaks wins, a stop ends the walk.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from messaging_server.broker import rules
from messaging_server.broker.case import Case, Disposition
from messaging_server.broker.notices import Notice

Rule = Callable[[Case], str | None]
REDIRECTS_PER_HOUR: Final = 3
"""For senders who are not authenticated; an authenticated human's emergency is never throttled (promise 6)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One rule of the table: what it lets us say, and whether the walk ends with it."""

    rule: Rule
    say: Notice | None = None
    stop: Disposition | None = None


INBOUND: Final = (
    Link(rules.duplicate, stop=Disposition.DUPLICATE),
    Link(rules.about_a_delivery, stop=Disposition.REPORT),
    Link(rules.emergency, say=Notice.EMERGENCY),
    Link(rules.machine, stop=Disposition.SET_ASIDE),
    Link(rules.opt_out, say=Notice.OPT_OUT_CONFIRMED),
    Link(rules.asks_help, say=Notice.HELP),
    Link(rules.resume, say=Notice.RESUMED),
    Link(rules.unauthenticated, stop=Disposition.HELD),
    Link(rules.shared_address, say=Notice.NOT_YET, stop=Disposition.HELD),
    Link(rules.unknown_sender, say=Notice.NOT_YET, stop=Disposition.HELD),
    Link(rules.not_consented, say=Notice.NOT_YET, stop=Disposition.HELD),
    Link(rules.unreadable, say=Notice.ACKNOWLEDGEMENT, stop=Disposition.FAILED),
    Link(rules.texts_not_answered, say=Notice.SMS_NOT_ANSWERED),
    Link(rules.always, say=Notice.ACKNOWLEDGEMENT),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What shall be done, why, and what is said at once."""

    disposition: Disposition
    findings: tuple[tuple[str, str], ...]
    notice: Notice | None
    """What the signed-in inbox shows; None where nothing may be said at all."""
    by_channel: bool
    """Whether the notice also leaves by the channel that the message came by (ACK-13)."""


def decide(case: Case, chain: Sequence[Link] = INBOUND) -> Decision:
    """Walk the chain once."""
    findings: list[tuple[str, str]] = []
    notice: Notice | None = None
    disposition = Disposition.ACCEPTED
    for link in chain:
        reason = link.rule(case)
        if reason is None:
            continue
        findings.append((link.rule.__name__, reason))
        notice = notice or link.say
        if link.stop:
            disposition = link.stop
            break
    notice = None if case.automatic and disposition is not Disposition.ACCEPTED else notice
    leaves = notice is not None and may_leave(case, notice)
    return Decision(disposition, tuple(findings), _as_held(notice, disposition), leaves)


def _as_held(notice: Notice | None, disposition: Disposition) -> Notice | None:
    """To a sender without consent the emergency card comes with "not yet" and nothing else, for it promises no answer.

    The text begins with the same card (CON-04), and leaves under the emergency's own throttle.
    """
    held = disposition is Disposition.HELD and notice is Notice.EMERGENCY
    return Notice.NOT_YET if held else notice


def may_leave(case: Case, notice: Notice) -> bool:
    """Whether a notice may leave by e-mail or text, where the answer must surely reach the author and no machine.

    Never answers a machine (ACK-11) or an author whom nobody vouches for (no backscatter, T-26); an emergency text to
    an authenticated human is never throttled; a stop is confirmed once (SMS-14); the rest is rare (ACK-13).
    """
    if case.automatic or not case.authenticated:
        return False
    if notice is Notice.EMERGENCY:
        return case.identified or case.redirects_this_hour < REDIRECTS_PER_HOUR
    if notice is Notice.OPT_OUT_CONFIRMED and (case.identified or case.ambiguous):
        return not case.stopped_before
    return case.answers_this_thread < case.may_answer_thread and case.answers_today < case.may_answer_day
