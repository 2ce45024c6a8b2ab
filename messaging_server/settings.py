"""The settings of one server process: one TOML file, environment variables `MESSAGING_SERVER_…`, secrets by file path.

What a clinic decides (hours, queues, texts) is not here but in its policy, in the database. A nested setting is written
with two underscores in the environment: `MESSAGING_SERVER_SMTP__PORT=2525`.
"""

import re
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_LOOPBACK: Final = re.compile(r"http://(?:localhost|127\.0\.0\.\d{1,3}|\[::1\])(?::\d+)?(?:/|$)")


class WebSettings(BaseModel):
    """The pages' door."""

    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8080, ge=0, le=65535, description="Port of the web server; 0 takes a free one.")
    public_url: str = Field(
        "http://127.0.0.1:8080",
        description="Address at which people reach the pages, as they type it; https makes cookies Secure.",
    )
    trusted_proxies: list[str] = Field(
        default_factory=list, description="Addresses of proxies whose forwarded client address is believed (SEC-14)."
    )
    idle_minutes_patient: int = Field(30, ge=5, le=120, description="A patient's session ends after so long unused.")
    idle_minutes_staff: int = Field(30, ge=5, le=120, description="A colleague's session ends after so long unused.")


class FileSettings(BaseModel):
    """Files that go with a message by the pages."""

    most: int = Field(5, ge=0, le=20, description="Files that go with one message; 0 takes none.")
    largest: int = Field(10_000_000, ge=10_000, le=50_000_000, description="Largest file taken, in bytes.")
    together: int = Field(20_000_000, ge=10_000, le=50_000_000, description="Files of one message together, in bytes.")


class SmtpSettings(BaseModel):
    """The e-mail door."""

    enabled: bool = Field(default=True, description="Whether mail is taken in.")
    host: str = Field("127.0.0.1", description="Address that the mail server listens on.")
    port: int = Field(8025, ge=0, le=65535, description="Port of the mail server; 0 takes a free one.")
    hostname: str = Field("localhost", description="Name that the mail server greets with.")
    domain: str = Field("clinic.invalid", description="Domain of the clinic's addresses and reply addresses.")
    mailbox: str = Field("messages", description="Local part of the clinic's own address.")
    size_limit: int = Field(25_000_000, ge=100_000, description="Largest mail taken, in bytes.")
    tls_certificate: Path | None = Field(None, description="Certificate file; with a key, STARTTLS is offered.")
    tls_key: Path | None = Field(None, description="Private key file of the certificate.")
    require_tls: bool = Field(default=False, description="Refuse mail without TLS: right behind a private relay only.")
    authserv_id: str | None = Field(
        None, description="Name under which a trusted relay writes Authentication-Results; nobody else's is believed."
    )
    trusted_peers: list[str] = Field(
        default_factory=lambda: ["127.0.0.0/8", "::1/128"],
        description="Networks of that relay: its Authentication-Results is believed only from there.",
    )
    check_locally: bool = Field(
        default=False, description="Check SPF, DKIM and DMARC ourselves: right when this server is the public MX."
    )


class RelaySettings(BaseModel):
    """The relay that our mail leaves by."""

    host: str = Field("127.0.0.1", description="Host of the relay.")
    port: int = Field(25, ge=1, le=65535, description="Port of the relay.")
    tls: Literal["starttls", "implicit", "none_loopback"] = Field(
        "starttls", description="How the connection is protected; `none_loopback` works on this machine only."
    )
    username: str | None = Field(None, description="User name at the relay.")
    password_file: Path | None = Field(None, description="File that holds the password at the relay.")
    ca_file: Path | None = Field(None, description="Certificates to believe instead of the system's.")
    timeout: float = Field(30.0, gt=0, description="Seconds before an attempt is given up.")


class SmsSettings(BaseModel):
    """The provider of texts."""

    enabled: bool = Field(default=False, description="Whether texts are sent and taken in.")
    account_sid: str = Field("", description="Account at the provider.")
    auth_token_file: Path | None = Field(None, description="File that holds the provider's token.")
    number: str = Field("", description="The clinic's number, E.164.")
    base_url: str | None = Field(
        None, description="Another address of the provider's interface, for trials: https, or http on this machine."
    )
    timeout: float = Field(10.0, gt=0, description="Seconds before an attempt is given up.")

    @field_validator("base_url")
    @classmethod
    def _never_in_clear(cls, value: str | None) -> str | None:
        """Token and numbers cross a network under TLS only; without it, this machine alone is spoken to (SEC-07)."""
        if value is not None and not value.startswith("https://") and not _LOOPBACK.match(value):
            raise ValueError("must be https, or http on this machine")
        return value


class Settings(BaseSettings):
    """Everything that one process must be told."""

    model_config = SettingsConfigDict(
        env_prefix="MESSAGING_SERVER_", env_nested_delimiter="__", extra="forbid", toml_file=None
    )

    database: SecretStr = Field(
        SecretStr("sqlite:///var/clinic.sqlite3"),
        description="`sqlite:///PATH`, or `postgresql+asyncpg://…` with user and password in it.",
    )
    key_file: Path = Field(Path("var/server.keys"), description="The server's own keys; opens no message.")
    rules_folder: Path | None = Field(
        None,
        description="Clinical rules to use instead of the built-in ones; "
        "the built-in `opinion.json` stays unless they bring one.",
    )
    screening_seconds: float = Field(
        5.0, gt=0, le=60,
        description="Seconds a long text or a file may take to be read; then only the ends of the text are.",
    )  # fmt: skip
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least grave log line written.")
    web: WebSettings = Field(default_factory=WebSettings)
    files: FileSettings = Field(default_factory=FileSettings)
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    relay: RelaySettings = Field(default_factory=RelaySettings)
    sms: SmsSettings = Field(default_factory=SmsSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # no .env file is read on purpose
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # secrets come by their own paths
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code wins, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(path: Path | None) -> Settings:
    """The settings from a TOML file, if any, under the environment. Raises pydantic's ValidationError naming fields."""
    if path is None:
        return Settings()

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    return FromFile()


def secret(path: Path | None) -> str:
    """The one line of a secret's file; empty when there is no file."""
    return path.read_text(encoding="utf-8").strip() if path else ""
