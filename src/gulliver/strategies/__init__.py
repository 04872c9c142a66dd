"""How a model is used on one item, one file a strategy."""

from gulliver.strategies.base import Asking, Choosing, Drawing, Whole, strategy
from gulliver.strategies.pipeline import Strategy, parse_strategy
from gulliver.strategies.registry import find_strategy, strategy_names

__all__ = [
    "Asking",
    "Choosing",
    "Drawing",
    "Strategy",
    "Whole",
    "find_strategy",
    "parse_strategy",
    "strategy",
    "strategy_names",
]
