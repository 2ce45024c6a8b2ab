"""The pages around the account: signing in, first sign-in, consent, recovery, worry."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from consent.model import Category, Channel
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from messaging_server.web.views.frame import FormView


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn(FormView):
    """Step one: who, and the password."""

    login: str = field(default="", repr=False)
    next: str = ""
    """Where to go afterwards: a path of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode(FormView):
    """Step two: the code of the second factor."""

    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a first sign-in has come, in words (PAGES)."""

    step: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation(FormView):
    """The code of the letter, and the birth date of the person whom it is for (IDN-04)."""

    progress: Progress
    code: str = field(default="", repr=False)
    birth_day: str = field(default="", repr=False)
    birth_month: str = field(default="", repr=False)
    birth_year: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePassword(FormView):
    """A new password; `login` is shown so that password managers keep both together (IDN-07)."""

    login: str = field(repr=False)
    minimum: int
    progress: Progress | None = None
    action: str = "/activate/password"
    ask_current: bool = False
    code: str = field(default="", repr=False)
    """The activation code, carried from the step before: in the form, never in an address."""
    birth_date: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCode(FormView):
    """The recovery code, shown once; `progress` is None outside a first sign-in."""

    progress: Progress | None = None
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpSetup(FormView):
    """The second factor: a picture for the telephone's camera, and the same secret in letters."""

    qr_base64: str = field(repr=False)
    """An SVG document, base64."""
    secret: str = field(repr=False)
    required: bool
    pending: str = field(default="", repr=False)
    """The same secret, sealed: it comes back with the code."""
    progress: Progress | None = None
    action: str = "/activate/totp"
    ask_current: bool = False
    """Whether the password is asked again, as it is for a change (IDN-05)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What this is and what it is not (TRN-07, TRN-09)."""

    progress: Progress | None = None
    readers: str
    walk_in: str = ""
    next: str = "/activate/consent"


class ConsentBlockName(StrEnum):
    """The seven mandatory blocks of a consent text, in their order (CON-05)."""

    INTENDED_USE = "intended_use"
    TEXTS = "texts"
    RISKS = "risks"
    PROCEDURE = "procedure"
    ACCESS = "access"
    RETENTION = "retention"
    CONTENT_KINDS = "content_kinds"


Kept = tuple[tuple[str, str], ...]
"""What was answered on the pages before, as names and values of hidden fields: nothing is recorded before the end."""


class ConsentAnswer(StrEnum):
    """What was said to a block, a channel or a kind of content."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentBlock(FormView):
    """One short page of the consent text, with its own yes and no of equal weight (CON-05, CON-16)."""

    progress: Progress
    block: ConsentBlockName
    text: str
    risks: tuple[tuple[Channel, str], ...] = ()
    """For the block of risks, a text for each channel that is offered (CON-06)."""
    text_version: int
    kept: Kept = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentCell:
    """One choice: a kind of content on a channel; `answer` is None until the person says (CON-16)."""

    category: Category
    answer: ConsentAnswer | None = None

    def field_of(self, channel: Channel) -> str:
        """The name of the form's field, as `consent.email.appointments`."""
        return f"consent.{channel}.{self.category}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChannel:
    """The choices of one channel, and the addresses that they are about: those, and none that comes later (CON-15)."""

    channel: Channel
    addresses: tuple[str, ...] = field(default=(), repr=False)
    cells: tuple[ConsentCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChoices(FormView):
    """What may be exchanged by which way, each chosen on its own (CON-10, CON-12)."""

    progress: Progress
    channels: tuple[ConsentChannel, ...]
    text_version: int
    kept: Kept = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentSummary(FormView):
    """Everything that will be agreed, before saying so; it can be printed."""

    progress: Progress | None
    person: str = field(repr=False)
    channels: tuple[ConsentChannel, ...]
    blocks: tuple[tuple[ConsentBlockName, str], ...]
    text_version: int
    on: date
    given: datetime | None = None
    """When it was said, once it was; the page is then a copy to keep."""
    kept: Kept = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worried(FormView):
    """Somebody may have my password: one button that stops everything (IDN-23)."""

    login: str = field(default="", repr=False)
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A place where somebody is signed in."""

    id: str
    device: str = field(repr=False)
    """Browser and system in a few words, as `Firefox, Android`; empty when unknown."""
    started: datetime
    last_used: datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(FormView):
    """My account: where I am signed in, when last, and what I can change (IDN-10, IDN-24)."""

    login: str = field(repr=False)
    sessions: tuple[SessionView, ...]
    last_access: datetime | None = None
    failed_since: int = 0
    """Sign-ins that failed since the last one that succeeded."""
    second_factor: bool
    has_profile: bool = False
    """Whether they work here, and so sign what they write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The lines under a reply, as patients of one language read them; empty while something is missing (ETQ-08)."""

    language: Language
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProfile(FormView):
    """A colleague's own profile (ETQ-08, ETQ-09)."""

    name: str = field(repr=False)
    role: AccountRole
    title_fr: str = ""
    title_en: str = ""
    phone: str = field(default="", repr=False)
    language: Language | None = None
    signs: bool = True
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover(FormView):
    """A forgotten password: the recovery code, or the clinic's telephone (IDN-08)."""

    login: str = field(default="", repr=False)
    minimum: int
    second_factor: bool = True
