"""Made-up proteins: a grammar of families, each a profile hidden Markov model, for laws of biological sequences.

The grammar, whole: `families` families (200 unless told), family k as likely as 1 / k. A family is a chain of 40 to 160 positions; each has a
distribution over the 20 amino acids, drawn from a Dirichlet around the background frequencies (Robinson and Robinson 1991,
rounded) with a `concentration` of 4 (unless told), so that some positions are conserved and others are free. A sequence walks the
chain: at each position it is deleted with 3 %, else one residue is drawn from it; after it, with 3 %, an insertion of
geometric length (mean 2) of background residues. Sequences stand one a line. It is no model of evolution or folding: what it
shares with proteins is the alphabet, the families and the gaps.
"""

import numpy as np

ACIDS = "ARNDCQEGHILKMFPSTWYV"
_BACKGROUND = (7.8, 5.1, 4.5, 5.4, 1.9, 4.3, 6.3, 7.4, 2.2, 5.1, 9.1, 5.7, 2.2, 3.9, 5.2, 7.1, 5.8, 1.3, 3.2, 6.4)
FAMILIES = 200
DELETED, INSERTED, MEAN_INSERT, CONCENTRATION = 0.03, 0.03, 2.0, 4.0


def proteins(size: int, seed: int = 0, families: int = FAMILIES, concentration: float = CONCENTRATION) -> str:
    """About `size` bytes of sequences, one a line; the same for the same seed.

    With 200 families at a concentration of 4, models of some 100,000 parameters learn little but the background in a million
    residues; with 20 at 0.5 (nearly one residue a position), one of 27,000 begins to learn them in a hundred thousand.
    """
    draw = np.random.default_rng(seed)
    background = np.array(_BACKGROUND) / sum(_BACKGROUND)
    letters = np.array(list(ACIDS))
    profiles = [
        np.cumsum(draw.dirichlet(concentration * background, draw.integers(40, 161)), axis=1) for _ in range(families)
    ]
    share = 1 / np.arange(1, families + 1)
    share /= share.sum()
    lines, made = [], 0
    while made < size:
        profile = profiles[draw.choice(families, p=share)]
        chosen = np.minimum((draw.random((len(profile), 1)) > profile).sum(1), len(ACIDS) - 1)
        residues = letters[chosen]
        parts = []
        for residue, fate, after in zip(residues, draw.random(len(profile)), draw.random(len(profile)), strict=True):
            if fate >= DELETED:
                parts.append(residue)
            if after < INSERTED:
                parts.extend(draw.choice(letters, draw.geometric(1 / MEAN_INSERT), p=background))
        lines.append("".join(parts))
        made += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"
