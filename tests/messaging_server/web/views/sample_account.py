"""Invented accounts: each page of the account empty, full and in error."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from consent.model import Category, Channel
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from messaging_server.web.views import account as a
from messaging_server.web.views.frame import Audience, ErrorCode, FaultPage, FieldError, PageFault

TIME = ZoneInfo("America/Toronto")
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=TIME)
QR = (
    "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA0IDQiPjxwYXRoIGQ9Ik0wIDBoMnYySDB6TTIgMmgydjJI"
    "MnoiLz48L3N2Zz4="
)
STEP = a.Progress(step=2, of=5)
WORDS = (
    "Vous pouvez écrire à la clinique pour un rendez-vous ou un renouvellement.\n\n- Réponse en deux jours ouvrables.\n"
    "- Jamais pour une urgence.\n\n<b>Rien</b> d’autre & tout est gardé."
)


def wrong(**codes: ErrorCode) -> tuple[FieldError, ...]:
    """Errors by field."""
    return tuple(FieldError(field=name, code=code) for name, code in codes.items())


def channels(answer: a.ConsentAnswer | None) -> tuple[a.ConsentChannel, ...]:
    """Every channel with every category that it may carry."""
    return tuple(
        a.ConsentChannel(
            channel=channel,
            addresses=("jean.tremblay@exemple.ca", "jean@exemple.org") if channel is Channel.EMAIL else (),
            cells=tuple(a.ConsentCell(category=category, answer=answer) for category in Category),
        )
        for channel in Channel
    )


SIGNED_OUT: dict[str, tuple[str, object]] = {
    "sign in": ("account/sign_in", a.SignIn()),
    "sign in refused": (
        "account/sign_in",
        a.SignIn(login="jean.tremblay", next="/inbox", errors=wrong(login=ErrorCode.SIGN_IN_FAILED)),
    ),
    "code": ("account/sign_in_totp", a.SignInCode()),
    "code refused": ("account/sign_in_totp", a.SignInCode(next="/staff", errors=wrong(code=ErrorCode.CODE_WRONG))),
    "activation": ("account/activate", a.Activation(progress=a.Progress(step=1, of=5))),
    "activation refused": (
        "account/activate",
        a.Activation(
            progress=a.Progress(step=1, of=5), code="K7QX", birth_day="31", birth_month="2", birth_year="1946",
            errors=wrong(code=ErrorCode.ACTIVATION_WRONG, birth_day=ErrorCode.NOT_A_DATE),
        ),
    ),
    "password": ("account/choose_password", a.ChoosePassword(login="jean.tremblay", minimum=8, progress=STEP)),
    "password refused": (
        "account/choose_password",
        a.ChoosePassword(
            login="jean.tremblay", minimum=15, ask_current=True, action="/account/password",
            errors=wrong(
                current=ErrorCode.PASSWORD_WRONG, password=ErrorCode.PASSWORD_COMMON, again=ErrorCode.PASSWORD_DIFFERENT
            ),
        ),
    ),
    "recovery code": ("account/recovery_code", a.RecoveryCode(progress=STEP, code="4XKD-99QW-7PLM-22ZA-BRTF-K0VN")),
    "recovery code not kept": (
        "account/recovery_code",
        a.RecoveryCode(progress=STEP, code="4XKD-99QW-7PLM", errors=wrong(kept=ErrorCode.CONFIRM_KEPT)),
    ),
    "second factor": (
        "account/totp_setup", a.TotpSetup(qr_base64=QR, secret="JBSW Y3DP EHPK 3PXP", required=False, progress=STEP)
    ),
    "second factor refused": (
        "account/totp_setup",
        a.TotpSetup(
            qr_base64=QR, secret="JBSW Y3DP EHPK 3PXP", required=True, errors=wrong(code=ErrorCode.CODE_WRONG)
        ),
    ),
    "about": ("account/about", a.About(progress=STEP, readers="les infirmières et les médecins")),
    "about, walk-in": (
        "account/about", a.About(readers="les infirmières", walk_in="La clinique sans rendez-vous ouvre à 8 h.")
    ),
    "consent block": (
        "account/consent_block",
        a.ConsentBlock(progress=STEP, block=a.ConsentBlockName.INTENDED_USE, text=WORDS, text_version=3),
    ),
    "consent risks": (
        "account/consent_block",
        a.ConsentBlock(
            progress=STEP, block=a.ConsentBlockName.RISKS, text=WORDS, risks=((Channel.WEB, WORDS),
            (Channel.SMS, WORDS)),
            text_version=3, errors=wrong(answer=ErrorCode.CHOOSE_ONE),
        ),
    ),
    "consent choices": (
        "account/consent_choices", a.ConsentChoices(progress=STEP, channels=channels(None), text_version=3)
    ),
    "consent choices missing": (
        "account/consent_choices",
        a.ConsentChoices(
            progress=STEP, channels=channels(a.ConsentAnswer.REFUSE), text_version=3,
            errors=(FieldError(field="consent.email.appointments", code=ErrorCode.CHOOSE_ONE),),
        ),
    ),
    "consent summary": (
        "account/consent_summary",
        a.ConsentSummary(
            progress=STEP, person="Jean Tremblay", channels=channels(a.ConsentAnswer.ACCEPT), text_version=3,
            blocks=tuple((name, WORDS) for name in a.ConsentBlockName), on=date(2026, 11, 23),
        ),
    ),
    "consent given": (
        "account/consent_summary",
        a.ConsentSummary(
            progress=None, person="Jean Tremblay", channels=channels(a.ConsentAnswer.REFUSE), text_version=3, blocks=(),
            on=date(2026, 12, 1), given=NOW,
        ),
    ),
    "worried": ("account/worried", a.Worried()),
    "worried refused": ("account/worried", a.Worried(login="jean", errors=wrong(login=ErrorCode.SIGN_IN_FAILED))),
    "worried done": ("account/worried", a.Worried(done=True)),
    "recover": ("account/recover", a.Recover(minimum=8)),
    "recover refused": (
        "account/recover",
        a.Recover(
            minimum=8, login="jean", second_factor=False,
            errors=wrong(recovery_code=ErrorCode.CODE_WRONG, password=ErrorCode.PASSWORD_SHORT),
        ),
    ),
} | {
    f"fault {fault}": (
        "fault",
        FaultPage(
            fault=fault, reference="7F3A-22" if fault is PageFault.ERROR else None,
            kept_text="J’avais presque fini." if fault is PageFault.EXPIRED else None,
        ),
    )
    for fault in PageFault
}  # fmt: skip

HERE = a.SessionView(id="a1", device="Firefox, Android", started=NOW, last_used=NOW, current=True)
THERE = a.SessionView(id="b2", device="", started=NOW, last_used=NOW, current=False)
SIGNED_IN: dict[str, tuple[str, object]] = {
    "account": ("account/account", a.Account(login="jean.tremblay", sessions=(HERE,), second_factor=False)),
    "account with sessions": (
        "account/account",
        a.Account(
            login="jean.tremblay", sessions=(HERE, THERE), second_factor=True, last_access=NOW, failed_since=2
        ),
    ),
    "worried, signed in": ("account/worried", a.Worried()),
}  # fmt: skip

SIGNATURES = (
    a.Signature(language=Language.FR, text="Marie Gagnon\nInfirmière clinicienne\n514 555-0102"),
    a.Signature(language=Language.EN, text=""),
)  # fmt: skip
PROFILE = a.OwnProfile(
    name="Marie Gagnon", role=AccountRole.NURSE, title_fr="Infirmière clinicienne", phone="514 555-0102",
    language=Language.FR, signatures=SIGNATURES,
)  # fmt: skip
COLLEAGUE: dict[str, tuple[str, object]] = {
    "profile": ("account/profile", PROFILE),
    "profile refused": (
        "account/profile",
        replace(
            PROFILE, title_en="M.D.", phone="",
            errors=wrong(
                title_en=ErrorCode.PHYSICIANS_ONLY, phone=ErrorCode.REQUIRED, language=ErrorCode.CHOOSE_ONE,
                current=ErrorCode.PASSWORD_WRONG,
            ),
        ),
    ),
    "profile of who signs nothing": (
        "account/profile",
        a.OwnProfile(name="Paul Gendron", role=AccountRole.ADMINISTRATOR, language=Language.EN, signs=False),
    ),
    "account of a colleague": (
        "account/account",
        a.Account(login="mgagnon", sessions=(HERE, THERE), second_factor=True, has_profile=True),
    ),
}  # fmt: skip

CASES = {f"account: {name}": (Audience.NONE, *case) for name, case in SIGNED_OUT.items()} | {
    f"account: {name}": (Audience.PATIENT, *case) for name, case in SIGNED_IN.items()
} | {f"account: {name}": (Audience.STAFF, *case) for name, case in COLLEAGUE.items()}
