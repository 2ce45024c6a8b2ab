"""Our own check of a mail's origin, with a DNS that says what it is told to."""

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from messaging_server.channels.email import dmarc, verify
from messaging_server.channels.email.dmarc import DnsUnavailableError
from messaging_server.message import Authentication, Verification

PASS, FAIL, NONE, TEMPERROR = Verification.PASS, Verification.FAIL, Verification.NONE, Verification.TEMPERROR
RAW = b"From: zoe@exemple.ca\r\nTo: c@sante.example\r\nSubject: Bonjour\r\n\r\nJ'ai mal.\r\n"
Zone = dict[tuple[str, str], tuple[str, ...]]


class Dns:
    """A DNS of a few names; `silent` ones do not answer."""

    def __init__(self, zone: Zone, *, silent: frozenset[str] = frozenset()) -> None:
        self.zone = zone
        self.silent = silent
        self.asked: list[str] = []

    async def query(self, name: str, kind: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name in self.silent:
            raise DnsUnavailableError
        return self.zone.get((name, kind), ())


async def check(raw: bytes, dns: Dns, *, ip: str = "192.0.2.1", mail_from: str = "zoe@exemple.ca") -> Authentication:
    return await verify.locally(
        raw, from_domain="exemple.ca", peer_ip=ip, helo="mx.exemple.ca", mail_from=mail_from, query=dns.query
    )


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(raw: bytes, key: rsa.RSAPrivateKey, domain: str = "exemple.ca", *, length: bool = False) -> bytes:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    header: bytes = dkim.sign(raw, b"s1", domain.encode(), pem, include_headers=[b"from", b"subject"], length=length)
    return header + raw


def published(key: rsa.RSAPrivateKey, domain: str = "exemple.ca") -> Zone:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = serialization.load_der_public_key(der).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    bare = "".join(text.decode().split("\n")[1:-2])
    return {(f"s1._domainkey.{domain}", "TXT"): (f"v=DKIM1; k=rsa; p={bare}",)}


POLICY: Zone = {("_dmarc.exemple.ca", "TXT"): ("v=DMARC1; p=reject",)}
SPF: Zone = {("exemple.ca", "TXT"): ("autre texte", "v=spf1 mx -all"), ("exemple.ca", "MX"): ("10 mx.exemple.ca.",)}
HOST: Zone = {("mx.exemple.ca", "A"): ("192.0.2.1",)}


async def test_a_good_signature_proves_the_domain(key: rsa.RSAPrivateKey) -> None:
    """A DKIM signature of the author's domain passes DMARC, whatever host sent it [EIN-08]."""
    got = await check(signed(RAW, key), Dns(published(key) | POLICY), ip="203.0.113.9")
    assert (got.dkim, got.dmarc, got.aligned, got.source) == (PASS, PASS, True, "local")


@pytest.mark.parametrize(
    ("old", "new"), [(b"J'ai mal", b"J'ai tout"), (b"Subject: Bonjour", b"Subject: Adieu"), (b"zoe@", b"luc@")]
)
async def test_a_changed_mail_proves_nothing(key: rsa.RSAPrivateKey, old: bytes, new: bytes) -> None:
    """A word changed in body, subject or author breaks the signature [EIN-08]."""
    got = await check(signed(RAW, key).replace(old, new, 1), Dns(published(key) | POLICY))
    assert (got.dkim, got.dmarc, got.aligned) == (FAIL, FAIL, False)


async def test_a_signature_of_a_part_of_the_body_is_none(key: rsa.RSAPrivateKey) -> None:
    """A signature with `l=` lets anyone add words below, so it counts for nothing [EIN-08]."""
    raw = signed(RAW, key, length=True)
    assert b"l=" in raw
    got = await check(raw + b"ajout\r\n", Dns(published(key) | POLICY))
    assert (got.dkim, got.aligned) == (FAIL, False)


async def test_a_signature_of_another_domain_speaks_for_that_domain(key: rsa.RSAPrivateKey) -> None:
    """A valid signature of a stranger does not make the author's domain pass [EIN-08]."""
    got = await check(signed(RAW, key, "evil.example"), Dns(published(key, "evil.example") | POLICY))
    assert (got.dkim, got.dmarc, got.aligned) == (PASS, FAIL, False)


async def test_the_second_signature_may_be_the_good_one(key: rsa.RSAPrivateKey) -> None:
    """A list's broken signature above the author's good one does no harm [EIN-08]."""
    broken = signed(RAW, key, "liste.example").replace(b"bh=", b"bh=x", 1)
    raw = broken[: broken.index(b"From:")] + signed(RAW, key)
    got = await check(raw, Dns(published(key) | POLICY))
    assert (got.dkim, got.dmarc) == (PASS, PASS)


@pytest.mark.parametrize(
    ("ip", "mail_from", "spf", "verdict"),
    [
        ("192.0.2.1", "zoe@exemple.ca", PASS, PASS),
        ("192.0.2.2", "zoe@exemple.ca", FAIL, FAIL),
        ("192.0.2.1", "", NONE, FAIL),
        ("192.0.2.1", "x@sans.example", NONE, FAIL),
    ],
)
async def test_the_host_is_checked(ip: str, mail_from: str, spf: Verification, verdict: Verification) -> None:
    """SPF passes for the hosts that the domain names, and only the envelope's own domain is proved by it [EIN-08]."""
    got = await check(RAW, Dns(SPF | HOST | POLICY), ip=ip, mail_from=mail_from)
    assert (got.spf, got.dmarc) == (spf, verdict)


@pytest.mark.parametrize("silent", ["exemple.ca", "_dmarc.exemple.ca", "s1._domainkey.exemple.ca"])
async def test_a_silent_dns_is_never_a_pass(key: rsa.RSAPrivateKey, silent: str) -> None:
    """When SPF, DKIM or DMARC cannot be asked now, the result is TEMPERROR, not a pass and not a failure [EIN-26]."""
    zone = published(key) | POLICY
    got = await check(signed(RAW, key) if "_domainkey" in silent else RAW, Dns(zone, silent=frozenset({silent})))
    assert (got.dmarc, got.aligned) == (TEMPERROR, False)


async def test_one_proof_is_enough_when_the_other_is_silent(key: rsa.RSAPrivateKey) -> None:
    """A good signature stands even if SPF cannot be asked now [EIN-26]."""
    got = await check(signed(RAW, key), Dns(published(key) | POLICY, silent=frozenset({"exemple.ca"})))
    assert (got.spf, got.dmarc, got.aligned) == (TEMPERROR, PASS, True)


async def test_strict_policies_want_the_very_domain(key: rsa.RSAPrivateKey) -> None:
    """With `adkim=s` a subdomain's signature does not count; relaxed, it does [EIN-08]."""
    raw, keys = signed(RAW, key, "news.exemple.ca"), published(key, "news.exemple.ca")
    assert (await check(raw, Dns(keys | POLICY))).aligned
    strict: Zone = {("_dmarc.exemple.ca", "TXT"): ("v=DMARC1; p=none; adkim=s",)}
    assert not (await check(raw, Dns(keys | strict))).aligned


async def test_a_domain_without_a_policy_can_still_prove_itself(key: rsa.RSAPrivateKey) -> None:
    """No DMARC record means no DMARC result; an aligned signature still counts [EIN-08]."""
    got = await check(signed(RAW, key), Dns(published(key)))
    assert (got.dmarc, got.aligned) == (NONE, True)


@pytest.mark.parametrize(
    ("records", "domain", "found"),
    [
        ({"a.b.exemple.ca": "p=none", "exemple.ca": "p=none"}, "a.b.exemple.ca", "a.b.exemple.ca"),
        ({"exemple.ca": "p=none"}, "a.b.exemple.ca", "exemple.ca"),
        ({"b.exemple.ca": "p=none; psd=n", "exemple.ca": "p=none"}, "a.b.exemple.ca", "b.exemple.ca"),
        ({"ca": "p=none; psd=y"}, "a.exemple.ca", "ca"),
        ({}, "a.exemple.ca", None),
    ],
)
async def test_the_policy_is_found_by_walking_up(records: dict[str, str], domain: str, found: str | None) -> None:
    """The walk of RFC 9989 section 4.10 finds the own record, the organisation's, or the suffix's [EIN-08]."""
    dns = Dns({(f"_dmarc.{name}", "TXT"): (f"v=DMARC1; {tags}",) for name, tags in records.items()})
    policy = await dmarc.policy_of(domain, dns.query)
    assert (policy.domain if policy else None) == found


async def test_two_domains_under_a_public_suffix_are_strangers() -> None:
    """A record with `psd=y` marks a suffix: names under it do not speak for each other [EIN-08]."""
    dns = Dns({("_dmarc.gouv.example", "TXT"): ("v=DMARC1; psd=y",)})
    assert not await dmarc.same_organisation("a.gouv.example", "b.gouv.example", dns.query)
    assert await dmarc.same_organisation("x.a.gouv.example", "a.gouv.example", dns.query)


async def test_a_long_name_costs_eight_questions() -> None:
    """The walk jumps where a name has many labels, so that nobody makes us ask without end [EIN-21]."""
    dns = Dns({})
    await dmarc.policy_of(".".join("abcdefghijklmnopqrstuvwxyz"), dns.query)
    assert len(dns.asked) == 8


@pytest.mark.parametrize("record", ["", "v=DMARC2; p=none", "p=none; v=DMARC1", "v=spf1 -all", ";"])
def test_other_records_are_no_policy(record: str) -> None:
    """A record counts only if it begins with the version that we know [EIN-08]."""
    assert dmarc.read_policy("exemple.ca", record) is None
