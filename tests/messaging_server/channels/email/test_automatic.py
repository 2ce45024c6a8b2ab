"""Which mail a machine wrote, and what a delivery report says."""

import pytest

from messaging_server.channels.email import automatic, parse
from messaging_server.message import Automatic


def mail(*headers: str, author: str = "zoe@exemple.ca", body: bytes = b"bonjour") -> parse.ParsedMail:
    head = "".join(f"{line}\r\n" for line in (f"From: {author}", *headers))
    return parse.read_mail(head.encode() + b"\r\n" + body)


MACHINES = [
    ("Auto-Submitted: auto-replied", Automatic.AUTO_REPLY),
    ("Auto-Submitted: auto-generated (vacation)", Automatic.AUTO_REPLY),
    ('Auto-Submitted: auto-notified; owner-email="a@b.ca"', Automatic.AUTO_REPLY),
    ("X-Auto-Response-Suppress: All", Automatic.AUTO_REPLY),
    ("X-Auto-Response-Suppress: DR, OOF, AutoReply", Automatic.AUTO_REPLY),
    ("X-Autoreply: yes", Automatic.AUTO_REPLY),
    ("Precedence: auto_reply", Automatic.AUTO_REPLY),
    ("Precedence: bulk", Automatic.LIST),
    ("Precedence: Junk", Automatic.LIST),
    ("Precedence: list", Automatic.LIST),
    ("List-Id: <amis.exemple.ca>", Automatic.LIST),
    ("List-Unsubscribe: <https://x.example/>", Automatic.LIST),
    ("X-Failed-Recipients: z@x.ca", Automatic.BOUNCE),
    ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Automatic.BOUNCE),
    ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", Automatic.REPORT),
    ("Content-Type: multipart/report; report-type=feedback-report; boundary=b", Automatic.REPORT),
]


@pytest.mark.parametrize(("header", "kind"), MACHINES)
def test_each_sign_of_a_machine_is_enough(header: str, kind: Automatic) -> None:
    """Every reason of RFC 3834 section 2 and of MS-OXCMAIL alone keeps us from answering [ACK-11, EIN-18]."""
    assert automatic.kind(mail(header, body=b"--b\r\n\r\nx\r\n--b--")) is kind


@pytest.mark.parametrize(
    ("author", "null_sender", "kind"),
    [
        ("MAILER-DAEMON@mx.example", True, Automatic.BOUNCE),
        ("postmaster@mx.example", False, Automatic.AUTO_REPLY),
        ("no-reply@boutique.example", False, Automatic.AUTO_REPLY),
        ("zoe@exemple.ca", True, Automatic.AUTO_REPLY),
        ("clinique@sante.example", False, Automatic.AUTO_REPLY),
        ("zoe@exemple.ca", False, None),
    ],
)
def test_some_senders_are_machines_by_their_address(author: str, null_sender: bool, kind: Automatic | None) -> None:
    """Daemons, no-reply, the null sender and our own domain are not answered; a person is [ACK-11, ACK-14]."""
    got = automatic.kind(mail(author=author), null_sender=null_sender, own_domains=frozenset({"sante.example"}))
    assert got is kind


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Auto-Submitted: No (vraiment)", "Precedence: first-class", "X-Mailer: listes"]
)
def test_a_person_is_answered(header: str) -> None:
    """Headers that people's programs write as well are no reason for silence [ACK-11]."""
    assert automatic.kind(mail(header)) is None


RETURNED = b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <a@b>\r\n\r\nx"


def report(*fields: str, last: bytes = RETURNED) -> parse.ParsedMail:
    status = "\r\n".join(fields).encode()
    body = (
        b"--b\r\n\r\nnon remis\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n"
        b"Original-Envelope-Id: jeton-42\r\n\r\n" + status + b"\r\n\r\n--b\r\n" + last + b"\r\n--b--"
    )
    return mail("Content-Type: multipart/report; report-type=delivery-status; boundary=b", body=body)


@pytest.mark.parametrize(
    ("fields", "action", "status", "permanent"),
    [
        (("Final-Recipient: rfc822; z@x.ca", "Action: failed", "Status: 5.1.1"), "failed", "5.1.1", True),
        (("Action: failed", "Status: 4.4.7"), "failed", "4.4.7", True),
        (("Action: delayed", "Status: 4.4.1 (attente)"), "delayed", "4.4.1", False),
        (("Action: delivered", "Status: 2.0.0"), "delivered", "2.0.0", False),
        (("Status: 5.2.2",), "", "5.2.2", True),
        (("Action: delivered", "Status: 2.0.0", "", "Action: failed", "Status: 5.1.1"), "failed", "5.1.1", True),
    ],
)
def test_a_delivery_report_is_read(fields: tuple[str, ...], action: str, status: str, permanent: bool) -> None:
    """Action, status and our own token are read; the worst of several counts [EIN-18, EOU-14]."""
    got = automatic.delivery_report(report(*fields))
    assert got is not None
    assert (got.action, got.status, got.permanent) == (action, status, permanent)
    assert (got.envelope_id, got.original_message_id) == ("jeton-42", "<a@b>")


def test_returned_headers_alone_still_name_our_mail() -> None:
    """A report that gives back the headers only is tied to the mail by its Message-ID [EIN-18]."""
    got = automatic.delivery_report(
        report("Action: failed", last=b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <c@d>\r\nSubject: x\r\n")
    )
    assert got is not None
    assert got.original_message_id == "<c@d>"


def test_an_old_bounce_without_fields_is_final() -> None:
    """A report that no program can read counts as a failure, so that a human looks at it [EIN-18]."""
    got = automatic.delivery_report(mail("X-Failed-Recipients: z@x.ca"))
    assert got is not None
    assert got.permanent


def test_a_letter_is_no_report() -> None:
    """A person's mail that speaks of a failed delivery is not a report [EIN-18]."""
    assert automatic.delivery_report(mail(body=b"Action: failed\r\nStatus: 5.1.1")) is None
