"""Mail addresses, read strictly: what is not plainly one address is none (EIN-07, EIN-10).

The standard library's `parseaddr` answers `patient@ok.ca` to `patient@ok.ca <evil@x.com>` (CVE-2023-27043). Here a
header that can be read in two ways is not read at all.
"""

import re
import unicodedata

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010FFFF]+"
_LOCAL = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ANGLED = re.compile(r"[^<>@,;:\\\[\]()]*<\s*([^<>\s,;:]+)\s*>\s*")
_BARE = re.compile(r"\s*([^<>\s,;:]+)\s*")
_QUOTED = "\x01"
"""What stands for a quoted string once it is blanked out; no header value holds it, NUL and controls are refused."""
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Scripts with letters that look like those of another (EIN-10)."""


def normalise(address: str) -> str | None:
    """The address with its domain in lower case and as A-labels, the local part untouched; None if it is not one.

    Quoted local parts and address literals are legal (RFC 5321 section 4.1.2) and refused: no patient has one.
    """
    local, at, domain = address.rpartition("@")
    if not at or len(local.encode(errors="replace")) > 64 or not _LOCAL.fullmatch(local):
        return None
    name = ascii_domain(domain)
    return f"{local}@{name}" if name else None


def ascii_domain(domain: str) -> str | None:
    """A domain name as lower-case A-labels (RFC 5890), or None where it is not one."""
    if not domain or len(domain) > 253:
        return None
    try:
        name = domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = name.split(".")
    return name if len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels) else None


def one_mailbox(value: str) -> str | None:
    """The address of a header that holds exactly one mailbox (RFC 5322 section 3.4), else None (EIN-07)."""
    skeleton = _skeleton(value)
    if skeleton is None:
        return None
    match = _ANGLED.fullmatch(skeleton) or _BARE.fullmatch(skeleton)
    return normalise(match[1]) if match else None


def every_mailbox(value: str) -> tuple[str, ...]:
    """All addresses that a To or Cc header seems to name, in order; what cannot be read is left out (EIN-19)."""
    skeleton = _skeleton(value) or value
    words = (word for word in re.split(r"[\s<>,;:]+", skeleton) if "@" in word)
    return tuple(address for word in words if (address := normalise(word)) is not None)


def mixes_scripts(address: str) -> bool:
    """Whether one label of the address mixes look-alike scripts, as `pаtient` with a Cyrillic `а` does (EIN-10)."""
    local, _, domain = address.rpartition("@")
    labels = [*local.split("."), *map(_readable_label, domain.split("."))]
    return any(len(_scripts_of(label)) > 1 for label in labels if not label.isascii())


def _readable_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def _scripts_of(label: str) -> set[str]:
    names = (unicodedata.name(letter, "") for letter in label if letter.isalpha())
    return {script for name in names for script in _SCRIPTS if name.startswith(script)}


def _skeleton(value: str) -> str | None:
    """The value without comments and with its quoted strings blanked out; None if either is left open."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for letter in value:
        if escaped:
            escaped = False
        elif letter == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = letter != '"'
        elif letter == "(":
            depth += 1
        elif letter == ")" and depth:
            depth -= 1
        elif depth:
            continue
        elif letter == '"':
            quoted = True
            kept.append(_QUOTED)
        else:
            kept.append(letter)
    return None if depth or quoted or escaped else "".join(kept)
