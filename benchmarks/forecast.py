"""How often a dry run's intervals hold what the study then spends: `python -m benchmarks.forecast [--real N]`.

50 small studies on scripted models: pools and populations of 60 to 300 items, with and without a limit of items, 1 to 4
models of random quality with 1 to 3 strategies (votes share draws), targets anywhere, a tenth of them relative to another
recipe, a tenth without a race; prompts and replies of log-normal lengths, some cut by the limit; failures; engines
that answer 4 to 64 requests at once, at different pace; prices with and without a batch offer. Each study is forecast from
its pilot, then run, and what was spent since is set against the 90 % intervals. With `--real N`, N studies more on
SmolLM2-135M, whose engine batches and whose machine is shared.

A width factor is the square root of high / low: 2 is "half to twice the middle". `theirs` is what the intervals claim.
`simple_forecast_held` is how often the forecast holds (for FLOPs) that one would make without simulating the race: the
pilot's mean times all items of all recipes up to the likeliest answer, give or take the pilot's standard error.
"""

import argparse
import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from gulliver.models import load_model
from gulliver.studies import find
from gulliver.studies.config import make_study
from gulliver.studies.dry_run import PILOT, dry_run
from gulliver.studies.forecast import Forecast
from gulliver.studies.preparing import prepare
from gulliver.studies.result import StudyResult

STUDIES, GOAL = 50, 0.9
SHOWN = ("requests", "prompt_tokens", "completion_tokens", "flops", "seconds", "elapsed", "money_now")
STRATEGIES = ("direct", "cot", "cot | majority(n=3)", "cot | majority(n=5)")


def made_up(seed: int, folder: Path, pace: float = 1.0) -> dict[str, Any]:
    """One small study, as plain data; its items are written under `folder`."""
    rng = random.Random(f"forecast {seed}")
    size = rng.randint(60, 300)
    rows = []
    for i in range(size):
        filler = " ".join(
            rng.choice(("so", "then", "count", "apples", "and")) for _ in range(int(rng.lognormvariate(2.5, 0.8)))
        )
        rows.append({"q": f"{filler} What is {1000 + i} + {rng.randint(100, 999)}?"})
    for row in rows:
        left, right = row["q"].rsplit("What is ", 1)[1].rstrip("?").split(" + ")
        row["a"] = str(int(left) + int(right))
    path = folder / f"sums-{seed}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    models, prices = [], {}
    for number in range(rng.randint(1, 4)):
        options = {
            "accuracy": round(rng.uniform(0.1, 0.97), 3),
            "parameters": round(10 ** rng.uniform(6, 9)),
            "tokens": rng.randint(5, 200),
            "spread": round(rng.uniform(0.1, 0.9), 2),
            "latency": round(pace * rng.uniform(0.0, 0.015), 4),
            "pace": round(pace * rng.uniform(0.0, 0.0002), 6),
            "lanes": rng.choice((4, 8, 16, 64)),
            "failures": rng.choice((0, 0, 0, 0.03)),
            "unreadable": rng.choice((0, 0, 0.1)),
        }
        name = f"scripted:m{seed}-{number}?" + "&".join(f"{key}={value}" for key, value in options.items())
        models.append(name)
        cost = rng.uniform(0.05, 5)
        prices[name] = {"prompt": cost, "completion": 4 * cost} | ({"batch": 0.5} if rng.random() < 0.5 else {})
    strategies = rng.sample(STRATEGIES, rng.randint(1, 3))
    study: dict[str, Any] = {
        "target": round(rng.uniform(0.2, 0.9), 2),
        "models": models,
        "strategies": strategies,
        "race": rng.random() > 0.1,
        "about": rng.choice(("pool", "pool", "population")),
        "name": f"forecast-{seed}",
        "seed": seed,
    }
    if len(models) > 1 and rng.random() < 0.1:
        study["target"] = f"within {rng.choice((0.05, 0.1, 0.2))} of {models[-1]} | {strategies[0]}"
    if rng.random() < 0.3:
        study["items"] = rng.randint(40, size)
    return {"study": study, "task": _task(path), "prices": prices}


def real(seed: int, folder: Path) -> dict[str, Any]:
    """A study of a real 135M model on short sums."""
    rng = random.Random(f"real {seed}")
    rows = [
        {"q": f"What is {a} + {b}?", "a": str(a + b)}
        for a, b in ((rng.randint(2, 40), rng.randint(2, 40)) for _ in range(48))
    ]
    path = folder / f"real-{seed}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    study = {
        "target": rng.choice((0.2, 0.4, 0.6)), "models": ["smollm2-135m"], "strategies": rng.sample(("direct", "cot"), rng.randint(1, 2)),
        "name": f"real-{seed}", "seed": seed,
    }  # fmt: skip
    return {"study": study, "task": _task(path) | {"max_tokens": 48}, "prices": {"smollm2-135m": [0.1, 0.4]}}


def _task(path: Path) -> dict[str, Any]:
    return {"file": str(path), "template": "{{ q }}", "target": "a", "judge": "number"}


def one(data: dict[str, Any], pilot: int) -> tuple[Forecast, StudyResult]:
    """Forecast a study, then run it."""
    prepared = prepare(make_study(data), load_model)
    made = dry_run(prepared, pilot=pilot)
    return made, find(prepared).result


def peer(made: Forecast, result: StudyResult) -> bool:
    """Whether the simple forecast of FLOPs holds: the pilot's mean a recipe, times all items up to the likeliest answer."""
    likely = made.answers[0][1]
    low = high = 0.0
    for row, measured in zip(made.recipes, result.recipes, strict=True):
        costs = [record.flops for record in measured.records[: made.pilot]] or [0.0]
        items = result.run.pool or max(r.items for r in result.recipes)
        error = 1.645 * float(np.std(costs)) / np.sqrt(len(costs))
        low += (items - row.known) * max(0.0, float(np.mean(costs)) - error)
        high += (items - row.known) * (float(np.mean(costs)) + error)
        if row.recipe == likely:
            break
    return low <= result.spent.flops <= high


def coverage(studies: list[tuple[Forecast, StudyResult]]) -> tuple[dict[str, float], dict[str, float]]:
    """Of each quantity: the share of studies whose interval holds, and the median width factor."""
    held: dict[str, list[bool]] = {name: [] for name in SHOWN}
    width: dict[str, list[float]] = {name: [] for name in SHOWN}
    for _, result in studies:
        assert result.forecast is not None
        for quantity in result.forecast.quantities:
            if quantity.name in held and quantity.held is not None:
                held[quantity.name].append(quantity.held)
                if quantity.low > 0:
                    width[quantity.name].append((quantity.high / quantity.low) ** 0.5)
    shares = {name: round(float(np.mean(values)), 3) for name, values in held.items() if values}
    return shares, {name: round(float(np.median(values)), 2) for name, values in width.items() if values}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--first", type=int, default=0, help="seed of the first study")
    parser.add_argument("--pilot", type=int, default=PILOT)
    parser.add_argument("--real", type=int, default=0, help="studies on a real model besides")
    parser.add_argument("--pace", type=float, default=1.0, help="0: scripted models answer at once")
    options = parser.parse_args()
    started = time.perf_counter()
    models = os.environ.get("GULLIVER_HOME")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["GULLIVER_HOME"] = name
        done = []
        for seed in range(options.first, options.first + options.studies):
            done.append(one(made_up(seed, folder, options.pace), options.pilot))
            _tell(seed, *done[-1])
        measured = []
        if options.real:
            found = Path(models).expanduser() if models else Path.home() / ".cache" / "gulliver"
            (folder / "models").symlink_to(found / "models")
            for seed in range(options.first, options.first + options.real):
                measured.append(one(real(seed, folder), options.pilot))
                _tell(seed, *measured[-1])
    shares, widths = coverage(done)
    answers = float(np.mean([result.forecast.chance for _, result in done if result.forecast])) if done else 0.0
    simple = float(np.mean([peer(made, result) for made, result in done])) if done else 0.0
    print(f"{time.perf_counter() - started:.0f} s; held: {shares}; width factors: {widths}")
    worst = min(shares.values()) if shares else 0.0
    said: dict[str, Any] = {
        "name": "forecast: share of studies whose 90 % interval holds what was spent (the worst of all quantities)",
        "ours": worst,
        "theirs": GOAL,
        "ratio": round(worst / GOAL, 3),
        "goal": 1.0,
        "simple_forecast_held": round(simple, 3),
        "studies": len(done),
        "pilot": options.pilot,
        "held": shares,
        "width_factor": widths,
        "chance_given_to_the_answer": round(answers, 3),
    }
    if measured:
        real_shares, real_widths = coverage(measured)
        said["real"] = {"studies": len(measured), "held": real_shares, "width_factor": real_widths}
    print(json.dumps(said))


def _tell(seed: int, made: Forecast, result: StudyResult) -> None:
    assert result.forecast is not None
    missed = [
        f"{q.name} {q.spent:.4g} not in {q.low:.4g} to {q.high:.4g}"
        for q in result.forecast.quantities
        if q.held is False
    ]
    print(f"{seed}: {result.answer.kind} ({result.forecast.chance:.2f}); {'; '.join(missed) or 'all hold'}", flush=True)


if __name__ == "__main__":
    main()
