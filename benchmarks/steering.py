"""`smc` and genlm-control on the same constraints: `python -m benchmarks.steering [--items N] [--particles K] [--rounds R]`.

Items of `constrained_words`, SmolLM2-135M from one 16-bit GGUF on both sides, temperature 1, no top-p, the same number of particles,
drawn anew at half the effective number, at most 40 tokens. Ours: `smc` on openvino, with `--torch` also on torch in 32 bits, on an
empty store.
Theirs: genlm-control with its backend for transformers in 32 bits and its recommended sampler (AWRS) over the same conditions as a
potential on bytes, written as tightly as one can: a beginning that has too few words left for its keywords is refused, and so is a
word at a place that no longer fits. The prompt's keys and values are cached for it. It runs in an environment of its own, made on
first use. Items are asked one after another on both sides; loading the weights does not count.

Each side's best text by weight is judged by `tasks.constraints`. Printed are the shares of items that keep all conditions, and
their seconds over ours. `more` has ours with all items at once.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers import peer_python
from benchmarks.scoring import weights
from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.chat import render
from gulliver.studies.asking import ask_items
from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.tasks import load_task
from gulliver.tasks.base import Item
from gulliver.tasks.constraints import Constraints

PEER = ("torch==2.13.0", "genlm-control==0.4.1", "gguf>=0.19")
TOKENS = 40
_SCRIPT = r'''
import asyncio, json, logging, re, sys, time, warnings
warnings.simplefilter("ignore"); logging.disable(logging.WARNING)
import torch, transformers
from genlm.backend.llm import AsyncTransformer
from genlm.control import AWRS, Potential, PromptedLLM
transformers.logging.set_verbosity_error(); transformers.utils.logging.disable_progress_bar()
weights, particles, tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
ENDINGS = ("", "s", "es", "d", "ed", "ing", "'s", "’s")
NO = float("-inf")


def stands(word, there):
    return any(word + ending in there for ending in ENDINGS)


class Conditions(Potential):
    """One row's conditions on bytes; `row` may be changed between two runs."""

    def __init__(self):
        super().__init__(list(range(256)))
        self.row = None

    async def complete(self, context):
        words = [w.lower() for w in WORD.findall(bytes(context).decode("utf-8", "ignore"))]
        row = self.row
        good = row["least"] <= len(words) <= row["most"] and all(stands(w, set(words)) for w in row["keywords"])
        return 0.0 if good and all(len(words) >= p and words[p - 1] == w for p, w in row["positions"]) else NO

    async def prefix(self, context):
        row, text = self.row, bytes(context).decode("utf-8", "ignore")
        words = [w.lower() for w in WORD.findall(text)]
        grows = bool(words) and bool(re.search(r"[\w'’-]$", text))
        whole = words[:-1] if grows else words
        if "\n" in text or len(words) > row["most"] or re.search(r"\w{24}|\W{8}", text):
            return NO
        for place, word in row["positions"]:
            if place <= len(whole) and whole[place - 1] != word:
                return NO
            if grows and place == len(words) and not word.startswith(words[-1]):
                return NO
        missing = [w for w in row["keywords"] if not stands(w, set(whole))]
        left = row["most"] - len(whole)
        if len(missing) > left:
            return NO
        if missing and grows and len(missing) == left and not any(
            w.startswith(words[-1]) or any((w + e).startswith(words[-1]) for e in ENDINGS) for w in missing
        ):
            return NO
        return 0.0


folder, _, name = weights.rpartition("/")
tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
llm = PromptedLLM(AsyncTransformer(model, tokenizer), eos_byte_strings=[b"<|im_end|>"], temperature=1.0)
conditions = Conditions()
sampler = AWRS(llm, conditions.coerce(llm, f=b"".join))


async def written(row):
    conditions.row = row
    llm.model.clear_cache()
    ids = tokenizer.encode(row["prompt"], add_special_tokens=False)
    llm.model.cache_kv(ids)
    llm.prompt_ids = ids
    found = await sampler.smc(n_particles=particles, ess_threshold=0.5, max_tokens=tokens)
    texts = dict(found.decoded_posterior)
    return max(texts, key=texts.get) if texts else ""


async def rounds():
    for line in sys.stdin:
        torch.manual_seed(0)
        took, texts = [], []
        for row in json.loads(line):
            began = time.perf_counter()
            texts.append(await written(row))
            took.append(time.perf_counter() - began)
        print("ROUND " + json.dumps([took, texts]), flush=True)


asyncio.run(rounds())
'''


@dataclass(frozen=True)
class Round:
    """One side's run: seconds of each item, and its texts."""

    seconds: list[float]
    texts: list[str]


def rows_of(items: Sequence[Item], prompts: Sequence[str]) -> list[dict[str, Any]]:
    """Items as the peer takes them."""
    found = [Constraints.of(item.fields) for item in items]
    return [
        {"prompt": prompt, "least": c.least, "most": c.most, "keywords": c.keywords, "positions": c.positions}
        for c, prompt in zip(found, prompts, strict=True)
    ]


async def ours(recipe: Recipe, items: Sequence[Item], place: Path) -> tuple[Round, float]:
    """One after another, and the seconds of all at once; each on a store of its own, the engine open before."""
    async with Store(place / "alone.sqlite") as store, Session(store) as session:
        await session.bind(recipe.model).generate("Hello", max_tokens=1)
        seconds, texts = [], []
        for item in items:
            began = time.perf_counter()
            (asked,) = await ask_items(recipe, [item], session)
            seconds.append(time.perf_counter() - began)
            texts.append(asked.record.text)
    async with Store(place / "together.sqlite") as store, Session(store) as session:
        await session.bind(recipe.model).generate("Hello", max_tokens=1)
        began = time.perf_counter()
        await ask_items(recipe, items, session)
        return Round(seconds, texts), time.perf_counter() - began


def kept(items: Sequence[Item], texts: Sequence[str]) -> float:
    """The share of texts that keep all conditions."""
    return sum(Constraints.of(i.fields).satisfied(t) for i, t in zip(items, texts, strict=True)) / len(items)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--particles", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--torch", action="store_true", help="ours on the engine torch too: slow, it keeps no prefixes")
    given = parser.parse_args()
    items = list(load_task("constrained_words", items=given.items).test)
    path = weights()
    strategy = f"smc(n={given.particles}, temperature=1.0, top_p=1.0)"
    recipes = {name: parse_recipe(f"{name}gguf:{path} | {strategy}") for name in ("", "torch:")[: 1 + given.torch]}
    card = load_model(f"gguf:{path}").card
    rows = rows_of(items, [render(card, item.prompt) for item in items])
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "peer.py"
        script.write_text(_SCRIPT, encoding="utf-8")
        command = [peer_python("steering", *PEER), script, path, str(given.particles), str(TOKENS)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
            assert peer.stdin is not None
            assert peer.stdout is not None
            done: list[tuple[dict[str, tuple[Round, float]], Round]] = []
            for number in range(given.rounds):
                mine = {}
                for name, recipe in recipes.items():
                    place = Path(folder) / f"{name.strip(':') or 'openvino'}-{number}"
                    place.mkdir()
                    mine[name] = asyncio.run(ours(recipe, items, place))
                peer.stdin.write(json.dumps(rows) + "\n")
                peer.stdin.flush()
                line = next((line for line in peer.stdout if line.startswith("ROUND ")), None)
                if line is None:
                    raise SystemExit("genlm-control gave no result; its message is above")
                theirs = Round(*json.loads(line.removeprefix("ROUND ")))
                done.append((mine, theirs))
                told = ", ".join(f"{name or 'openvino:'} {sum(one.seconds):.1f} s, {kept(items, one.texts):.2f}" for name, (one, _) in mine.items())  # fmt: skip
                print(f"round {number + 1}: {told}; genlm-control {sum(theirs.seconds):.1f} s, {kept(items, theirs.texts):.2f}", flush=True)  # fmt: skip
            peer.stdin.close()
    report(items, done)


def report(items: Sequence[Item], done: Sequence[tuple[dict[str, tuple[Round, float]], Round]]) -> None:
    """Print the line of JSON: time per item as a ratio first, then the shares."""
    count = len(items)

    def row(name: str, seconds: list[float], goal: float) -> dict[str, Any]:
        theirs = [sum(one.seconds) for _, one in done]
        ratio = statistics.median(b / a for a, b in zip(seconds, theirs, strict=True))
        per_item = [round(statistics.median(side) / count, 3) for side in (seconds, theirs)]
        return {"name": name, "ours": per_item[0], "theirs": per_item[1], "ratio": round(ratio, 2), "goal": goal}

    names = tuple(done[0][0])
    alone = {name: [sum(mine[name][0].seconds) for mine, _ in done] for name in names}
    together = [mine[""][1] for mine, _ in done]
    share = {name: statistics.mean(kept(items, mine[name][0].texts) for mine, _ in done) for name in names}
    their_share = statistics.mean(kept(items, one.texts) for _, one in done)
    shares = [
        {"name": f"constraints kept, {name or 'openvino'}".rstrip(":"), "ours": round(mine, 4), "theirs": round(their_share, 4),
         "ratio": round(mine / their_share, 3) if their_share else None, "goal": 1}
        for name, mine in share.items()
    ]  # fmt: skip
    print(json.dumps({
        **row("steering: seconds an item", alone[""], 1),
        "items": count,
        "more": [
            *shares,
            *(row("seconds an item, torch on both sides", alone[name], 1) for name in names[1:]),
            row("seconds an item, all at once", together, 1),
        ],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
