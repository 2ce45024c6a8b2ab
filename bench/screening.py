"""What screening one message of 2,000 characters costs: plain talk, talk full of what the rules know, real talk."""

import json
import os
import subprocess
import sys
import time
from itertools import cycle, islice

from bench.labelled import labelled
from bench.mails import words
from bench.process import percentile
from bench.recognition import REAL
from messaging_server.app.rulebook import builtin_rules
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


def _joined(texts: list[str]) -> list[str]:
    """Messages put together until they have the length: denser in symptoms than any one person's."""
    endless = cycle(texts)
    out = []
    for _ in range(200):
        text = ""
        while len(text) < LETTERS:
            text += next(endless) + " "
        out.append(text[:LETTERS])
    return out


def _real() -> list[str]:
    if not REAL.exists():
        return []
    rows = [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows]


_LOADED = """
import gc
from pathlib import Path
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
before = resident()
import triage.ruleset
from triage import rules
from triage.model import Direction, Part
from triage.screen import assess
place = Path(next(iter(triage.ruleset.__path__)))
ruleset = rules.load({one.name: one.read_bytes() for one in place.iterdir() if one.suffix in {".toml", ".json"}})
assess([Part("text", "J'ai mal")], direction=Direction.INBOUND, language=None, ruleset=ruleset)
gc.collect()
print(resident() - before)
"""


def memory() -> float:
    """MiB that the rules, the model and their code take above the bare interpreter."""
    done = subprocess.run([sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True)
    return float(done.stdout)


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
    made = {name: [make(number) for number in range(count)] for name, make in (("plain", _plain), ("grave", _grave))}
    made["joined"] = _joined([one.text for one in labelled("tuned")])
    made["real"] = list(islice(_joined(_real()), count)) if REAL.exists() else []
    for name, texts in made.items():
        if not texts:
            continue
        _times(texts[:20], ruleset)
        spent = _times(texts, ruleset)
        print(f"{name:>11} {percentile(spent, 0.5):>8.2f} {percentile(spent, 0.99):>8.2f}", flush=True)
    print(f"memory above the bare interpreter: {memory():.1f} MiB")


if __name__ == "__main__":
    main()
