"""What must hold together in a policy before it can be used at all: a policy that fails here is not taken."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from triage.fields import PolicyError
from triage.holidays import RULES
from triage.model import QueueName
from triage.practice import CATEGORIES, LANGUAGES, Door, Policy, Span, Words

CLOSED_AT_MOST: Final = 366
"""Days of closure that a policy may hold: with some hours every week, the clinic then always opens again."""


def check(policy: Policy) -> None:
    """Raises PolicyError for the first part that does not hold together with the others."""
    for one in (_place, _languages, _hours, _closures, _holidays, _teams, _queues, _steps, _channels, _categories):
        one(policy)


def texts(policy: Policy) -> Iterator[tuple[str, Words]]:
    """Every text by language, with its path."""
    for name in ("names", "phone_hours", "other_contact", "walk_in", "access"):
        yield name, getattr(policy, name)
    yield "privacy_officer.contact", policy.privacy_officer.contact
    for name, team in policy.teams.items():
        yield f"teams.{name}.names", team.names
    for number, closure in enumerate(policy.closures):
        yield f"closures[{number}].reason", closure.reason


def _require(holds: bool, path: str, sentence: str) -> None:
    if not holds:
        raise PolicyError(path, sentence)


def _place(policy: Policy) -> None:
    try:
        ZoneInfo(policy.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise PolicyError("timezone", "is not a time zone that exists, such as America/Toronto") from unknown


def _languages(policy: Policy) -> None:
    _require(bool(policy.languages), "languages", "names no language")
    _require(set(policy.languages) <= set(LANGUAGES), "languages", f"must be among: {', '.join(LANGUAGES)}")
    _require(policy.default_language in policy.languages, "default_language", "is not one of the languages")
    for path, words in texts(policy):
        missing = [language for language in policy.languages if language not in words]
        _require(not missing, path, f"has no words in: {', '.join(missing)}")
        _require(set(words) <= set(LANGUAGES), path, f"has words in a language other than: {', '.join(LANGUAGES)}")


def _hours(policy: Policy) -> None:
    _require(any(policy.hours.values()), "hours", "must open the clinic at least once a week")
    for day, spans in policy.hours.items():
        _in_order(f"hours.{day}", spans)
    _require(policy.quiet_hours.start != policy.quiet_hours.end % (24 * 60), "quiet_hours", "begin when they end")


def _in_order(path: str, spans: tuple[Span, ...]) -> None:
    _require(all(span.start < span.end for span in spans), path, "must open before it closes")
    _require(all(a.end < b.start for a, b in pairwise(spans)), path, "must be in order, with a pause between")


def _closures(policy: Policy) -> None:
    days = timedelta(0)
    for number, closure in enumerate(policy.closures):
        path = f"closures[{number}]"
        _require(closure.first <= closure.last, path, "must begin before it ends")
        _in_order(f"{path}.hours", closure.hours)
        days += closure.last - closure.first + timedelta(days=1)
    _require(days.days <= CLOSED_AT_MOST, "closures", f"hold more than {CLOSED_AT_MOST} days")


def _holidays(policy: Policy) -> None:
    unknown = sorted(policy.holidays - RULES[policy.province].keys())
    _require(not unknown, "holidays", f"are not known in this province: {', '.join(unknown)}")


def _teams(policy: Policy) -> None:
    _require(bool(policy.teams), "teams", "names no team")
    for name, team in policy.teams.items():
        _require(bool(team.roles), f"teams.{name}.roles", "names no profession")


def _queues(policy: Policy) -> None:
    for queue in QueueName:
        _require(queue in policy.queues, f"queues.{queue}", "is missing")
    for name, its in policy.queues.items():
        _require(its.team in policy.teams, f"queues.{name}.team", "is not one of the teams")
        _require(its.backup_team in policy.teams, f"queues.{name}.backup_team", "is not one of the teams")


def _steps(policy: Policy) -> None:
    for name in ("percent", "days_after"):
        steps = getattr(policy.escalation, name)
        _require(all(a < b for a, b in pairwise(steps)), f"escalation.{name}", "must rise from step to step")
    # No item may be overdue without an escalation (TRI-04).
    _require(100 in policy.escalation.percent, "escalation.percent", "must hold 100, the moment it is due")


def _channels(policy: Policy) -> None:
    _require(Door.WEB in policy.channels, "channels", "must hold web: the inbox is where everything can be read")


def _categories(policy: Policy) -> None:
    for path, named in (("minimum", policy.minimum), ("unread.by_category", policy.unread.by_category)):
        unknown = sorted(set(named) - set(CATEGORIES))
        _require(not unknown, path, f"names unknown categories: {', '.join(unknown)}")
