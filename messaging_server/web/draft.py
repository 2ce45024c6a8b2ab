"""What the composer's form carries; whatever stops a reply, its words are given back whole (ACC-03)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from consent.model import Category
from messaging_server.broker.reviewing import Reply
from messaging_server.message import Attachment
from messaging_server.web.fields import new_form_id, word_of
from messaging_server.web.views.frame import ErrorCode, FieldError
from messaging_server.web.views.item import Answer, Question

LENGTHS: Final[Mapping[str, int]] = {
    "subject": 300, "greeting": 200, "body": 20_000, "closing": 200, "override_reason": 2_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a clinician has written so far."""

    form_id: str
    subject: str = field(default="", repr=False)
    greeting: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    closing: str = field(default="", repr=False)
    category: Category | None = None
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    override_reason: str = field(default="", repr=False)
    overriding: bool = False
    """The exceptional way was chosen, not only written about (SEN-06)."""
    other_language: bool = False
    """The patient also reads the language of the text: said by its author, once asked (ETQ-12)."""
    model: str = ""
    """The prepared text that was chosen last (ETQ-11)."""
    inserted: bool = False
    """Its words were just put in: the writing goes on in the body."""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self:
        """The draft that a form carries; nothing is cut, what is too long is named by `faults`."""
        category = word_of(form, "category")
        answers = {one: Answer(form[one]) for one in Question if form.get(one) in set(Answer)}
        return cls(
            form_id=word_of(form, "form_id") or new_form_id(), subject=form.get("subject", ""),
            greeting=form.get("greeting", ""), body=form.get("body", ""), closing=form.get("closing", ""),
            category=Category(category) if category in set(Category) else None, answers=answers,
            override_reason=form.get("override_reason", ""), overriding=form.get("overriding") == "yes",
            other_language=form.get("other_language") == "yes", model=word_of(form, "model"),
        )  # fmt: skip

    @property
    def text(self) -> str:
        """The whole text, without the signature."""
        return "\n\n".join(part for part in (self.greeting, self.body, self.closing) if part)

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """Everything that the second look carries, under the names of the composer's fields."""
        return (
            ("subject", self.subject), ("greeting", self.greeting), ("body", self.body), ("closing", self.closing),
            ("category", self.category or ""), ("override_reason", self.override_reason),
            ("overriding", "yes" if self.overriding else ""), ("other_language", "yes" if self.other_language else ""),
            *((question.value, answer.value) for question, answer in self.answers.items()),
        )  # fmt: skip

    def faults(self) -> tuple[FieldError, ...]:
        """What is wrong before anything is judged."""
        found = [
            FieldError(field=name, code=ErrorCode.TOO_LONG)
            for name, most in LENGTHS.items()
            if len(getattr(self, name)) > most
        ]
        if not self.body:
            found.append(FieldError(field="body", code=ErrorCode.REQUIRED))
        if self.category is None:
            found.append(FieldError(field="category", code=ErrorCode.CATEGORY_NEEDED))
        if self.overriding and not self.override_reason:
            found.append(FieldError(field="override_reason", code=ErrorCode.REASON_NEEDED))
        return tuple(found)

    def reply(
        self, task: UUID, version: int, files: tuple[Attachment, ...] = (), *, checked: bool = False
    ) -> Reply:
        """What the broker is asked to judge or to send."""
        return Reply(
            task=task, version=version, subject=self.subject, text=self.text,
            category=self.category or Category.GENERAL_ADVICE,
            questions={question.value: answer is Answer.YES for question, answer in self.answers.items()},
            override=self.override_reason if self.overriding else "", other_language=self.other_language,
            attachments=files, files_checked=checked,
        )  # fmt: skip
