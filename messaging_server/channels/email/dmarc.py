"""The DMARC policy of a domain, found by walking up the DNS (RFC 9989 section 4.10): no list of suffixes to age."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Query = Callable[[str, str], Awaitable[tuple[str, ...]]]
"""Asks the DNS for a name and a type (`TXT A AAAA MX PTR`); answers texts, none where there is no such record.

Raises `DnsUnavailableError` when the answer is not to be had now.
"""

_DEEPEST = 8
"""Labels above which the walk jumps, so that nobody makes us ask a hundred questions."""


class DnsUnavailableError(Exception):
    """The DNS did not answer: try again later, and never take it for a pass (EIN-26)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a `_dmarc` record says, reduced to what alignment needs."""

    domain: str
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"
    """`y` for a public suffix, `n` for an organisation that says it is one, `u` where nothing was said."""


def read_policy(domain: str, record: str) -> Policy | None:
    """The policy of one TXT record, or None where it is no DMARC record."""
    cut = (tag.partition("=") for tag in record.split(";"))
    pairs = [(name.strip().lower(), value.strip()) for name, _, value in cut]
    if not pairs or pairs[0] != ("v", "DMARC1"):
        return None
    tags = dict(reversed(pairs))
    return Policy(
        domain=domain,
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        psd=tags.get("psd", "u").lower(),
    )


async def policy_of(from_domain: str, query: Query) -> Policy | None:
    """The policy that holds for mail from this domain: its own, else its organisation's; None where there is none."""
    found = await _walk(from_domain, query)
    own = next((one for one in found if one.domain == from_domain), None)
    organisation = _organisation(from_domain, found)
    above = next((one for one in found if one.domain == organisation), None)
    return own or above or (found[-1] if found and found[-1].psd == "y" else None)


async def same_organisation(first: str, second: str, query: Query) -> bool:
    """Relaxed alignment: whether two domains have one organisational domain (RFC 9989 section 4.10.2)."""
    if first == second:
        return True
    one = _organisation(first, await _walk(first, query))
    return one == _organisation(second, await _walk(second, query))


async def _walk(domain: str, query: Query) -> list[Policy]:
    """The policies met from the domain upwards, at most eight questions; the walk ends at a record that says `psd`."""
    found: list[Policy] = []
    labels = domain.split(".")
    while labels:
        name = ".".join(labels)
        records = [one for text in await query(f"_dmarc.{name}", "TXT") if (one := read_policy(name, text))]
        if len(records) == 1:  # several are as good as none
            found.append(records[0])
            if records[0].psd in {"y", "n"}:
                break
        labels = labels[-(_DEEPEST - 1) :] if len(labels) > _DEEPEST else labels[1:]
    return found


def _organisation(domain: str, found: list[Policy]) -> str:
    if not found:
        return domain
    top = found[-1]
    if top.psd == "y" and top.domain != domain:
        below = len(top.domain.split(".")) + 1
        return ".".join(domain.split(".")[-below:])
    return top.domain
