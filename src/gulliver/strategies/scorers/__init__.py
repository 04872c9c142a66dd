"""How good a draft looks, whole or only begun: one file a scorer; strategies choose, vote and search by them."""

from gulliver.strategies.scorers.base import SCORERS, Scorer, make_scorer

__all__ = ["SCORERS", "Scorer", "make_scorer"]
