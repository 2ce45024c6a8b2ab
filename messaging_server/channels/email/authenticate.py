"""Does a mail come from the domain that it names? The word of a trusted relay in its RFC 8601 header (EIN-08).

A pass proves the domain, never the person (T-29). Our own check, when no relay is before us, is in `verify`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from messaging_server.channels.email import mime
from messaging_server.message import Authentication, Verification

_RESULTS = {
    "pass": Verification.PASS,
    "fail": Verification.FAIL,
    "softfail": Verification.FAIL,
    "policy": Verification.FAIL,
    "permerror": Verification.FAIL,
    "temperror": Verification.TEMPERROR,
}
"""What is not here (`none`, `neutral`, an unknown word) proves nothing: NONE (RFC 8601 section 2.7)."""
_RANK = (Verification.PASS, Verification.TEMPERROR, Verification.FAIL, Verification.NONE)
_BY = re.compile(r"\bby\s+([^\s;()]+)", re.IGNORECASE)
_HEADER_LETTERS = 16_384
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s;"]+|;|\s+')
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    result: Verification
    properties: dict[str, str]


def aligned(domain: str, from_domain: str) -> bool:
    """Whether a proved domain speaks for the From domain: the same, or one under it, never one above it.

    Relaxed alignment (RFC 7489 section 3.1) would need to know where public suffixes end; this half needs not: who
    holds `clinique.example` also holds `courriel.clinique.example`.
    """
    proved, claimed = domain.lower().rstrip("."), from_domain.lower()
    return bool(proved) and (proved == claimed or proved.endswith(f".{claimed}"))


def from_header(headers: mime.Headers, trusted: str | None, from_domain: str) -> Authentication:
    """The verdict of the trusted relay, if its `Authentication-Results` stands where only it can have written it.

    `trusted` is the configured authserv-id, compared without regard to case; None trusts nobody. What counts is: all
    its headers above the first `Received`; or, below `Received` lines written by that same host, its first header
    only. Anything under another host's `Received` came in from outside and is not read at all (RFC 8601 section 5).
    """
    if not trusted or not from_domain:
        return Authentication()
    values = list(_believable(headers, trusted.lower()))
    if not values:
        return Authentication()
    results = [result for value in values for result in value]
    spf = _best(results, "spf")
    dkim = _best(results, "dkim")
    dmarc = _first(results, "dmarc", from_domain)
    proved = any(_proves(result, from_domain) for result in results)
    return Authentication(
        spf=spf,
        dkim=dkim,
        dmarc=dmarc,
        source="header",
        aligned=dmarc is Verification.PASS or (proved and dmarc is Verification.NONE),
    )


def _believable(headers: mime.Headers, trusted: str) -> Iterator[list[_Result]]:
    under_own_hop = found = False
    for name, value in headers:
        if name == "received":
            by = _BY.search(value[:2000])
            if found or by is None or by[1].lower() != trusted:
                return
            under_own_hop = True
        elif name == "authentication-results":
            authserv_id, results = _parse(value)
            if authserv_id == trusted:
                yield results
                found = True
                if under_own_hop:
                    return


def _best(results: list[_Result], method: str) -> Verification:
    """A mail may be signed several times: one good signature is enough (RFC 6376 section 4.2)."""
    found = {result.result for result in results if result.method == method}
    return next((one for one in _RANK if one in found), Verification.NONE)


def _first(results: list[_Result], method: str, from_domain: str) -> Verification:
    """The first DMARC result; a pass for another From than the one we read is none."""
    for result in results:
        if result.method == method:
            said = _domain_of(result.properties.get("header.from", from_domain))
            return result.result if said == from_domain.lower() else Verification.FAIL
    return Verification.NONE


def _proves(result: _Result, from_domain: str) -> bool:
    if result.result is not Verification.PASS:
        return False
    said = result.properties
    match result.method:
        case "dkim":
            return aligned(_domain_of(said.get("header.d") or said.get("header.i", "")), from_domain)
        case "spf":
            return aligned(_domain_of(said.get("smtp.mailfrom", "")), from_domain)
        case _:
            return False


def _domain_of(value: str) -> str:
    return value.strip("<>").rpartition("@")[2].lower().rstrip(".")


def _parse(value: str) -> tuple[str, list[_Result]]:
    """The authserv-id in lower case and the results; of another version than 1, or unreadable, nothing is believed."""
    if len(value) > _HEADER_LETTERS:
        return "", []
    head, *statements = _statements(value)
    if not head or len(head) > 2 or (len(head) == 2 and head[1] != "1"):
        return "", []
    return head[0].lower(), [result for words in statements if (result := _statement(words)) is not None]


def _statement(words: list[str]) -> _Result | None:
    """One `method=result property=value …`; None for `none` and for what is not of that form."""
    pairs = [word.partition("=") for word in words]
    if not pairs or not pairs[0][1]:
        return None
    method, _, version = pairs[0][0].lower().partition("/")
    if version not in {"", "1"}:
        return None
    properties: dict[str, str] = {}
    for name, equals, value in pairs[1:]:
        if equals:
            properties.setdefault(name.lower(), value)
    return _Result(method, _RESULTS.get(pairs[0][2].lower(), Verification.NONE), properties)


def _statements(value: str) -> list[list[str]]:
    """The header cut at semicolons into words; comments are dropped, quoted strings opened, `a = b` made `a=b`."""
    out: list[list[str]] = [[]]
    apart = True
    for token in _TOKEN.findall(_EQUALS.sub("=", _without_comments(value))):
        if token == ";":  # noqa: S105  # a separator, not a secret
            out.append([])
            apart = True
        elif token.isspace():
            apart = True
        else:
            text = _ESCAPE.sub(r"\1", token[1:-1]) if token.startswith('"') else token
            if apart:
                out[-1].append(text)
            else:
                out[-1][-1] += text
            apart = False
    return out


def _without_comments(value: str) -> str:
    """The header without comments, which nest; one left open swallows the rest, quotation marks count outside only."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for letter in value:
        if not depth:
            kept.append(letter if quoted or letter != "(" else " ")
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == '"' and not depth:
            quoted = not quoted
        elif letter in "()" and not quoted:
            depth = max(0, depth + (1 if letter == "(" else -1))
    return "".join(kept)
