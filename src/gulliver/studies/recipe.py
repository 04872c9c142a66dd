"""A recipe: a model, then transforms of it, then the strategy that uses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gulliver.errors import SpecError
from gulliver.inference.flops import forward_flops
from gulliver.models import check_runs, load_model
from gulliver.models.base import Card, Model
from gulliver.spec import Call, build, parse
from gulliver.strategies import Strategy, parse_strategy
from gulliver.strategies.registry import strategy_names
from gulliver.tasks.base import Item
from gulliver.transforms.base import Transform
from gulliver.transforms.registry import find_transform, transform_names

Loader = Callable[[str], Model]
Transforms = tuple[tuple[Call, Transform], ...]

OTHERS_SHARE = 0.5
"""Of items, for forecasts: those for which a strategy asks a further model that it names."""


@dataclass(frozen=True)
class Recipe:
    """A model, transforms, a strategy; `text` is how it is written, `model | transform | strategy`.

    `model` is the one that is asked: the parent while `transforms` are still to be made, what they made afterwards.
    `others` are further models that the strategy names (`cascade(to=...)`), by name, as they are.
    """

    text: str
    model: Model
    strategy: Strategy
    transforms: Transforms = ()
    others: Mapping[str, Model] = field(default_factory=dict)

    @property
    def models(self) -> tuple[Model, ...]:
        """All models that are asked, the first of them first."""
        return (self.model, *self.others.values())

    @property
    def card(self) -> Card:
        """The card of the model that will be asked, forecast where it is not made yet."""
        card = self.model.card
        for _, part in self.transforms:
            card = part.forecast(card)
        return card

    @property
    def learns(self) -> bool:
        """Whether making it needs training."""
        return any(part.learns for _, part in self.transforms)

    def forecast_flops(self, item: Item) -> float:
        """FLOPs of one item, guessed before any was asked: four characters a token, the strategy's usual length."""
        put = self.strategy.ask(item)
        prompt = sum(len(message.content) for message in put.prompt) // 4 + 1
        tokens = min(self.strategy.tokens, put.max_tokens)
        own = self.strategy.draws * forward_flops(self.card, prompt, tokens)
        return own + OTHERS_SHARE * sum(forward_flops(m.card, prompt, tokens) for m in self.others.values())


def parse_recipe(text: str, load: Loader = load_model) -> Recipe:
    """Read `qwen2.5-coder-0.5b | int8 | pal | majority(n=8)`. A transform that changes nothing is left out of `text`.

    Raises:
        SpecError: a part cannot be read.
        ModelError: the model cannot be had.
    """
    name, bar, rest = text.partition("|")
    name = name.strip()
    if not name:
        raise SpecError(f"{text!r} names no model; write `model | strategy`.")
    calls = list(parse(rest)) if bar else list(parse("direct"))
    known = set(transform_names())
    parts: list[tuple[Call, Transform]] = []
    while calls and calls[0].name in known:
        call = calls.pop(0)
        parts.append((call, build(find_transform(call.name), call)))
    late = next((call.name for call in calls if call.name in known), None)
    if late is not None:
        raise SpecError(f"{late} changes the model and must stand right after it, before the strategy, in {text!r}.")
    names = strategy_names()
    stray = next((call.name for call in calls if call.name not in names), None)
    if stray is not None:
        raise SpecError(
            f"There is no strategy {stray!r} and no transform of that name; strategies are {', '.join(names)}; transforms are {', '.join(sorted(known)) or 'none'}."
        )
    strategy = parse_strategy(calls or parse("direct"))
    model = load(name)
    check_runs(model)
    if parts and (model.location is None or model.engine != "openvino"):
        raise SpecError(
            f"{model.name} has no weights here that {parts[0][0].name} could change; use a rung of the ladder, hf: or gguf:."
        )
    kept = _changing(model.card, parts)
    written = " | ".join([name, *(str(call) for call, _ in kept), strategy.text])
    return Recipe(written, model, strategy, tuple(kept), _others(strategy, name, load))


def _others(strategy: Strategy, name: str, load: Loader) -> dict[str, Model]:
    found = {}
    for other in strategy.others:
        if not other:
            raise SpecError(f"{strategy.text} asks a second model; say which: to=MODEL.")
        if other == name:
            raise SpecError(f"{strategy.text} names {other}, which is the model it starts with; name a larger one.")
        found[other] = load(other)
        check_runs(found[other])
    return found


def _changing(card: Card, parts: list[tuple[Call, Transform]]) -> list[tuple[Call, Transform]]:
    kept = []
    for call, part in parts:
        if not part.same(card):
            kept.append((call, part))
            card = part.forecast(card)
    return kept
