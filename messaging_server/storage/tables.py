"""The tables. Every row belongs to a clinic (REC-05); what is content is a sealed blob, what is clear says no illness.

Clear on purpose (DESIGN section 5): queue, priority, due time, state, sizes, times. Columns named `sealed_…` or
`content` hold ciphertext only; `…_fp` holds keyed fingerprints. People's rows are sealed under the directory key.
"""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from messaging_server.storage.types import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _only(where: str) -> dict[str, Any]:
    """An index over the few rows for which this holds, on both databases."""
    return {f"{dialect}_where": text(where) for dialect in ("sqlite", "postgresql")}


OVERRIDES: Final = _only("kind = 'override'")
EMERGENCIES: Final = _only("rank = 0")


def _id() -> Column[object]:
    return Column("id", Uuid, primary_key=True)


def _clinic() -> Column[object]:
    return Column("clinic_id", Uuid, ForeignKey("clinics.id"), nullable=False)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Uuid, ForeignKey(f"{target}.id"), nullable=nullable)


def _blob(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, LargeBinary, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def _number(name: str, *, nullable: bool = False, default: int | None = None) -> Column[object]:
    return Column(name, Integer, nullable=nullable, default=default)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Instant, nullable=nullable)


clinics = Table("clinics", metadata, _id(), Column("host", Text, nullable=False, unique=True), _at("created_at"))

policies = Table(
    "policies", metadata, _id(), _clinic(), _number("version"), _text("document"), _at("created_at"),
    UniqueConstraint("clinic_id", "version"),
)  # fmt: skip

# --- people -------------------------------------------------------------------------------------------------------
people = Table(
    "people", metadata, _id(), _clinic(), _text("kind"), _text("language"), _blob("sealed_name"),
    _blob("sealed_profile"), _at("created_at"),
)  # fmt: skip

person_words = Table(
    "person_words", metadata, Column("clinic_id", Uuid, ForeignKey("clinics.id"), primary_key=True),
    Column("word_fp", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), primary_key=True),
)  # fmt: skip

addresses = Table(
    "addresses", metadata, _id(), _clinic(), _ref("person_id", "people", nullable=True), _text("channel"),
    _blob("sealed_value"), _blob("value_fp"), Column("personal", Boolean, nullable=False), _text("state"),
    _at("verified_at", nullable=True), _blob("check_fp", nullable=True), _at("check_until", nullable=True),
    _number("check_tries", default=0),
    _at("created_at"), _at("changed_at"),
    Index(None, "clinic_id", "value_fp"), Index(None, "person_id"),
)  # fmt: skip

accounts = Table(
    "accounts", metadata, _id(), _clinic(), _ref("person_id", "people"), _text("role"), _blob("login_fp"),
    _text("state"), _blob("public_key"), _blob("salt"), _number("cost_operations"), _number("cost_memory"),
    _blob("verifier"), _blob("by_password"), _blob("by_recovery"), _blob("sealed_totp", nullable=True),
    _number("totp_step", nullable=True), _number("failures", default=0), _at("retry_at", nullable=True),
    _at("last_sign_in_at", nullable=True), _at("created_at"),
    UniqueConstraint("clinic_id", "login_fp"), Index(None, "person_id"), Index(None, "clinic_id", "role"),
)  # fmt: skip

web_sessions = Table(
    "web_sessions", metadata, Column("token_fp", LargeBinary, primary_key=True), _clinic(),
    _ref("account_id", "accounts"), _text("state"), _blob("sealed_key"), _text("language"),
    _at("created_at"), _at("seen_at"), _at("expires_at"),
    Index(None, "account_id"),
)  # fmt: skip

activations = Table(
    "activations", metadata, _id(), _clinic(), _ref("person_id", "people"), _text("role"), _blob("code_fp"),
    _blob("sealed_keys", nullable=True), _number("tries", default=0), _at("created_at"), _at("expires_at"),
    _at("used_at", nullable=True),
    UniqueConstraint("clinic_id", "code_fp"), Index(None, "person_id"), Index(None, "clinic_id", "role", "used_at"),
)  # fmt: skip

# --- keys -----------------------------------------------------------------------------------------------------------
shared_keys = Table(
    "shared_keys", metadata, _id(), _clinic(), Column("version", Integer, primary_key=True), _text("kind"),
    _text("name", nullable=True), _ref("record_id", "records", nullable=True), _blob("public_key"), _at("created_at"),
    _at("retired_at", nullable=True),
    Index(None, "clinic_id", "kind"), Index(None, "record_id"),
)  # fmt: skip

grants = Table(
    "grants", metadata, _clinic(), Column("key_id", Uuid, primary_key=True),
    Column("key_version", Integer, primary_key=True), Column("holder_id", Uuid, primary_key=True),
    Column("holder_version", Integer, primary_key=True), _blob("sealed_key"), _at("created_at"),
    Index(None, "holder_id"),
)  # fmt: skip

wraps = Table(
    "wraps", metadata, _clinic(), Column("content_key_id", Uuid, primary_key=True),
    Column("holder_id", Uuid, primary_key=True), Column("holder_version", Integer, primary_key=True),
    _blob("sealed_key"),
)  # fmt: skip

recovery_subsets = Table(
    "recovery_subsets", metadata, _clinic(), Column("key_id", Uuid, primary_key=True),
    Column("members", Text, primary_key=True), _blob("sealed_key"),
)  # fmt: skip

# --- the record -----------------------------------------------------------------------------------------------------
records = Table(
    "records", metadata, _id(), _clinic(), _text("kind"), _ref("person_id", "people", nullable=True),
    Column("shared_key_id", Uuid, nullable=False), Column("clinic_key_id", Uuid, nullable=False),
    _number("head_seq"), _blob("head_hash"), _at("created_at"), Column("own_words", Boolean, nullable=False),
    Index(None, "clinic_id", "kind"), UniqueConstraint("person_id"),
)  # fmt: skip

own_words = Table(
    "own_words", metadata, _id(), _clinic(), _ref("record_id", "records"), _blob("content"),
    Column("content_key_id", Uuid, nullable=False), _at("created_at"), Index(None, "record_id"),
)  # fmt: skip

threads = Table(
    "threads", metadata, _id(), _clinic(), _ref("record_id", "records"), _text("state"), _text("category"),
    _blob("subject"), Column("subject_key_id", Uuid, nullable=False),
    Column("private", Boolean, nullable=False), _at("created_at"), _at("last_at"), _text("last_by"),
    Column("unread", Boolean, nullable=False),
    Index(None, "record_id", "last_at"),
)  # fmt: skip

exchanges = Table(
    "exchanges", metadata, _id(), _clinic(), _ref("record_id", "records"), _ref("thread_id", "threads"),
    _text("direction"), _text("channel"), Column("automatic", Boolean, nullable=False),
    Column("author_id", Uuid, nullable=True), _text("author_role"), _text("state"), _blob("content"),
    Column("content_key_id", Uuid, nullable=False), _blob("staff_content", nullable=True),
    Column("staff_key_id", Uuid, nullable=True), _number("size"), _at("created_at"), _at("visible_at"),
    _at("opened_at", nullable=True), Column("in_reply_to", Uuid, nullable=True),
    Column("unmatched", Boolean, nullable=False),
    Index(None, "thread_id", "created_at"), Index(None, "record_id", "created_at"),
)  # fmt: skip

blobs = Table(
    "blobs", metadata, _id(), _clinic(), _ref("exchange_id", "exchanges"), _text("kind"), _number("number"),
    _blob("content"), Column("content_key_id", Uuid, nullable=False), _number("size"),
    Index(None, "exchange_id"),
)  # fmt: skip

entries = Table(
    "entries", metadata, _id(), _clinic(), _ref("record_id", "records"), _number("seq"), _text("kind"),
    Column("exchange_id", Uuid, nullable=True), _blob("body"), _blob("hash"), _number("leaf", nullable=True),
    _at("created_at"),
    UniqueConstraint("record_id", "seq"), Index(None, "clinic_id", "leaf"), Index(None, "record_id", "kind"),
    # Only the few exceptional sends: this costs nothing to every other entry (SEN-06).
    Index("ix_entries_overrides", "clinic_id", "created_at", **OVERRIDES),
)  # fmt: skip

checkpoints = Table(
    "checkpoints", metadata, _id(), _clinic(), _number("size"), _blob("root"), _blob("peaks"), _text("note"),
    _at("created_at"),
    UniqueConstraint("clinic_id", "size"),
)  # fmt: skip

# --- the work -------------------------------------------------------------------------------------------------------
tasks = Table(
    "tasks", metadata, _id(), _clinic(), _ref("record_id", "records"), _ref("thread_id", "threads"),
    _ref("exchange_id", "exchanges"), _text("kind"), _text("queue"), _text("priority"), _number("rank"),
    _text("status"), _ref("owner_id", "accounts", nullable=True), _at("claimed_at", nullable=True),
    _number("version"), _at("received_at"), _at("due_at"), _at("next_step_at", nullable=True), _number("steps"),
    _at("acknowledged_at", nullable=True), _at("closed_at", nullable=True), _text("disposition", nullable=True),
    Index(None, "clinic_id", "status", "queue", "rank", "due_at"), Index(None, "clinic_id", "status", "kind"),
    Index(None, "thread_id", "status"), Index(None, "status", "next_step_at"), Index(None, "record_id", "status"),
    Index(None, "clinic_id", "closed_at"),
    # Only emergencies, for the report on their alerts (MET-04).
    Index("ix_tasks_emergencies", "clinic_id", "closed_at", **EMERGENCIES),
)  # fmt: skip

task_events = Table(
    "task_events", metadata, _id(), _clinic(), _ref("task_id", "tasks"), _text("act"),
    Column("actor_id", Uuid, nullable=True), _text("before", nullable=True), _text("after", nullable=True),
    _at("at"), Index(None, "task_id", "at"),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata, _id(), _clinic(), _ref("record_id", "records"), _ref("exchange_id", "exchanges"),
    _ref("address_id", "addresses", nullable=True), _text("channel"), Column("automatic", Boolean, nullable=False),
    _text("state"), _blob("content"), Column("content_key_id", Uuid, nullable=False), _blob("payload", nullable=True),
    _blob("token_fp", nullable=True), _number("attempts"), _at("created_at"), _at("next_at"),
    _at("lease_until", nullable=True), Column("lease_id", Uuid, nullable=True), _text("provider_id", nullable=True),
    _text("last_code", nullable=True), _at("done_at", nullable=True),
    Index(None, "state", "next_at"), Index(None, "address_id", "created_at"), Index(None, "exchange_id"),
    Index(None, "clinic_id", "token_fp"), Index(None, "clinic_id", "provider_id"),
)  # fmt: skip

consent_texts = Table(
    "consent_texts", metadata, _id(), _clinic(), _number("version"),
    Column("policy_version", Integer, nullable=False), _text("document"), _blob("hash"), _at("published_at"),
    UniqueConstraint("clinic_id", "version"),
)  # fmt: skip

consents = Table(
    "consents", metadata, _id(), _clinic(), _ref("person_id", "people"), _text("act"), _text("method"),
    _text("scope"), _text("channels"), _number("text_version"), _blob("text_hash"), _text("language"),
    Column("obtained_by", Uuid, nullable=False), _text("addresses"), _at("at"), _at("expires_at", nullable=True),
    _blob("sealed_note", nullable=True), Column("note_key_id", Uuid, nullable=True),
    Column("has_note", Boolean, nullable=False), Column("has_evidence", Boolean, nullable=False),
    Index(None, "person_id", "at"),
)  # fmt: skip

seen = Table(
    "seen", metadata, Column("clinic_id", Uuid, primary_key=True), Column("message_fp", LargeBinary, primary_key=True),
    Column("exchange_id", Uuid, nullable=False), _at("at"), Index(None, "at"),
)  # fmt: skip

audit = Table(
    "audit", metadata, _id(), _clinic(), _at("at"), Column("actor_id", Uuid, nullable=True), _text("action"),
    Column("object_id", Uuid, nullable=True), _text("result"), Index(None, "clinic_id", "at"),
)  # fmt: skip

early_reports = Table(
    "early_reports", metadata, Column("clinic_id", Uuid, primary_key=True),
    Column("provider_id", Text, primary_key=True), Column("word", Text, primary_key=True), _at("at"),
)  # fmt: skip

channel_pauses = Table(
    "channel_pauses", metadata, Column("clinic_id", Uuid, ForeignKey("clinics.id"), primary_key=True),
    Column("channel", Text, primary_key=True), _at("starts_at"), _at("ends_at", nullable=True), _at("created_at"),
)  # fmt: skip

prepared_texts = Table(
    "prepared_texts", metadata, _id(), _clinic(), _text("key"), _number("version"), _text("document", nullable=True),
    _ref("author_id", "accounts"), _at("created_at"), UniqueConstraint("clinic_id", "key", "version"),
)  # fmt: skip

screening_counts = Table(
    "screening_counts", metadata, _id(), _clinic(), _text("month"), _blob("cell_fp"), _blob("sealed_cell"),
    _number("total"), UniqueConstraint("clinic_id", "month", "cell_fp"),
)  # fmt: skip

leases = Table(
    "leases", metadata, Column("name", Text, primary_key=True), Column("holder", Uuid, nullable=False), _at("until"),
)  # fmt: skip
