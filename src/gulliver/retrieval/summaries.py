"""A document's summary without a model: its sentences nearest to its own centre among the words of all documents."""

from collections.abc import Sequence

import numpy as np

from gulliver.retrieval.chunking import sentences
from gulliver.retrieval.lexical import words


def summaries(texts: Sequence[str], size: int = 60) -> list[str]:
    """The central sentences of each text (centroid method, Radev et al. 2004), in their order, together about `size`
    words; a text that is no longer stays as it is."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(tokenizer=words, token_pattern=None, lowercase=False)
    centres = vectorizer.fit_transform(list(texts))
    made = []
    for row, text in enumerate(texts):
        pieces = sentences(text)
        if len(text.split()) <= size or len(pieces) < 2:
            made.append(text)
            continue
        closeness = np.asarray((vectorizer.transform(pieces) @ centres[row].T).todense()).ravel()
        kept: list[int] = []
        length = 0
        for i in np.argsort(-closeness, kind="stable"):
            length += len(pieces[i].split())
            if kept and length > size:
                break
            kept.append(int(i))
        made.append(" ".join(pieces[i] for i in sorted(kept)))
    return made
