"""`explain`: the dry run that others measure us by."""

import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from messaging_server import cli
from messaging_server.app.clinics import builtin_policy
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker.case import Disposition
from messaging_server.broker.notices import Notice
from messaging_server.channels.email.parse import MAIL_BYTES
from messaging_server.cli import explaining
from messaging_server.cli.explain_schema import schema
from tests.messaging_server.cli.schema_check import faults
from triage.model import QueueName, Topic
from triage.policy import to_document
from triage.rules import Ruleset

TUESDAY = "2026-11-24T10:00:00-05:00"
TRUSTED = "relais.clinique.test"
PASS = f"{TRUSTED}; dmarc=pass header.from=exemple.test; spf=pass smtp.mailfrom=exemple.test"
SCHEMA = schema()
CLINIC = explaining.dry_clinic(builtin_policy())


def run(*arguments: str, given: bytes = b"") -> tuple[Result, list[dict[str, Any]]]:
    """What the command printed; every line of it must agree with the published schema."""
    result = CliRunner().invoke(cli.app, ["explain", *arguments], input=given)
    lines = [json.loads(line) for line in result.stdout_bytes.decode().split("\n") if line]
    for line in lines:
        assert faults(line, SCHEMA, SCHEMA) == []
    return result, lines


def mail(text: str, *headers: str, proof: str | None = PASS, subject: str = "Question", crlf: bool = True) -> bytes:
    """A mail of an invented patient."""
    head = [
        "From: Rose Lavigne <rose@exemple.test>", "To: messages@clinique.test", f"Subject: {subject}",
        "Content-Type: text/plain; charset=utf-8", *headers,
    ]  # fmt: skip
    if proof:
        head.insert(0, f"Authentication-Results: {proof}")
    return ("\r\n" if crlf else "\n").join([*head, "", *text.split("\n"), ""]).encode()


@pytest.fixture
def trusting(tmp_path: Path) -> str:
    """A policy file of a clinic whose relay checks who writes."""
    own = {"trusted_authserv_id": TRUSTED, "domain": "clinique.test", "addresses": ["messages@clinique.test"]}
    path = tmp_path / "policy.toml"
    path.write_bytes(tomli_w.dumps(to_document(builtin_policy()) | {"mail": own}).encode())
    return str(path)


def explained(tmp_path: Path, raw: bytes, *arguments: str) -> dict[str, Any]:
    """What is said of one mail at ten o'clock on a Tuesday."""
    path = tmp_path / "one.eml"
    path.write_bytes(raw)
    result, lines = run(str(path), "--at", TUESDAY, *arguments)
    assert result.exit_code == 0
    (line,) = lines
    return line


def test_a_routine_mail_of_an_authenticated_author_is_accepted_and_acknowledged(tmp_path: Path, trusting: str) -> None:
    """It goes to its own queue, with that queue's deadline in clinic time [TRI-02, TRI-03, ACK-01]."""
    said = explained(tmp_path, mail("J’aimerais renouveler mon ordonnance de metformine."), "--policy", trusting)
    assert said["authentication"] == {"spf": "pass", "dkim": "none", "dmarc": "pass", "source": "header"}
    assert (said["disposition"], said["notice"], said["queue"]) == ("accepted", "acknowledgement", "renewals")
    assert said["due"] == "2026-11-26T17:00:00-05:00"
    assert said["from"] == "rose@exemple.test"


def test_an_emergency_is_answered_by_the_emergency_text_and_due_at_once(tmp_path: Path, trusting: str) -> None:
    """A red flag comes before everything else [ACK-07, TRI-09]."""
    said = explained(tmp_path, mail("Je veux mourir ce soir."), "--policy", trusting)
    assert (said["priority"], said["queue"], said["notice"]) == ("stat", "clinical", "emergency")
    assert said["due"] == TUESDAY


@pytest.mark.parametrize("proof", [None, PASS.replace("pass", "fail"), PASS.replace(TRUSTED, "ailleurs.test")])
def test_a_mail_that_nobody_vouches_for_is_held_and_never_answered(
    tmp_path: Path, trusting: str, proof: str | None
) -> None:
    """Held mail is for staff the same day, its emergency seen, and no notice leaves [EIN-08, CON-03]."""
    said = explained(tmp_path, mail("Je veux mourir ce soir.", proof=proof), "--policy", trusting)
    assert (said["disposition"], said["notice"], said["priority"]) == ("held", None, "stat")
    calm = explained(tmp_path, mail("Quand puis-je venir?", proof=proof), "--policy", trusting)
    assert calm["due"] == "2026-11-24T17:00:00-05:00"


def test_the_built_in_policy_trusts_nobody_who_claims_to_have_checked(tmp_path: Path) -> None:
    """Without a relay that the policy names, a header is only somebody's word [EIN-08]."""
    said = explained(tmp_path, mail("Bonjour"))
    assert said["authentication"] == {"spf": "none", "dkim": "none", "dmarc": "none", "source": "none"}
    assert said["disposition"] == "held"


@pytest.mark.parametrize(
    ("header", "kind", "disposition"),
    [
        ("Auto-Submitted: auto-replied", "auto-reply", "set_aside"),
        ("List-Id: <nouvelles.exemple.test>", "list", "accepted"),
        ("X-Failed-Recipients: a@b.test", "bounce", "set_aside"),
        ("Return-Path: <>", "auto-reply", "set_aside"),
    ],
)
def test_what_a_machine_wrote_is_named_and_never_answered(
    tmp_path: Path, trusting: str, header: str, kind: str, disposition: str
) -> None:
    """Machines get no answer and, list mail apart, are nobody's work [ACK-11, EIN-18]."""
    said = explained(tmp_path, mail("Je suis absente.", header), "--policy", trusting)
    assert (said["automatic"], said["disposition"], said["notice"]) == (kind, disposition, None)
    assert (said["due"] is None) == (disposition == "set_aside")


def test_a_report_about_a_delivery_of_ours_is_told_from_other_bounces(tmp_path: Path, trusting: str) -> None:
    """What comes back to a bounce address of ours speaks of one delivery [EIN-18]."""
    raw = mail("Undeliverable", "X-Failed-Recipients: a@b.test").replace(b"To: messages@", b"To: bounce+jeton@")
    said = explained(tmp_path, raw, "--policy", trusting)
    assert (said["disposition"], said["due"]) == ("report", None)


def test_quoted_words_stand_apart_from_new_ones_and_keep_their_places(tmp_path: Path) -> None:
    """Every reason's span counts code points of the very text that is printed [EIN-17, SEN-10]."""
    heading = "Le 24 nov. 2026, 10 h 00, Clinique <messages@clinique.test> a écrit :"
    text = f"Merci 😀 pour mon cancer.\n\n{heading}\n> suicide"
    said = explained(tmp_path, mail(text))
    assert said["new_text"] == "Merci 😀 pour mon cancer."
    assert "suicide" in said["quoted_text"]
    assert {reason["part"] for reason in said["reasons"]} >= {"new_text", "quoted_text"}
    for reason in said["reasons"]:
        assert said[reason["part"]][reason["start"] : reason["end"]] == reason["words"]


def test_attachments_are_listed_with_what_they_hold_and_screened(tmp_path: Path) -> None:
    """A file is typed by its content and known by its digest; its words are read too [EIN-14, SEN-10]."""
    body = (
        '--b\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--b\r\nContent-Type: application/pdf; name="note.txt"\r\n'
        "Content-Disposition: attachment\r\n\r\nI want to kill myself tonight\r\n--b--"
    )
    raw = mail(body.replace("\r\n", "\n")).replace(b"text/plain; charset=utf-8", b"multipart/mixed; boundary=b", 1)
    said = explained(tmp_path, raw)
    content = b"I want to kill myself tonight"
    assert said["attachments"] == [{
        "filename": "note.txt", "type": "text/plain", "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }]  # fmt: skip
    assert said["priority"] == "stat"
    assert {reason["part"] for reason in said["reasons"]} == {"attachment:0"}


def test_a_file_with_bare_line_feeds_is_read_like_the_wire(tmp_path: Path, trusting: str) -> None:
    """Files on disk often lost their carriage returns; the answer is the same [EIN-03]."""
    text = "Bonjour,\n\nun cancer?"
    one = explained(tmp_path, mail(text), "--policy", trusting)
    assert one == explained(tmp_path, mail(text, crlf=False), "--policy", trusting)


def test_order_is_kept_and_one_bad_file_stops_no_other(tmp_path: Path) -> None:
    """What cannot be read is named where it stood, the rest is answered, and the end says 1 [EIN-16]."""
    good, nul, empty, large = (tmp_path / name for name in ("a.eml", "b.eml", "c.eml", "d.eml"))
    good.write_bytes(mail("Bonjour"))
    nul.write_bytes(b"\x00\r\n")
    empty.write_bytes(b"")
    large.write_bytes(b"x" * (MAIL_BYTES + 1))
    names = [str(one) for one in (nul, good, tmp_path / "none.eml", empty, tmp_path, large, good)]
    result, lines = run(*names)
    assert result.exit_code == 1
    assert [line["file"] for line in lines] == names
    assert [line.get("error") for line in lines] == [
        "bare_control", None, "no such file or directory", "empty", "is a directory", "too_large", None,
    ]  # fmt: skip


def test_lines_of_json_are_screened_in_order(tmp_path: Path) -> None:
    """Each line keeps its id, whatever stands around it; from a file as from standard input [SEN-01, SEN-03]."""
    lines = b"".join([
        b'\xef\xbb\xbf{"id":"a","text":"J\'ai un cancer","direction":"inbound","lang":"fr"}\n',
        b"\n",
        b'{"id":2,"text":"I want to kill myself","direction":"inbound","lang":null}\r\n',
        '{"id":"c","text":"Bonjour, à quelle heure ouvrez-vous?","direction":"inbound","lang":"fr"}'.encode(),
    ])
    result, said = run("--jsonl", "-", given=lines)
    path = tmp_path / "lines.jsonl"
    path.write_bytes(lines)
    assert result.exit_code == 0
    assert run("--jsonl", str(path))[1] == said
    assert [line["id"] for line in said] == ["a", 2, "c"]
    assert said[0]["topics"] == ["oncology"]
    assert said[1]["priority"] == "stat"


def test_an_outbound_line_is_screened_as_the_clinic_s_own_words() -> None:
    """A direction to emergency care is no emergency when the clinic writes it [SEN-07]."""
    text = "If you want to kill yourself, call 911."
    given_lines = "".join(json.dumps({"id": one, "text": text, "direction": one}) + "\n" for one in ("outbound",))
    _, said = run("--jsonl", "-", given=given_lines.encode())
    assert said[0]["priority"] == "routine"


@pytest.mark.parametrize(
    ("line", "name", "error"),
    [
        (b"{", None, "line 1: not JSON in UTF-8"),
        (b'{"id":"\xff"}', None, "line 1: not JSON in UTF-8"),
        (b"[" * 100_000, None, "line 1: not JSON in UTF-8"),
        (b"[1]", None, "line 1: not an object"),
        (b'{"text":"x"}', None, "line 1: id must be a text or a whole number"),
        (b'{"id":NaN,"text":"x"}', None, "line 1: id must be a text or a whole number"),
        (b'{"id":true,"text":"x"}', None, "line 1: id must be a text or a whole number"),
        (b'{"id":7}', 7, "line 1: text must be a text"),
        (b'{"id":7,"text":"x","direction":"up"}', 7, "line 1: direction must be inbound or outbound"),
        (b'{"id":7,"text":"x","direction":["up"]}', 7, "line 1: direction must be inbound or outbound"),
        (b'{"id":7,"text":"x","lang":"es"}', 7, "line 1: lang must be fr, en or null"),
        (b'{"id":7,"text":"x","lang":{}}', 7, "line 1: lang must be fr, en or null"),
    ],
)
def test_a_line_that_cannot_be_used_is_answered_with_what_is_wrong(line: bytes, name: object, error: str) -> None:
    """The other lines are answered all the same, and the end says 1 [EIN-16]."""
    result, said = run("--jsonl", "-", given=line + b'\n{"id":8,"text":"Bonjour"}\n')
    assert result.exit_code == 1
    assert said[0] == {"id": name, "error": error}
    assert said[1]["id"] == 8


def test_a_stream_that_is_not_there_is_an_error_of_its_own() -> None:
    """Its name is in the answer [EIN-16]."""
    result, said = run("--jsonl", "/nowhere/lines.jsonl")
    assert (result.exit_code, said) == (1, [{"file": "/nowhere/lines.jsonl", "error": "no such file or directory"}])


def test_thousands_of_lines_load_the_rules_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream is read in one process, rules compiled once, answers in order [SEN-13]."""
    loads: list[Ruleset] = []

    def load() -> Ruleset:
        loads.append(builtin_rules())
        return loads[-1]

    monkeypatch.setattr(explaining, "builtin_rules", load)
    given_lines = b"".join(b'{"id":%d,"text":"Bonjour"}\n' % number for number in range(3000))
    _, said = run("--jsonl", "-", given=given_lines)
    assert [line["id"] for line in said] == list(range(3000))
    assert len(loads) == 1


def test_nothing_is_asked_of_the_network(tmp_path: Path, trusting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No DNS, no clinic, no database: a socket would be refused [EIN-08]."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert explained(tmp_path, mail("Bonjour"), "--policy", trusting)["disposition"] == "accepted"


def test_a_moment_without_offset_is_on_the_clinic_s_wall(tmp_path: Path) -> None:
    """In Montréal, ten in the morning of November is 10:00-05:00 [TRI-03]."""
    path = tmp_path / "one.eml"
    path.write_bytes(mail("Je veux mourir"))
    assert run(str(path), "--at", "2026-11-24T10:00")[1][0]["due"] == TUESDAY
    assert run(str(path), "--at", "2026-07-24T14:00:00Z")[1][0]["due"] == "2026-07-24T10:00:00-04:00"


@pytest.mark.parametrize(
    "arguments",
    [(), ("x.eml", "--at", "hier"), ("x.eml", "--policy", "/nowhere.toml"), ("x.eml", "--policy", __file__)],
)
def test_a_command_that_makes_no_sense_ends_with_2_and_prints_no_line(arguments: tuple[str, ...]) -> None:
    """A wrong policy or moment is the command's fault, not an input's [EIN-16]."""
    result, lines = run(*arguments)
    assert (result.exit_code, lines) == (2, [])


def test_the_schema_names_every_queue_notice_disposition_and_topic() -> None:
    """Whoever measures us from outside can know every word in advance [SEN-01]."""
    result = CliRunner().invoke(cli.app, ["explain", "--schema"])
    printed = json.loads(result.stdout)
    for name, words in {"queue": QueueName, "notice": Notice, "disposition": Disposition, "topic": Topic}.items():
        assert printed["$defs"][name]["enum"] == list(words)


def test_the_schema_refuses_what_is_not_in_it() -> None:
    """A check that lets everything pass proves nothing: unknown names and missing fields are found [SEN-01]."""
    good = explaining.of_line(b'{"id":1,"text":"cancer"}', 1, CLINIC)
    assert faults(good, SCHEMA, SCHEMA) == []
    for wrong in ({**good, "queue": "oncology"}, {**good, "more": 1}, {k: v for k, v in good.items() if k != "topics"}):
        assert faults(wrong, SCHEMA, SCHEMA)


@given(st.text(max_size=200))
def test_any_text_gives_one_line_whose_spans_are_its_own_words(text: str) -> None:
    """Whatever is written, one line comes out, readable everywhere, with true places [SEN-13]."""
    line = json.dumps({"id": 1, "text": text + " j'ai un cancer"}).encode()
    printed = explaining.as_line(explaining.of_line(line, 1, CLINIC)).decode()
    assert len(printed.splitlines()) == 1
    for reason in json.loads(printed)["reasons"]:
        assert (text + " j'ai un cancer")[reason["start"] : reason["end"]] == reason["words"]


@given(st.binary(max_size=400))
def test_any_bytes_give_one_answer_in_the_form_of_the_schema(raw: bytes) -> None:
    """No line of input, however damaged, ends the stream [EIN-16]."""
    answer = json.loads(explaining.as_line(explaining.of_line(raw, 1, CLINIC)))
    assert faults(answer, SCHEMA, SCHEMA) == []
