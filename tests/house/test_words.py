"""Words that must not stand in this project, or only to be denied."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("messaging_server", "triage", "consent", "keys", "templates", "tests", "bench", "docs", "docker", ".ci")
TEXTS = set(".py .toml .md .tsv .txt .html .css .js .po .yaml .yml .mako .eml .json".split())  # noqa: SIM905  # shorter
BARE = {"Makefile", "Dockerfile", "Caddyfile", "run"}

# One letter of each stands in brackets, so that this file does not find itself.
LATER = re.compile(r"\b(?:[T]ODO|[F]IXME|[X]XX)\b")
PLACES = re.compile(r"/[w]ork/|/[r]oot\b|/[h]ome/[a-z]|/[U]sers/|\\[U]sers\\|\.[p]yenv")
REGISTRIES = re.compile(r"[p]ypi\.org|[p]ythonhosted|[n]pmjs\.(?:org|com)|[d]eb\.debian")
SEALED_TO_THE_ENDS = re.compile(
    r"end[- ]to[- ]end[- ](?:encrypt|secur)\w*|\bE2EE\b|(?:chiffr|sécuris)\w+ de bout en bout", re.IGNORECASE
)
GIVEN_BY_OTHERS = re.compile(
    r"\b(?:HIPAA|PHIPA|PIPEDA|LRSSS|GDPR|Law 25|Loi 25|ASVS|WCAG|CMQ|SOC ?2|ISO ?\d+)[- ]"
    r"(?:compliant|compliance|certified|conform\w*|certifi\w+|homologu\w+)",
    re.IGNORECASE,
)
DENIED = re.compile(r"\b(?:not|never|no|nor|neither|without|n[’']est|ne|ni|pas|jamais|sans)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*\n|\n(?=[|\-*#])")


def _texts() -> Iterator[tuple[str, str]]:
    """Every text of the project that we wrote, with its path; the licence is not ours to word."""
    inside = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")))
    for path in (*(one for one in sorted(ROOT.iterdir()) if one.name != "LICENSE"), *inside):
        if path.is_file() and (path.suffix in TEXTS or path.name in BARE):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [f"{path}: {found.group()}" for path, text in _texts() for found in pattern.finditer(text)]


def _claims(pattern: re.Pattern[str], text: str) -> list[str]:
    """The sentences that say it and do not deny it."""
    return [said for said in SENTENCE.split(text) if pattern.search(said) and not DENIED.search(said)]


def test_nothing_is_left_for_later_in_a_comment() -> None:
    """What is not done is an issue or a line of the status table, never a mark in the code."""
    assert _found(LATER) == []


def test_no_path_of_somebodys_machine_stands_in_the_project() -> None:
    """The project runs from wherever it lies."""
    assert _found(PLACES) == []


def test_no_host_of_a_package_registry_stands_in_the_project() -> None:
    """Where packages come from is the installer's choice."""
    assert _found(REGISTRIES) == []


def test_end_to_end_encryption_is_only_ever_denied() -> None:
    """The server reads a message while it screens it: nothing we write says otherwise [T-43]."""
    texts = [(path, text) for path, text in _texts() if not path.startswith("tests/")]

    assert [f"{path}: {said}" for path, text in texts for said in _claims(SEALED_TO_THE_ENDS, text)] == []


def test_no_conformance_is_claimed() -> None:
    """Whether a law or a standard is met is for the clinic and its advisers to say."""
    assert [f"{path}: {said}" for path, text in _texts() for said in _claims(GIVEN_BY_OTHERS, text)] == []


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("All mail is end-to-end encrypted. It is not slow.", 1),
        ("Vos messages sont chiffrés de bout en bout.", 1),
        ("Ce n’est pas un chiffrement de bout en bout.", 0),
        ("The server is not end-to-end encrypted.", 0),
        ("It works end to end.", 0),
    ],
)
def test_a_claim_is_told_from_its_denial(text: str, claims: int) -> None:
    """A claim of end-to-end encryption is found even beside another sentence that denies something else [T-43]."""
    assert len(_claims(SEALED_TO_THE_ENDS, text)) == claims


def test_the_search_reads_code_templates_and_papers() -> None:
    """A search that reads nothing would find nothing."""
    paths = {path for path, _ in _texts()}

    assert {"README.md", "Makefile", ".ci/run", "messaging_server/settings.py"} <= paths
    assert any(path.startswith("templates/fr/notices/") for path in paths)
    assert any(path.endswith("messages.po") for path in paths)
