"""The clinic's written procedure in force, to read and to print (TRI-01)."""

from datetime import date, time

from aiohttp import web
from babel.dates import get_day_names

from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.queries import board as queries
from messaging_server.texts import Language
from messaging_server.web.rows import today
from messaging_server.web.views.frame import Nav
from messaging_server.web.views.people import PolicyPage, PolicyQueue
from messaging_server.web.visit import Visit, any_staff, visit
from triage.helplines import lines_for
from triage.holidays import dates_of
from triage.model import QueueName
from triage.policy import Span, Unit, Weekday


def routes() -> list[web.RouteDef]:
    """Where this page is."""
    return [web.get("/staff/policy", show)]


@any_staff
async def show(request: web.Request) -> web.StreamResponse:
    """The policy in force."""
    here = visit(request)
    policy = here.clinic.policy
    since = await here.means.database.read(lambda c: queries.policy_since(c, here.clinic.id, policy.version))
    view = PolicyPage(
        version=policy.version, since=here.clinic.local(since or here.now), queues=_queues(here), hours=_hours(here),
        holidays=_holidays(here), ruleset=here.clinic.ruleset.version, leads=here.leads,
        lines=tuple(
            (line.name[here.language], line.number, line.verified)
            for line in lines_for(here.clinic.lines, policy.province, (), here.language)
        ),
    )  # fmt: skip
    return here.page("staff/policy", view, current=Nav.POLICY)


def _queues(here: Visit) -> tuple[PolicyQueue, ...]:
    return tuple(
        PolicyQueue(
            queue=queue, response=_response(here, queue),
            roles=tuple(role for role in AccountRole if role in here.clinic.roles_of(here.clinic.team_of(queue))),
        )
        for queue in QueueName
        if queue in here.clinic.policy.queues
    )  # fmt: skip


def _response(here: Visit, queue: QueueName) -> str:
    """A response time in words, as "2 business days"."""
    given = here.clinic.policy.queues[queue].response
    one, several = ("one_day", "days") if given.unit is Unit.BUSINESS_DAYS else ("one_hour", "hours_count")
    return here.means.texts.gettext(here.language, f"policy.{one if given.count == 1 else several}", count=given.count)


def _hours(here: Visit) -> tuple[tuple[str, str], ...]:
    """Each day of the week with its hours, as people here write them."""
    names = get_day_names(locale=here.language.locale)
    closed = here.means.texts.gettext(here.language, "policy.closed")
    told = []
    for number, day in enumerate(Weekday):
        spans = here.clinic.policy.hours.get(day, ())
        told.append((names[number].capitalize(), ", ".join(_span(here.language, span) for span in spans) or closed))
    return tuple(told)


def _span(language: Language, span: Span) -> str:
    return f"{_clock(language, span.start)} – {_clock(language, span.end)}"


def _clock(language: Language, minutes: int) -> str:
    hour, minute = divmod(minutes, 60)
    if language is Language.FR:
        return f"{hour}\N{NO-BREAK SPACE}h" + (f"\N{NO-BREAK SPACE}{minute:02}" if minute else "")
    at = time(hour % 24, minute)
    half = "a.m." if at.hour < 12 else "p.m."
    return f"{at.hour % 12 or 12}{f':{minute:02}' if minute else ''}\N{NO-BREAK SPACE}{half}"


def _holidays(here: Visit) -> tuple[date, ...]:
    """The holidays to come within a year."""
    policy, on = here.clinic.policy, today(here)
    known = {day for year in (on.year, on.year + 1) for day in dates_of(policy.province, policy.holidays, year)}
    return tuple(sorted(day for day in known if on <= day <= on.replace(year=on.year + 1, day=min(on.day, 28))))
