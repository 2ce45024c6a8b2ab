"""The commands. Each says what it does with `--help`; what it prints is for people unless it says JSON."""

import typer

from messaging_server.cli import (
    accounts,
    channels,
    demonstrating,
    doctoring,
    explaining,
    founding,
    keeping,
    keys,
    people,
    policies,
    recording,
    reporting,
    serving,
)

app = typer.Typer(
    name="messaging-server", no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False,
    help="Secure messaging between a clinic and its patients.",
)  # fmt: skip
app.command("init")(founding.init)
app.command("serve")(serving.serve)
app.command("check")(serving.check)
app.command("doctor")(doctoring.doctor)
app.command("demo")(demonstrating.demo)
app.command("explain")(explaining.explain)
app.command("backup")(keeping.backup)
app.command("restore")(keeping.restore)
app.add_typer(accounts.app, name="account")
app.add_typer(channels.app, name="channel")
app.add_typer(keys.app, name="keys")
app.add_typer(people.app, name="people")
app.add_typer(policies.app, name="policy")
app.add_typer(recording.app, name="record")
app.add_typer(reporting.app, name="report")


def main() -> None:
    """Run the command that was typed."""
    app()
