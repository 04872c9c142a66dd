"""A recipe: a model and the strategy that uses it."""

from collections.abc import Callable
from dataclasses import dataclass

from gulliver.errors import SpecError
from gulliver.inference.flops import forward_flops
from gulliver.models import check_runs, load_model
from gulliver.models.base import Model
from gulliver.spec import parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.tasks.base import Item

Loader = Callable[[str], Model]


@dataclass(frozen=True)
class Recipe:
    """A model, then a strategy; `text` is how it is written, `model | strategy`."""

    text: str
    model: Model
    strategy: Strategy

    def forecast_flops(self, item: Item) -> float:
        """FLOPs of one item, guessed before any was asked: four characters a token, the strategy's usual length."""
        put = self.strategy.ask(item)
        prompt = sum(len(message.content) for message in put.prompt) // 4 + 1
        tokens = min(self.strategy.tokens, put.max_tokens)
        return self.strategy.draws * forward_flops(self.model.card, prompt, tokens)


def parse_recipe(text: str, load: Loader = load_model) -> Recipe:
    """Read `qwen2.5-coder-0.5b | pal | majority(n=8)`.

    Raises:
        SpecError: a part cannot be read.
        ModelError: the model cannot be had.
    """
    name, bar, rest = text.partition("|")
    name = name.strip()
    if not name:
        raise SpecError(f"{text!r} names no model; write `model | strategy`.")
    calls = parse(rest) if bar else parse("direct")
    strategy = parse_strategy(calls)
    model = load(name)
    check_runs(model)
    return Recipe(f"{name} | {strategy.text}", model, strategy)
