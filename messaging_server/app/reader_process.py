"""The process that reads long texts and files: asked on its standard input, it answers on its standard output.

It keeps nothing, and is started with the folder of the clinical rules and nothing else: no key, no setting, no secret.
Each message on either way is four bytes of length and as many of JSON; after a request for a file comes the file, with
its length before it.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from messaging_server.app.file_words import words_of
from messaging_server.app.rulebook import builtin_rules
from triage.model import Assessment, Direction, Part, QueueName
from triage.rules import Ruleset
from triage.screen import assess

HEAD = 4
MEMORY = 2**30
"""Bytes that the process may take: past them it ends, and the text counts as not read."""


def main(folder: str = "") -> None:
    """Answer until nobody asks any more; without a folder, by the built-in rules."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    ruleset = builtin_rules(Path(folder) if folder else None)
    serve(sys.stdin.buffer, sys.stdout.buffer, ruleset)


def serve(asking: BinaryIO, answering: BinaryIO, ruleset: Ruleset) -> None:
    """Say by an empty answer that one is ready, then read requests and answer each; ends with the input."""
    answering.write(bytes(HEAD))
    answering.flush()
    while len(head := asking.read(HEAD)) == HEAD:
        request = json.loads(asking.read(int.from_bytes(head)).decode("utf-8", "surrogatepass"))
        if "file" in request:
            told: object = words_of(request["file"], asking.read(int.from_bytes(asking.read(HEAD))))
        else:
            told = asdict(_judged(request, ruleset))
        answer = json.dumps(told).encode()
        answering.write(len(answer).to_bytes(HEAD) + answer)
        answering.flush()


def _judged(request: dict[str, Any], ruleset: Ruleset) -> Assessment:
    return assess(
        [Part(name, text) for name, text in request["parts"]], direction=Direction(request["direction"]),
        language=None, ruleset=ruleset, chosen=QueueName(request["chosen"]) if request["chosen"] else None,
        not_screened=request["not_screened"],
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:2])
