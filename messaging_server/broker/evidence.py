"""The scan of a signed form, kept beside the act of consent that it proves (CON-08, CON-15).

It lies in the record like any file: sealed to the record's clinical teams with its name, attested in the ledger, and
opened by `record.reading` alone, which writes the opening down. The patient's inbox does not show it.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from consent.model import Channel
from keys.envelope import Committed
from messaging_server.broker.clinic import Clinic
from messaging_server.broker.filing import Filing
from messaging_server.broker.sealing import Audience, audience
from messaging_server.broker.withdrawal import Whose
from messaging_server.message import Attachment, new_id
from messaging_server.record.content import Content, FileNote, Judgement
from messaging_server.record.entry import EntryKind, Fact, files_digest
from messaging_server.record.reading import Reader
from messaging_server.storage import threads

KINDS: Final = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""What a scanner makes, told by content."""
CATEGORY: Final = "consent"


def filed(
    clinic: Clinic, who: Reader, known: Whose, consent: UUID, scan: Attachment, now: datetime
) -> tuple[Filing, str]:
    """The scan, sealed and ready to be filed, and the digest by which the act of consent names it.

    It is an exchange under the act's own id, so that whoever sees the act finds its evidence.
    """
    staff = audience(clinic.id, [known.holders[known.record.clinic_key_id]], now)
    thread = _thread(clinic, known, staff, now)
    note = FileNote(filename=scan.filename, media_type=scan.media_type, size=len(scan.content))
    content = staff.seal_content(consent, Content(subject="", text="", files=(note,)))
    blob = threads.BlobRow(
        id=new_id(now), clinic_id=clinic.id, exchange_id=consent, kind="attachment", number=0,
        content=staff.seal(consent, "blob:0", scan.content).sealed, content_key_id=staff.key.id,
        size=len(scan.content),
    )  # fmt: skip
    digest = files_digest([blob.content.digest])
    row = _exchange(clinic, who, thread, consent, (staff, content), now)
    fact = Fact(
        kind=EntryKind.NOTE, at=now, exchange=consent, parties={"account": who.account},
        ciphertext=content.sealed.digest, commitment=content.commitment,
        details={"files": digest, "consent": str(consent)},
    )  # fmt: skip
    filing = Filing(
        clinic=clinic.id, record=known.record.id, now=now, sealed_to=staff.holders, wraps=staff.wraps,
        new_thread=thread, exchanges=(row,), blobs=(blob,), facts=(fact,),
    )  # fmt: skip
    return filing, digest


def _exchange(
    clinic: Clinic, who: Reader, thread: threads.ThreadRow, consent: UUID, sealed: tuple[Audience, Committed],
    now: datetime,
) -> threads.ExchangeRow:  # fmt: skip
    staff, content = sealed
    return threads.ExchangeRow(
        id=consent, clinic_id=clinic.id, record_id=thread.record_id, thread_id=thread.id, direction=threads.Way.NOTE,
        channel=Channel.WEB, automatic=False, author_id=who.account, author_role=threads.Role.STAFF,
        state=threads.ExchangeState.FILED, content=content.sealed, content_key_id=staff.key.id,
        staff_content=staff.seal_judgement(consent, Judgement()).sealed, staff_key_id=staff.key.id, size=0,
        created_at=now, visible_at=now,
    )  # fmt: skip


def _thread(clinic: Clinic, known: Whose, staff: Audience, now: datetime) -> threads.ThreadRow:
    thread = new_id(now)
    return threads.ThreadRow(
        id=thread, clinic_id=clinic.id, record_id=known.record.id, state="closed", category=CATEGORY,
        subject=staff.seal_subject(thread, "").sealed, subject_key_id=staff.key.id, created_at=now, last_at=now,
        last_by=threads.Role.STAFF,
    )  # fmt: skip
