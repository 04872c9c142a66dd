"""A served recipe may have its drafts judged by a model of the scorer's; a second model that answers is a fallback."""

import asyncio
from pathlib import Path

import pytest

from gulliver.errors import GulliverError
from gulliver.models import load_model
from gulliver.models.verifier import PLAIN, Head
from gulliver.serving.choose import choose, made, with_strategies
from tests.serving.place import serving

SMALL = "scripted:small?accuracy=0.3&parameters=1e6"


def test_a_cascade_is_served_as_a_recipe_with_a_fallback() -> None:
    cascade = "cascade(to='scripted:large', threshold=0.9)"
    with pytest.raises(GulliverError, match="with --fallback 'scripted:large'"):
        asyncio.run(made(choose(f"{SMALL} | cot | {cascade}", load_model)))
    with pytest.raises(GulliverError, match="with --fallback 'scripted:large'"):
        with_strategies(asyncio.run(made(choose(f"{SMALL} | cot", load_model))), [cascade])


@pytest.mark.models
def test_drafts_are_judged_by_a_verifier_while_serving(tmp_path: Path) -> None:
    from gulliver.models.encoder import load_encoder

    width = 2 * load_encoder().dimensions + PLAIN
    path = tmp_path / "v.json"
    Head((0.0,) * width, (1.0,) * width, (0.0,) * width, 0.0).save(path)
    with serving(tmp_path, f"{SMALL} | cot | sample | best_of(n=6, by=verifier, model={path})") as place:
        question = [{"role": "user", "content": "What is 31 + 40?"}]
        reply = place.client().chat.completions.create(model="", messages=question)  # type: ignore[call-overload]
        assert float(reply.choices[0].model_extra["gulliver"]["value"]) >= 71
