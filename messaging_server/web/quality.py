"""The report on the screening, for those who lead the clinic: a page, and a file for a spreadsheet (MET-04, MET-05)."""

from aiohttp import web

from messaging_server.broker import reporting, sheets
from messaging_server.broker.period import Period, offered, read
from messaging_server.broker.quality_words import Words, sheet
from messaging_server.broker.sheets import Sheet
from messaging_server.errors import NotFoundError
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from messaging_server.web.downloads import as_download
from messaging_server.web.rows import today
from messaging_server.web.views.frame import Nav
from messaging_server.web.views.quality import Choice, QualityPage
from messaging_server.web.visit import Visit, leads_only, visit

PATH, FILE = "/staff/screening", "/staff/screening/file"
SEPARATORS = {Language.FR: ";", Language.EN: ","}
"""What a spreadsheet of each language expects between two cells: where the comma is the decimal sign, no comma."""


def routes() -> list[web.RouteDef]:
    """Where the report is."""
    return [web.get(PATH, show), web.get(FILE, save)]


@leads_only
async def show(request: web.Request) -> web.StreamResponse:
    """The report of this month, or of the time that was chosen."""
    here = visit(request)
    period, words = _period(here, request), Words(texts=here.means.texts, language=here.language)
    choices = tuple(
        Choice(name=one.name, label=words.period(one, today(here)), chosen=one == period)
        for one in _choices(here, period)
    )
    view = QualityPage(sheet=await _sheet(here, period), choices=choices, file=f"{FILE}?period={period.name}")
    administers = here.who.role is AccountRole.ADMINISTRATOR
    return here.page("staff/quality", view, current=Nav.POLICY if administers else Nav.SUPERVISOR)


def _choices(here: Visit, chosen: Period) -> tuple[Period, ...]:
    """What is offered, and what was asked for by its address."""
    known = offered(today(here))
    return known if chosen in known else (*known, chosen)


@leads_only
async def save(request: web.Request) -> web.StreamResponse:
    """The same numbers as a file."""
    here = visit(request)
    period = _period(here, request)
    text = sheets.for_spreadsheet(await _sheet(here, period), SEPARATORS[here.language])
    response = as_download(text.encode(), f"screening-{period.name}.csv")
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    return response


def _period(here: Visit, request: web.Request) -> Period:
    """The period that is asked for; this month, where none is. Raises NotFoundError for one that is none."""
    name = request.query.get("period", "")
    found = read(name) if name else offered(today(here))[0]
    if found is None:
        raise NotFoundError("period")
    return found


async def _sheet(here: Visit, period: Period) -> Sheet:
    found = await reporting.screening(here.means, here.clinic, period, here.now)
    return sheet(Words(texts=here.means.texts, language=here.language), found, period, here.clinic.local(here.now))
