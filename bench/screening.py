"""What the screening of one message of 2,000 characters costs: plain talk, and talk full of what the rules know."""

import os
import time

from bench.mails import words
from bench.process import percentile
from messaging_server.app.clinics import builtin_rules
from triage.model import Direction, Part
from triage.rules import Ruleset
from triage.screen import assess

LETTERS = 2_000
GRAVE = (
    "J'ai mal dans la poitrine depuis ce matin et de la fièvre à 39,5. ", "I feel hopeless and I cannot sleep. ",
    "Mon résultat de dépistage du VIH est-il arrivé? ", "She is 34 weeks pregnant and there is no bleeding. ",
    "On m'a parlé d'un cancer du sein, je bois trop depuis. ",
)  # fmt: skip


def _plain(number: int) -> str:
    return words(LETTERS, number)


def _grave(number: int) -> str:
    """Half of it plain, half of it said in sentences that touch many rules."""
    said = "".join(GRAVE[(number + place) % len(GRAVE)] for place in range(LETTERS // 100))
    return (said[: LETTERS // 2] + words(LETTERS, number))[:LETTERS]


def _times(texts: list[str], ruleset: Ruleset) -> list[float]:
    """Milliseconds of each."""
    spent = []
    for text in texts:
        started = time.perf_counter()
        parts = [Part("subject", "Question"), Part("new_text", text)]
        assess(parts, direction=Direction.INBOUND, language=None, ruleset=ruleset)
        spent.append(1000 * (time.perf_counter() - started))
    return spent


def main() -> None:
    """Print the table."""
    count, ruleset = int(os.environ.get("TEXTS", "1000")), builtin_rules()
    print(f"\nScreening: {count} different messages of {LETTERS} characters, milliseconds each")
    print(f"{'text':>11} {'p50':>8} {'p99':>8}")
    for name, make in (("plain", _plain), ("grave", _grave)):
        texts = [make(number) for number in range(count)]
        _times(texts[:20], ruleset)
        spent = _times(texts, ruleset)
        print(f"{name:>11} {percentile(spent, 0.5):>8.2f} {percentile(spent, 0.99):>8.2f}", flush=True)


if __name__ == "__main__":
    main()
