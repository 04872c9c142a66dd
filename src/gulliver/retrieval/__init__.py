"""Finding passages in a folder or file of the user's: read, cut, indexed by words and by vectors, searched."""

from gulliver.retrieval.documents import Document, RetrievalError, read_documents
from gulliver.retrieval.index import WAYS, Index, Making, Passage, open_index

__all__ = [
    "WAYS",
    "Document",
    "Index",
    "Making",
    "Passage",
    "RetrievalError",
    "open_index",
    "read_documents",
]
