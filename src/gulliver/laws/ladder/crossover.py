"""With little text and many epochs, does diffusion overtake the decoder? Read off the ladder's rows, not assumed.

The claim (Prabhudesai et al. 2025, arXiv:2507.15857; Ni et al. 2025, arXiv:2511.03276): on the same unique tokens, repeated, a masked
diffusion model's held-out loss goes on falling after the decoder's has turned up, and ends below it. Diffusion's loss here is an upper bound on its
negative log-likelihood, so where the bound is below the decoder's loss it has overtaken; where it is not, it may have.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gulliver.laws.ladder.rows import Row


@dataclass(frozen=True)
class Crossover:
    """Decoder and diffusion of one size on the same unique tokens.

    Attributes:
        unique: unique tokens at most; 0 is the whole text.
        tokens: the least measured token count from which on diffusion is below the decoder trained on as many, or None.
        best: (decoder's lowest loss, diffusion's lowest), nats a token, over the counts both have.
        epochs: of the largest count both have.
        overtakes: diffusion's lowest is below the decoder's lowest by more than twice their standard error.
    """

    width: int
    depth: int
    vocabulary: int
    unique: int
    seed: int
    counts: tuple[int, ...]
    tokens: int | None
    best: tuple[float, float]
    error: float
    epochs: float
    overtakes: bool

    @property
    def sentence(self) -> str:
        seen = f"{self.unique:,} unique tokens" if self.unique else "the whole text"
        decoder, diffusion = self.best
        verdict = "diffusion overtakes" if self.overtakes else "diffusion does not overtake"
        same = (
            "at no measured token count is its bound below the decoder's loss"
            if self.tokens is None
            else f"from {self.tokens:,} tokens on its bound is below the loss of the decoder trained on as many"
        )
        return (
            f"{self.width}x{self.depth} on {seen}, up to {self.epochs:.3g} epochs: {verdict} the decoder's best "
            f"({diffusion:.3f} against {decoder:.3f} nats a token, standard error {self.error:.3f}); {same}."
        )


def crossovers(rows: Iterable[Row]) -> list[Crossover]:
    """Each model that was trained both ways on the same unique tokens at two token counts or more."""
    groups: dict[tuple[int, ...], dict[str, dict[int, Row]]] = {}
    for row in rows:
        key = tuple(int(row[part]) for part in ("width", "depth", "vocabulary", "unique_limit", "seed"))
        groups.setdefault(key, {}).setdefault(str(row["kind"]), {})[int(row["tokens"])] = row
    found = []
    for (width, depth, vocabulary, unique, seed), kinds in sorted(groups.items()):
        decoder, diffusion = kinds.get("decoder", {}), kinds.get("diffusion", {})
        counts = tuple(sorted(decoder.keys() & diffusion.keys()))
        if len(counts) < 2:
            continue
        first = None
        for count in reversed(counts):
            if diffusion[count]["loss"] >= decoder[count]["loss"]:
                break
            first = count
        ours, theirs = (
            min((kind[c] for c in counts), key=lambda row: float(row["loss"])) for kind in (decoder, diffusion)
        )
        error = float(ours["loss_se"] ** 2 + theirs["loss_se"] ** 2) ** 0.5
        best = float(ours["loss"]), float(theirs["loss"])
        epochs = float(decoder[counts[-1]]["epochs"])
        overtakes = best[1] < best[0] - 2 * error
        found.append(Crossover(width, depth, vocabulary, unique, seed, counts, first, best, error, epochs, overtakes))
    return found
