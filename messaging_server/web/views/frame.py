"""What every page shares: its frame, its form errors, the help lines, the card of an emergency."""

from dataclasses import dataclass, field
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import StrEnum

from messaging_server.broker.notices import Direction, Line
from messaging_server.message import Pause
from messaging_server.texts import Language


class Audience(StrEnum):
    """Who is signed in, as far as the frame of the page changes with it."""

    NONE = "none"
    PATIENT = "patient"
    STAFF = "staff"


class Nav(StrEnum):
    """The places that the frame links to."""

    INBOX = "inbox"
    WRITE = "write"
    CHOICES = "choices"
    READERS = "readers"
    BOARD = "board"
    PEOPLE = "people"
    SUPERVISOR = "supervisor"
    POLICY = "policy"
    TEAM = "team"
    ACCOUNT = "account"


NAV_URLS = {
    Nav.INBOX: "/inbox",
    Nav.WRITE: "/write",
    Nav.CHOICES: "/choices",
    Nav.READERS: "/readers",
    Nav.BOARD: "/staff",
    Nav.PEOPLE: "/staff/people",
    Nav.SUPERVISOR: "/staff/supervisor",
    Nav.POLICY: "/staff/policy",
    Nav.TEAM: "/staff/team",
    Nav.ACCOUNT: "/account",
}
"""Where each place is."""


class FlashKind(StrEnum):
    """How the one line at the top of a page is meant; each kind has a word of its own beside the colour (ACC-05)."""

    DONE = "done"
    NOTE = "note"
    PROBLEM = "problem"


class FlashCode(StrEnum):
    """What the one line at the top of a page can say."""

    SIGNED_OUT = "signed_out"
    TIMED_OUT = "timed_out"
    LANGUAGE_CHANGED = "language_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # the name of a sentence
    TOTP_CHANGED = "totp_changed"
    SESSIONS_ENDED = "sessions_ended"
    CONSENT_SAVED = "consent_saved"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    WITHDRAWAL_RECORDED = "withdrawal_recorded"
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"
    FINDING_CONFIRMED = "finding_confirmed"
    FINDING_REFUTED = "finding_refuted"
    SEND_CANCELLED = "send_cancelled"
    TOO_LATE_TO_CANCEL = "too_late_to_cancel"
    FILED = "filed"
    CONVERTED = "converted"
    CONSENT_RECORDED = "consent_recorded"
    CHANGED_MEANWHILE = "changed_meanwhile"
    PERSON_ADDED = "person_added"
    PROFILE_CHANGED = "profile_changed"
    INVITED = "invited"
    ADMITTED = "admitted"
    DISMISSED = "dismissed"
    ADDRESS_VERIFIED = "address_verified"
    ADDRESS_ADDED = "address_added"
    ADDRESS_REMOVED = "address_removed"
    CODE_SENT = "code_sent"
    SHORTCUTS_CHANGED = "shortcuts_changed"
    NOT_SAVED = "not_saved"
    TEXT_SAVED = "text_saved"
    TEXT_WITHDRAWN = "text_withdrawn"
    PHRASE_ADDED = "phrase_added"
    PHRASE_REMOVED = "phrase_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """The one line that says what just happened."""

    kind: FlashKind
    code: FlashCode


class ErrorCode(StrEnum):
    """What can be wrong with a field; the words say how to put it right (ACC-05)."""

    REQUIRED = "required"
    CHOOSE_ONE = "choose_one"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    SIGN_IN_FAILED = "sign_in_failed"
    TOO_MANY_TRIES = "too_many_tries"
    CODE_WRONG = "code_wrong"
    ADDRESS_CODE_WRONG = "address_code_wrong"
    ACTIVATION_WRONG = "activation_wrong"
    RECOVERY_WRONG = "recovery_wrong"
    PASSWORD_SHORT = "password_short"  # noqa: S105  # the name of a sentence
    PASSWORD_COMMON = "password_common"  # noqa: S105  # the name of a sentence
    PASSWORD_DIFFERENT = "password_different"  # noqa: S105  # the name of a sentence
    PASSWORD_WRONG = "password_wrong"  # noqa: S105  # the name of a sentence
    CONFIRM_NOT_URGENT = "confirm_not_urgent"
    CONFIRM_KEPT = "confirm_kept"
    NOT_A_DATE = "not_a_date"
    NOT_AN_EMAIL = "not_an_email"
    NOT_A_PHONE = "not_a_phone"
    ADDRESS_TAKEN = "address_taken"
    ADDRESS_NEEDED = "address_needed"
    NOT_ATTESTED = "not_attested"
    NOTE_NEEDED = "note_needed"
    REASON_NEEDED = "reason_needed"
    IDENTITY_NOT_CONFIRMED = "identity_not_confirmed"
    ANSWER_QUESTION = "answer_question"
    NO_GREETING = "no_greeting"
    NO_CLOSING = "no_closing"
    CATEGORY_NEEDED = "category_needed"
    DISPOSITION_NEEDED = "disposition_needed"
    FILE_TOO_LARGE = "file_too_large"
    FILES_TOO_LARGE = "files_too_large"
    TOO_MANY_FILES = "too_many_files"
    FILE_KIND = "file_kind"
    FILE_EMPTY = "file_empty"
    FILES_BUSY = "files_busy"
    FILES_AGAIN = "files_again"
    FILES_NOT_CHECKED = "files_not_checked"
    SCAN_KIND = "scan_kind"
    NO_CONSENT_YET = "no_consent_yet"
    PHYSICIANS_ONLY = "physicians_only"
    BLANK_LEFT = "blank_left"
    OTHER_LANGUAGE = "other_language"
    RESULT_EXCLUDED = "result_excluded"
    RESULT_CATEGORY = "result_category"
    TEXT_NOT_OFFERED = "text_not_offered"
    UNKNOWN_FACT = "unknown_fact"
    DIFFERENT_BLANKS = "different_blanks"
    REPEATED = "repeated"
    SENSITIVE_TEXT = "sensitive_text"
    PHRASE_TOO_LONG = "phrase_too_long"
    PHRASE_WITHOUT_WORD = "phrase_without_word"
    PHRASE_LISTED = "phrase_listed"
    TOO_MANY_PHRASES = "too_many_phrases"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One thing to put right; `field` is the name, and the element id, of the field that it concerns."""

    field: str
    code: ErrorCode
    about: str = dataclass_field(default="", repr=False)
    """Which of several things in the field: a file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """A page with a form: what was wrong with the last try, so that the page can lead to each field (ACC-05)."""

    errors: tuple[FieldError, ...] = ()

    def error(self, name: str) -> ErrorCode | None:
        """What is wrong with the field `name`, if anything."""
        return next((error.code for error in self.errors if error.field == name), None)

    def about(self, name: str) -> str:
        """Which of several things in the field `name` is wrong; empty where the field is one thing."""
        return next((error.about for error in self.errors if error.field == name), "")


class Outage(StrEnum):
    """A way out that does not work now; the inbox always does."""

    EMAIL = "email"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who is signed in."""

    name: str = field(repr=False)
    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """The frame of a page: whose clinic, which language, who is signed in, where one may go."""

    language: Language
    path: str
    """The path of this page."""
    again: str = "/"
    """Where to come back to after a change of language, the query with it."""
    csrf: str = field(repr=False)
    clinic: str
    """The neutral name (SEN-12)."""
    clinic_phone: str
    privacy_contact: str = ""
    """Name and way to reach the privacy officer (TRN-13); empty while the clinic has not said."""
    signed: Signed | None = None
    nav: tuple[Nav, ...] = ()
    current: Nav | None = None
    flash: Flash | None = None
    emergency_number: str = "911"
    static_version: str
    timeout: int | None = None
    """Seconds until the session ends unless it is used; a warning comes two minutes before (ACC-03)."""
    outages: tuple[Outage, ...] = ()
    """Ways out that do not work now (TRI-22)."""
    pauses: tuple[Pause, ...] = ()
    """Ways out that the clinic lets rest, on the pages where that concerns everybody (ACK-24)."""
    shortcuts: bool = True
    """Single letters act on the staff's pages, unless the person has switched them off (WCAG 2.1.4)."""

    @property
    def audience(self) -> Audience:
        """Who is signed in, or nobody."""
        return self.signed.audience if self.signed else Audience.NONE

    @property
    def home(self) -> str:
        """Where the clinic's name leads: the first place that the frame links to."""
        if self.nav:
            return NAV_URLS[self.nav[0]]
        return {Audience.NONE: "/sign-in", Audience.PATIENT: "/inbox", Audience.STAFF: "/staff"}[self.audience]

    def url(self, place: Nav) -> str:
        """The address of a place of the frame."""
        return NAV_URLS[place]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyCard:
    """What to do now, before anything else (ACK-07): the help lines, and only in the inbox which danger it may be."""

    lines: tuple[Line, ...]
    directions: tuple[Direction, ...] = ()
    alerted_at: datetime | None = None
    """When a named person was really alerted; None while nobody was."""

    @property
    def quick_exit(self) -> bool:
        """Whether to offer a way to leave the page at once (ACK-08)."""
        return Direction.VIOLENCE in self.directions


class PageFault(StrEnum):
    """Why there is no page."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    EXPIRED = "expired"
    """The form was too old or not ours: nothing was sent."""
    UNAVAILABLE = "unavailable"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPage:
    """A page that says what was not done, that nothing is lost, and the way to get it done today."""

    fault: PageFault
    reference: str | None = None
    """What to quote on the telephone; it carries nothing about anybody."""
    kept_text: str | None = field(default=None, repr=False)
    """What the person had written, given back so that it is not lost (ACC-03)."""
    files_again: bool = False
    """Files were chosen too, and are to be chosen again."""
