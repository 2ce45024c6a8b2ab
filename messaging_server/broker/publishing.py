"""Publishing the clinic's consent text: rendered from the policy in force, refused while a block is missing (CON-05).

A policy that changes what the text says makes a new version; published versions never change (CON-07).
"""

import json
from datetime import datetime

from consent.model import Channel
from consent.texts import Block, ConsentText, Problem, content_hash, problems
from messaging_server.broker import agreement, saying
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.errors import InvalidError
from messaging_server.message import new_id
from messaging_server.storage import consents
from messaging_server.storage.database import Connection
from messaging_server.texts import Language


def render(means: Means, clinic: Clinic, version: int) -> ConsentText:
    """The consent text as the policy in force makes it, in both languages."""
    blocks: dict[str, dict[Block, str]] = {}
    risks: dict[str, dict[Channel, str]] = {}
    for language in Language:
        facts = agreement.facts_of(clinic.policy, language, saying.help_lines(clinic, language))
        texts = means.texts.consent(language, agreement.consent_variables(facts))
        blocks[language.value] = {block: texts[block.value] for block in Block if block.value in texts}
        offered = [channel for channel in clinic.policy.channels if f"risks_{channel}" in texts]
        risks[language.value] = {Channel(channel): texts[f"risks_{channel}"] for channel in offered}
    return ConsentText(version=version, policy_version=clinic.policy.version, blocks=blocks, risks=risks)


def faults(text: ConsentText, clinic: Clinic) -> tuple[Problem, ...]:
    """Why a text may not be published; empty when it may."""
    return problems(text, [Channel(channel) for channel in clinic.policy.channels])


async def publish(means: Means, clinic: Clinic, now: datetime) -> int:
    """Publish the text that the policy makes, unless the published one says the same; gives the version in force."""
    current = await means.database.read(lambda c: consents.current_text(c, clinic.id))
    text = render(means, clinic, current.version + 1 if current else 1)
    if found := faults(text, clinic):
        raise InvalidError("consent_text", str(found[0]))
    document = document_of(text)
    if current and json.loads(current.document)["blocks"] == json.loads(document)["blocks"] \
            and json.loads(current.document)["risks"] == json.loads(document)["risks"]:  # fmt: skip
        return current.version
    row = consents.ConsentTextRow(
        id=new_id(now), clinic_id=clinic.id, version=text.version, policy_version=text.policy_version,
        document=document, hash=content_hash(text), published_at=now,
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        consents.publish_text(connection, row)

    await means.database.write(unit)
    return text.version


def document_of(text: ConsentText) -> str:
    """A text as it is kept: blocks and risks by language."""
    return json.dumps(
        {
            "version": text.version, "policy_version": text.policy_version,
            "blocks": {lang: {str(k): v for k, v in blocks.items()} for lang, blocks in text.blocks.items()},
            "risks": {lang: {str(k): v for k, v in risks.items()} for lang, risks in text.risks.items()},
        },
        ensure_ascii=False, sort_keys=True,
    )  # fmt: skip
