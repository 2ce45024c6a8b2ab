"""The real door on loopback, with fakes of the shape of what stands behind it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from messaging_server.channels.email import receive
from messaging_server.channels.email.dmarc import Query
from tests.messaging_server.channels.email.doors import Broker, Client, Open


@pytest.fixture
async def broker() -> Broker:
    return Broker()


@pytest.fixture
async def open_door(broker: Broker) -> AsyncIterator[Open]:
    """Opens a door with the given settings and connects to it."""
    servers: list[asyncio.Server] = []
    writers: list[asyncio.StreamWriter] = []

    async def open_one(*, query: Query | None = None, **given: object) -> Client:
        chosen: dict[str, object] = {
            "host": "127.0.0.1",
            "port": 0,
            "hostname": "porte.sante.example",
            "trusted_authserv_id": "relais.sante.example",
            "trusted_peers": (ip_network("127.0.0.0/8"),),
        }
        door = receive.Door(**(chosen | given))  # type: ignore[arg-type]  # the tests name the fields
        server = await receive.start(
            door, resolve=broker.resolve, accept=broker.accept, clock=broker.clock, query=query
        )
        servers.append(server)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writers.append(writer)
        client = Client(reader, writer)
        assert (await client.answer()).startswith("220 porte.sante.example")
        return client

    yield open_one
    for writer in writers:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a self-signed certificate of 127.0.0.1 and localhost in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))  # noqa: TID251  # the handshake reads the real clock
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))  # noqa: TID251  # as above
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
