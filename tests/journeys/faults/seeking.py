"""Seeking words where they must not be: in files of any kind, in the forms in which data travels and rests."""

import base64
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
DEEPEST = 3
"""Streams within streams within streams."""
LARGEST_STREAM = 20_000_000
_STREAM = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_SOFT_BREAK = re.compile(rb"=\r?\n")
_SPACE = re.compile(rb"\s+")
_PIECE = 512
_BEGINNING = 10
"""Letters by which many words that begin alike are first sought together."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A word that was found: which, where, in which form."""

    word: str
    where: str
    form: str


def forms(word: str) -> dict[str, bytes]:
    """Every form of a word that is sought, without regard to case."""
    found = {"quoted-printable": "".join(f"={byte:02X}" for byte in word.encode()).encode()}
    for encoding in ENCODINGS:
        raw = word.encode(encoding)
        found |= {encoding: raw, f"{encoding} in hexadecimal": raw.hex().encode()}
        found |= {f"{encoding} in base64 after {n} bytes": _base64(raw, n) for n in range(3)}
    return {name: form.lower() for name, form in found.items()}


def _base64(raw: bytes, before: int) -> bytes:
    """The part of a base64 text that is the same whatever stands before and after the word."""
    text = base64.b64encode(bytes(before) + raw + bytes(2))
    return text[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def views(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data as it lies, without the line breaks that encodings put in, and what is compressed within it."""
    yield from _plain(data)
    for depth, stream in _streams(data, 1):
        for name, view in _plain(stream):
            yield f"{name}, {depth} deep in a compressed stream", view


def _plain(data: bytes) -> Iterator[tuple[str, bytes]]:
    low = data.lower()
    yield "as it lies", low
    yield "without soft breaks", _SOFT_BREAK.sub(b"", low)
    yield "without white space", _SPACE.sub(b"", low)


def _streams(data: bytes, depth: int) -> Iterator[tuple[int, bytes]]:
    """Whatever can be inflated, wherever it begins; what is cut short is given as far as it goes."""
    for start in _STREAM.finditer(data):
        inside = _inflated(data, start.start())
        if len(inside) < 4:
            continue
        yield depth, inside
        if depth < DEEPEST:
            yield from _streams(inside, depth + 1)


def _inflated(data: bytes, start: int) -> bytes:
    engine, out = zlib.decompressobj(zlib.MAX_WBITS | 32), bytearray()
    for at in range(start, len(data), _PIECE):
        try:
            out += engine.decompress(data[at : at + _PIECE])
        except zlib.error:
            break
        if engine.eof or len(out) > LARGEST_STREAM:
            break
    return bytes(out)


def sought_in(data: bytes, where: str, words: Mapping[str, str]) -> set[Found]:
    """The words (by name) that data holds in any form."""
    beginnings = {word[:_BEGINNING] for word in words.values()}
    begin = {beginning: tuple(forms(beginning).values()) for beginning in beginnings}
    wanted = {name: forms(word) for name, word in words.items()}
    found: set[Found] = set()
    for view, seen in views(data):
        begun = {beginning for beginning, its in begin.items() if any(raw in seen for raw in its)}
        found |= {
            Found(name, where, f"{form}, {view}")
            for name, its in wanted.items()
            if words[name][:_BEGINNING] in begun
            for form, raw in its.items()
            if raw in seen
        }
    return found


def sought_in_files(folders: Iterable[Path], words: Mapping[str, str]) -> set[Found]:
    """The words that any file holds; a database is also looked at value by value, for pages cut long values."""
    found: set[Found] = set()
    for path in files(folders):
        found |= sought_in(path.read_bytes(), path.name, words)
        if path.suffix == ".sqlite3":
            for table, values in tables(path):
                found |= sought_in(values, f"{path.name}: {table}", words)
    return found


def files(folders: Iterable[Path]) -> list[Path]:
    """Every file below some folders."""
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def tables(database: Path) -> Iterator[tuple[str, bytes]]:
    """Each table's values, one after the other."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            rows = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608  # our own tables' names
            yield name, b"\n".join(_bytes(value) for row in rows for value in row if value is not None)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
