"""Published claims about what size buys, each with the experiment that tests it: one file a publication."""

from gulliver.papers.base import Figure, Finding, Measurement, Paper, Scale, Spent, Verdict
from gulliver.papers.registry import Row, load_paper, rows

__all__ = ["Figure", "Finding", "Measurement", "Paper", "Row", "Scale", "Spent", "Verdict", "load_paper", "rows"]
