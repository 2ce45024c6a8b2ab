"""The senders that the outbox runner is given: one plain function for each channel."""

from messaging_server.app.clinics import mail_domain
from messaging_server.channels.email import compose
from messaging_server.channels.email import send as email
from messaging_server.channels.sms import send as sms
from messaging_server.clock import Clock
from messaging_server.errors import UnavailableError
from messaging_server.logs import log
from messaging_server.runners.outbox import Attempt, Outcome, Outgoing, Sender
from messaging_server.settings import Settings, secret


def email_sender(settings: Settings, clock: Clock) -> Sender:
    """Mail through the relay, one recipient each, the same Message-ID at every attempt (EOU-05, EOU-13)."""
    relay = email.Relay(
        host=settings.relay.host, port=settings.relay.port, tls=settings.relay.tls, username=settings.relay.username,
        password=secret(settings.relay.password_file) or None, timeout=settings.relay.timeout,
        ca_file=str(settings.relay.ca_file) if settings.relay.ca_file else None,
    )  # fmt: skip

    async def send(out: Outgoing) -> Attempt:
        token, domain = out.payload.token, mail_domain(out.clinic, settings)
        bounce = f"bounce+{token}@{domain}"
        mail = compose.OutgoingMail(
            to=out.to, from_name=out.clinic.policy.names[out.payload.language],
            from_address=f"{settings.smtp.mailbox}@{domain}", envelope_from=bounce,
            reply_to=f"reply+{token}@{domain}", subject=out.payload.subject, text=out.payload.body,
            message_id=f"<{out.delivery}@{domain}>", in_reply_to=out.payload.in_reply_to, automatic=True,
            language=out.payload.language.locale.replace("_", "-"),
        )  # fmt: skip
        try:
            data = compose.build(mail, clock())
        except compose.HeaderInjectionError as error:
            log.error("mail_not_built", delivery=str(out.delivery), code=error.header)
            return Attempt(outcome=Outcome.PERMANENT, code="header:" + error.header)
        sent = await email.send(data, bounce, out.to, relay, envelope_id=token)
        return Attempt(outcome=Outcome(sent.outcome.value), code=sent.code, provider_id=sent.provider_id)

    return send


def sms_account(settings: Settings) -> sms.SmsAccount:
    """The provider's account, with its secrets from their files."""
    return sms.SmsAccount(
        account_sid=settings.sms.account_sid, auth_token=secret(settings.sms.auth_token_file),
        number=settings.sms.number, base_url=settings.sms.base_url,
        status_callback=settings.web.public_url.rstrip("/") + "/sms/status", timeout=settings.sms.timeout,
    )  # fmt: skip


_OUTCOMES = {
    sms.Outcome.DELIVERED_TO_PROVIDER: Outcome.DELIVERED,
    sms.Outcome.TEMPORARY: Outcome.TEMPORARY,
    sms.Outcome.PERMANENT: Outcome.PERMANENT,
    sms.Outcome.OPTED_OUT: Outcome.OPTED_OUT,
}


def sms_sender(settings: Settings) -> Sender:
    """Texts through the provider; before a repeat it is asked whether the first attempt went through (DESIGN 7)."""
    account = sms_account(settings)

    async def send(out: Outgoing) -> Attempt:
        if out.attempt:
            try:
                known = await sms.find_sent(out.to, out.created_at, out.payload.body, account)
            except UnavailableError:
                return Attempt(outcome=Outcome.TEMPORARY, code="provider_unavailable")
            if known:
                return Attempt(outcome=Outcome.DELIVERED, code="found", provider_id=known)
        sent = await sms.send(out.to, out.payload.body, account)
        return Attempt(outcome=_OUTCOMES[sent.outcome], code=_code(sent), provider_id=sent.provider_id)

    return send


def _code(sent: sms.Sent) -> str:
    if sent.fault is not None:
        return sent.fault.value
    return str(sent.code or sent.outcome.value)


async def no_sender(_out: Outgoing) -> Attempt:
    """Where a channel is not set up: the delivery waits, and the board shows the outage (TRI-22)."""
    return Attempt(outcome=Outcome.TEMPORARY, code="channel_off")
