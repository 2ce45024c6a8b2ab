"""Our own check of a mail's origin, when no relay that we trust is before us: DKIM, SPF and DMARC (EIN-08, EIN-26)."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError

import dkim
import spf
from dns import asyncresolver, exception, resolver

from messaging_server.channels.email import authenticate
from messaging_server.channels.email.dmarc import DnsUnavailableError, Policy, Query, policy_of, same_organisation
from messaging_server.message import Authentication, Verification

_SIGNATURES = 5
"""How many DKIM signatures of one mail are worth our time."""
_DNS_SECONDS = 20
_WORST_OF = {"pass": Verification.PASS, "temperror": Verification.TEMPERROR} | dict.fromkeys(
    ("fail", "softfail", "permerror"), Verification.FAIL
)
_QUIET = logging.Logger("dkim", logging.CRITICAL + 1)  # noqa: LOG001  # outside the tree, where nothing opens it
"""dkimpy reports what it finds in headers; nobody may read that in a log (AUD-02)."""

_Ask = Callable[[str, str], tuple[str, ...]]


def dns_query(seconds: float = 5.0) -> Query:
    """Questions to the resolvers of this machine; `seconds` is the time that one may take."""
    client = asyncresolver.Resolver()

    async def query(name: str, kind: str) -> tuple[str, ...]:
        try:
            answer = await client.resolve(name, kind, lifetime=seconds)
        except (resolver.NXDOMAIN, resolver.NoAnswer, resolver.YXDOMAIN):
            return ()
        except (exception.DNSException, OSError) as error:
            raise DnsUnavailableError from error
        if kind == "TXT":
            return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer)
        return tuple(record.to_text() for record in answer)

    return query


async def locally(
    raw: bytes, *, from_domain: str, peer_ip: str, helo: str, mail_from: str, query: Query
) -> Authentication:
    """DKIM, SPF and DMARC of a mail just received from `peer_ip`; `mail_from` is empty for the null sender.

    An empty `peer_ip` says that the mail came through our own relay, whose address proves nothing: no SPF then.

    What the DNS would not tell now is TEMPERROR, never a pass: the caller answers 451 (EIN-26).
    """
    loop = asyncio.get_running_loop()

    def ask(name: str, kind: str) -> tuple[str, ...]:
        waiting = asyncio.run_coroutine_threadsafe(_asked(query, name, kind), loop)
        try:
            return waiting.result(_DNS_SECONDS)
        except FutureTimeoutError as error:
            waiting.cancel()
            raise DnsUnavailableError from error

    signers, signed = await asyncio.to_thread(_dkim, raw, ask)
    allowed = await asyncio.to_thread(_spf, peer_ip, helo, mail_from, ask) if peer_ip else Verification.NONE
    sender = (mail_from or helo).rpartition("@")[2].lower()
    try:
        policy = await policy_of(from_domain, query)
        proved = await _proved(from_domain, signers, sender if allowed is Verification.PASS else "", policy, query)
    except DnsUnavailableError:
        return Authentication(spf=allowed, dkim=signed, dmarc=Verification.TEMPERROR, source="local")
    verdict = Verification.NONE if policy is None else Verification.PASS if proved else Verification.FAIL
    if not proved and Verification.TEMPERROR in {allowed, signed}:
        verdict = Verification.TEMPERROR
    return Authentication(spf=allowed, dkim=signed, dmarc=verdict, source="local", aligned=proved)


async def _asked(query: Query, name: str, kind: str) -> tuple[str, ...]:
    return await query(name, kind)


async def _proved(from_domain: str, signers: list[str], sender: str, policy: Policy | None, query: Query) -> bool:
    """Whether a proved domain is aligned with the From domain, as its policy wants it."""
    for domain, strict in [
        *((one, policy is not None and policy.strict_dkim) for one in signers),
        *([(sender, policy is not None and policy.strict_spf)] if sender else []),
    ]:
        if domain == from_domain or (not strict and authenticate.aligned(domain, from_domain)):
            return True
        if policy is not None and not strict and await same_organisation(domain, from_domain, query):
            return True
    return False


def _dkim(raw: bytes, ask: _Ask) -> tuple[list[str], Verification]:
    """The domains whose signatures hold, and the result; a signature of a part of the body only (`l=`) is none."""
    try:
        message = dkim.DKIM(raw, logger=_QUIET, minkey=1024)
    except dkim.DKIMException:
        return [], Verification.NONE
    good: list[str] = []
    result = Verification.NONE
    for number in range(_SIGNATURES):
        try:
            prepared = message.verify_headerprep(number)
            if not prepared:
                break
            holds = b"l" not in prepared[0] and message.verify(number, dnsfunc=_key_finder(ask))
            if holds:
                good.append(message.domain.decode("ascii", "replace").lower())
        except DnsUnavailableError:
            return good, Verification.PASS if good else Verification.TEMPERROR
        except (dkim.DKIMException, ValueError, KeyError, IndexError):
            holds = False
        result = Verification.PASS if good else Verification.FAIL
    return good, result


def _key_finder(ask: _Ask) -> Callable[..., bytes | None]:
    def find(name: bytes | str, timeout: int = 5) -> bytes | None:  # noqa: ARG001  # dkimpy passes it; ours is elsewhere
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        found = ask(text.rstrip("."), "TXT")
        return found[0].encode("utf-8", "replace") if found else None

    return find


def _spf(peer_ip: str, helo: str, mail_from: str, ask: _Ask) -> Verification:
    try:
        outcome = _SpfQuery(peer_ip, mail_from, helo, ask).check()[0]
    except (ValueError, IndexError, UnicodeError):
        return Verification.FAIL  # a name or an address that RFC 7208 does not know
    return _WORST_OF.get(outcome, Verification.NONE)


class _SpfQuery(spf.query):  # type: ignore[misc]  # the library ships no types
    """pyspf with our questions to the DNS in place of its own, which would block and cannot be tested."""

    def __init__(self, ip: str, sender: str, helo: str, ask: _Ask) -> None:
        super().__init__(i=ip, s=sender, h=helo, timeout=_DNS_SECONDS)
        self._ask = ask

    def dns(
        self,
        name: str,
        qtype: str,
        cnames: object = None,  # noqa: ARG002  # our resolver follows them
        ignore_void: bool = False,
    ) -> list[object]:
        plain = str(name).rstrip(".").lower()
        if not all(0 < len(label) < 64 for label in plain.split(".")) or qtype == "SPF":
            return []
        try:
            found = self._ask(plain, qtype)
        except DnsUnavailableError as error:
            raise spf.TempError("DNS") from error
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many void look-ups")
        return [_record(qtype, text) for text in found]


def _record(kind: str, text: str) -> object:
    """A DNS answer in the form that pyspf expects."""
    if kind == "TXT":
        return (text.encode("utf-8", "replace"),)
    if kind == "MX":
        preference, _, exchange = text.partition(" ")
        return (int(preference), exchange.rstrip("."))
    return text.rstrip(".")
