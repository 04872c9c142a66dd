"""An encoder learned from the passages themselves, for languages and domains that the packaged one does not know."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from gulliver.retrieval.lexical import words

Array = npt.NDArray[np.float32]
NAME = "corpus"
DIMENSIONS = 256
FEATURES = 50_000


class CorpusEncoder:
    """Latent semantic analysis (Deerwester et al. 1990) over groups of three to five letters inside words.

    Learned anew in each process, from the passages alone and always alike; no question of a task is seen.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._counter = TfidfVectorizer(analyzer=pieces, sublinear_tf=True, max_features=FEATURES)
        counts = self._counter.fit_transform(list(texts))
        rank = min(DIMENSIONS, min(counts.shape) - 1)
        self._reducer = TruncatedSVD(rank, random_state=0).fit(counts) if rank > 0 else None

    def embed(self, texts: Sequence[str]) -> Array:
        """Shape (n, dimensions), of length 1 each; zeros for a text of which nothing is known."""
        counts = self._counter.transform(list(texts))
        rows = counts.toarray() if self._reducer is None else self._reducer.transform(counts)
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)


def pieces(text: str) -> list[str]:
    """Words, and their groups of three to five letters with the words' edges marked.

    >>> pieces("sea")
    ['<sea>', '<se', 'sea', 'ea>', '<sea', 'sea>']
    """
    found = []
    for word in words(text):
        marked = f"<{word}>"
        found.append(marked)
        found += [marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1) if n < len(marked)]
    return found
