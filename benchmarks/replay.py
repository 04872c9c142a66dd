"""All curves from one pool of draws: `python -m benchmarks.replay [--items N] [--draws N] [--stored N]`.

50 items of the scripted model, 64 draws each. Ours: the draws are asked once, and pass, majority, weighted and best_of at every
k = 1 … 64 are averages over all subsets of them. Theirs: each of the recipes `majority(n=k)`, `weighted_majority(n=k)`, `best_of(n=k)`
run by itself on a store of its own, as who does not know that they share draws would (k = 1 … 64, three rules: 192 runs). A
third way, printed beside it, runs the same 192 recipes on the store that holds the draws: nothing is asked, yet each gives
one subset only. The scripted model answers at once, so that only Gulliver's own time is compared: the ratio with any real
model is larger, about that of the model calls, which is printed too.

The result's `more` has how long so many stored answers take to be read back: from the store, and through a session.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gulliver.inference import Session, Store
from gulliver.inference.keys import request_key
from gulliver.inference.tables import answers as table
from gulliver.models import load_model
from gulliver.models.base import Generate, Model, Sampling
from gulliver.studies.asking import ask_items
from gulliver.studies.curves import Curve, Pool, draw_curves
from gulliver.studies.pools import make_pool
from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.studies.unopened import Unopened
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.judges import Number

MODEL = "scripted:fair?accuracy=0.4&unreadable=0.05&parameters=1e8"
RULES = ("majority", "weighted_majority", "best_of")
GOAL = 0.1


def questions(count: int) -> list[Item]:
    rng = np.random.default_rng(0)
    pairs = rng.integers(10, 1000, (count, 2)).tolist()
    return [make_item(f"sum-{i}", f"What is {a} + {b}?", a + b, Number()) for i, (a, b) in enumerate(pairs)]


def recipe(rule: str, k: int) -> Recipe:
    return parse_recipe(f"{MODEL} | direct | sample(temperature=0.8) | {rule}(n={k})")


async def at_once(items: Sequence[Item], draws: int, path: Path) -> tuple[list[Curve], int]:
    """Draw once, then all curves; with the number of model calls."""
    made = recipe("majority", draws)
    async with Store(path) as store, Session(store) as session:
        lm = session.bind(made.model)

        async def pool(item: Item) -> Pool:
            put = made.strategy.ask(item)
            return make_pool(item, [put.read(draft) for draft in await made.strategy.drawing.draw(put, lm, draws)])

        pools = await asyncio.gather(*(pool(item) for item in items))
        return draw_curves(pools), session.spending.asked


async def one_by_one(items: Sequence[Item], draws: int, folder: Path, shared: Path | None) -> tuple[int, list[float]]:
    """Each recipe by itself, on stores of their own or on a shared one; model calls, and qualities of the majority."""
    asked, qualities = 0, []
    for rule in RULES:
        for k in range(1, draws + 1):
            made = recipe(rule, k)
            path = shared or folder / f"{rule}-{k}.sqlite"
            async with Store(path) as store, Session(store) as session:
                found = await ask_items(made, items, session)
                asked += session.spending.asked
            if rule == "majority":
                qualities.append(float(np.mean([one.score for one in found])))
    return asked, qualities


def read_back(path: Path, count: int) -> dict[str, float]:
    """Seconds to read `count` answers from a store, and by draws of 64 through a session, after writing them."""
    model, sampling = load_model(MODEL), Sampling(256, 0.8)
    prompts = [f"{'Question ' * 30}{i}\n" for i in range(count // 64 + 1)]
    keys = [request_key(model, Generate(p, sampling), draw, 0) for p in prompts for draw in range(64)][:count]
    _fill(path, model, keys)
    began = time.perf_counter()
    store = Store(path)
    if len(store.get(keys)) != count:
        raise SystemExit("not every stored answer came back")
    seconds = time.perf_counter() - began

    async def through() -> float:
        async with Store(path) as kept, Session(kept, 0, Unopened) as session:
            started = time.perf_counter()
            lm = session.bind(model)
            whole = prompts[: count // 64]
            await asyncio.gather(*(lm.draws(prompt.strip(), 64, sampling) for prompt in whole))
            return time.perf_counter() - started

    return {"store": seconds, "session": asyncio.run(through())}


def _fill(path: Path, model: Model, keys: Sequence[str]) -> None:
    asyncio.run(_opened(path))
    import sqlalchemy as sql

    reply = json.dumps(
        {"text": "word " * 60, "finish": "stop", "prompt_tokens": 80, "completion_tokens": 60, "cached_tokens": 0,
         "logprob": -31.5, "seconds": 0.25, "error": ""}
    )  # fmt: skip
    same = {"model": model.card.digest, "engine": "scripted 1", "request": "{}", "reply": reply, "created": 0.0}
    engine = sql.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sql.insert(table), [{"key": key, **same} for key in keys])
    engine.dispose()


async def _opened(path: Path) -> None:
    async with Store(path):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--draws", type=int, default=64)
    parser.add_argument("--stored", type=int, default=100_000)
    given = parser.parse_args()
    items = questions(given.items)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        curves, calls = asyncio.run(at_once(items, given.draws, folder / "pool.sqlite"))
        ours = time.perf_counter() - began
        began = time.perf_counter()
        apart_calls, qualities = asyncio.run(one_by_one(items, given.draws, folder, None))
        theirs = time.perf_counter() - began
        began = time.perf_counter()
        shared_calls, _ = asyncio.run(one_by_one(items, given.draws, folder, folder / "pool.sqlite"))
        shared = time.perf_counter() - began
        back = read_back(folder / "back.sqlite", given.stored)
    exact = dict(zip(curves[1].k, curves[1].value, strict=True))
    for k in sorted({1, 2, 4, 8, 16, 32, given.draws} & set(exact)):
        told = ", ".join(f"{c.name} {c.value[k - 1]:.3f}" for c in curves)
        print(f"k = {k}: {told}; one subset's majority {qualities[k - 1]:.3f}")
    print(f"at once {ours:.2f} s, {calls} calls; each apart {theirs:.1f} s, {apart_calls} calls; each on the shared store {shared:.1f} s, {shared_calls} calls")  # fmt: skip
    if calls != given.items * given.draws:
        raise SystemExit(f"{calls} model calls, where the largest k alone takes {given.items * given.draws}")
    print(json.dumps({
        **_row("replay: all curves from one pool, seconds against running each recipe", ours, theirs, GOAL),
        "calls": calls, "calls_of_largest_k": given.items * given.draws, "calls_theirs": apart_calls,
        "largest_error_of_weighted": max(max(c.error) for c in curves),
        "more": [
            _row("model calls", calls, apart_calls, GOAL),
            _row("seconds against each recipe on the shared store", ours, shared, None),
            _row(f"reading {given.stored} stored answers, seconds against 2", back["store"], 2.0, 1.0),
            _row(f"reading {given.stored} stored answers through a session, 64 draws a prompt, against 2", back["session"], 2.0, None),
        ],
    }))  # fmt: skip


def _row(name: str, ours: float, theirs: float, goal: float | None) -> dict[str, object]:
    return {"name": name, "ours": round(ours, 3), "theirs": round(theirs, 3), "ratio": round(ours / theirs, 4), "goal": goal}  # fmt: skip


if __name__ == "__main__":
    main()
