"""Compare two recipes on the same items; the statistics are the studies' own (see `studies/paired.py`)."""

from gulliver.studies.paired import Paired, compare, newcombe, wilson

__all__ = ["Paired", "compare", "newcombe", "wilson"]
