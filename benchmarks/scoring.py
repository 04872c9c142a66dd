"""Options behind shared examples: `python -m benchmarks.scoring [--items N] [--rounds N]`.

Items of HellaSwag, four endings each, behind the same five worked examples, with SmolLM2-135M in 32 bits on both sides, from
one 16-bit GGUF. Both sides read one task file of lm-evaluation-harness. Ours: the strategy `likelihood` on the engine torch, which
packs the options of several questions into a pass behind the examples (see `torch_trees`), on an empty store. Theirs:
lm-evaluation-harness (hf), in an environment of its own. Neither side's loading of the weights counts. Rounds are paired and
their medians compared.

The result's `more` has equal choices, the largest difference of an ending's log-probability in nats a token, tokens computed
over the fewest possible (distinct tokens of the prefix tree), and the same for the engine openvino: its ratio in exact (32 bits)
and in fast mode, and its tokens (in blocks of 32).
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

import yaml

from benchmarks.peers import peer_python
from gulliver.home import folder
from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.gguf_write import write_gguf
from gulliver.strategies.likelihood import _spaced, options
from gulliver.studies.asking import ask_items
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import Item
from gulliver.tasks.lm_eval import make
from gulliver.tasks.load import load_task

PEER = ("torch==2.13.0", "lm_eval[hf]==0.4.13", "gguf>=0.19")
SHOTS = 5
BLOCK = 32
_SCRIPT = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore"); logging.disable(logging.WARNING)
import lm_eval
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
place, weights, batch = sys.argv[1:4]
lm = HFLM(pretrained=weights.rpartition("/")[0], gguf_file=weights.rpartition("/")[2], dtype="float32", device="cpu", batch_size=int(batch))
manager = TaskManager(include_path=place, include_defaults=False)
for line in sys.stdin:
    began = time.perf_counter()
    out = lm_eval.simple_evaluate(model=lm, tasks=["endings"], task_manager=manager, log_samples=True, bootstrap_iters=0, random_seed=0)
    seconds = time.perf_counter() - began
    samples = sorted(out["samples"]["endings"], key=lambda sample: sample["doc_id"])
    print("ROUND " + json.dumps([seconds, [[pair[0] for pair in sample["filtered_resps"]] for sample in samples]]), flush=True)
"""


@dataclass(frozen=True)
class Round:
    """One side's run: seconds, and each item's log-probabilities of its endings (nats, summed)."""

    seconds: float
    scores: list[list[float]]


def write_task(place: Path, count: int) -> Path:
    """The task file and its data: the first five items are the examples, the others are asked."""
    rows = [
        {"text": item.cloze, "endings": list(item.choices), "label": "ABCD".index(str(item.target))}
        for item in load_task("hellaswag").test
    ]
    for name, part in (("shots", rows[:SHOTS]), ("asked", rows[SHOTS : SHOTS + count])):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
        (place / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    config = {
        "task": "endings", "dataset_path": "json", "output_type": "multiple_choice", "test_split": "test",
        "dataset_kwargs": {"data_files": {"test": str(place / "asked.jsonl"), "train": str(place / "shots.jsonl")}},
        "fewshot_split": "train", "fewshot_config": {"sampler": "first_n"}, "num_fewshot": SHOTS,
        "doc_to_text": "{{text}}", "doc_to_target": "{{label}}", "doc_to_choice": "{{endings}}",
        "metric_list": [{"metric": "acc_norm", "aggregation": "mean", "higher_is_better": True}],
    }  # fmt: skip
    path = place / "endings.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def weights() -> Path:
    """SmolLM2-135M with every matrix in 16 bits, so that both sides have the same numbers."""
    source = load_model("smollm2-135m").location
    assert source is not None
    path = folder("benchmarks") / "smollm2-135m-f16" / "model.gguf"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_gguf(source, path, {}, "F16")
    return path


class Ours:
    """An open engine; each round has a store of its own, so that nothing is replayed."""

    def __init__(self, name: str, items: Sequence[Item]) -> None:
        self.recipe = parse_recipe(f"{name} | likelihood")
        self.items = items
        self.computed = 0
        self.plan: list[tuple[str, str]] = []

    async def round(self, place: Path) -> Round:
        async with Store(place) as store, Session(store) as session:
            lm = session.bind(self.recipe.model)
            await lm.weigh("One", [" two"])  # opens the engine
            before = session.spending.cost
            began = time.perf_counter()
            await ask_items(self.recipe, self.items, session)
            seconds = time.perf_counter() - began
            spent = session.spending.cost
            self.computed = sum(used.reply.prompt_tokens + used.reply.completion_tokens - used.reply.cached_tokens for used in session.ledger.values())  # fmt: skip
            assert spent.requests > before.requests
            scores = []
            self.plan = []
            for item in self.items:
                endings = [_spaced(item.cloze, text) for _, text in options(item)]
                drafts = await lm.weigh(item.cloze, endings)
                scores.append([float(draft.logprob or 0.0) for draft in drafts])
                self.plan += [(f"{self.recipe.model.card.bos}{item.cloze}", ending) for ending in endings]
            return Round(seconds, scores)


def fewest(plan: Sequence[tuple[str, str]], path: Path) -> tuple[int, int, list[int]]:
    """The fewest tokens that an engine must compute for these, that one with blocks must, and each continuation's length."""
    import openvino_genai as genai

    tokenizer = genai.Tokenizer(str(path))

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        return found

    blocks: set[tuple[int, ...]] = set()
    tree: set[int] = set()
    rest, lengths = 0, []
    for prompt, continuation in plan:
        before, whole = len(ids(prompt)), ids(prompt + continuation)
        usable = (before - 1) // BLOCK * BLOCK
        blocks.update(tuple(whole[:end]) for end in range(BLOCK, usable + 1, BLOCK))
        rest += len(whole) - usable
        lengths.append(len(whole) - before)
        mark = 0
        for token in whole:
            mark = hash((mark, token))
            tree.add(mark)
    return len(tree), len(blocks) * BLOCK + rest, lengths


def best(item: Item, scores: Sequence[float]) -> int:
    """The ending that is likeliest per byte."""
    worth = [score / len(text.encode()) for score, (_, text) in zip(scores, options(item), strict=True)]
    return worth.index(max(worth))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=95)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--batch", type=int, default=8, help="the peer's batch size")
    given = parser.parse_args()
    path = weights()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        items = make(write_task(place, given.items)).test
        script = place / "peer.py"
        script.write_text(_SCRIPT, encoding="utf-8")
        python = peer_python("scoring", *PEER)
        sides = [Ours(name, items) for name in (f"torch:gguf:{path}", f"gguf:{path}?exact=true", f"gguf:{path}")]
        rounds: list[list[Round]] = [[], [], []]
        theirs = []
        with subprocess.Popen(
            [python, script, place, path, str(given.batch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as peer:
            assert peer.stdin is not None
            assert peer.stdout is not None
            for number in range(given.rounds):
                for which, side in enumerate(sides):
                    rounds[which].append(asyncio.run(side.round(place / f"{which}-{number}.sqlite")))
                peer.stdin.write("go\n")
                peer.stdin.flush()
                line = next((line for line in peer.stdout if line.startswith("ROUND ")), None)
                if line is None:
                    raise SystemExit("lm-evaluation-harness gave no result; its message is above")
                theirs.append(Round(*json.loads(line.removeprefix("ROUND "))))
                took = [f"{one[-1].seconds:.1f}" for one in rounds]
                print(f"round {number + 1}: torch {took[0]} s, openvino exact {took[1]} s, fast {took[2]} s, lm-evaluation-harness {theirs[-1].seconds:.1f} s for {len(items)} items", flush=True)  # fmt: skip
            peer.stdin.close()
        report(items, sides, rounds, theirs, path)


def report(
    items: Sequence[Item], sides: Sequence[Ours], rounds: Sequence[list[Round]], theirs: list[Round], path: Path
) -> None:
    """Print what was seen, and the line of JSON."""
    lower, blocks, lengths = fewest(sides[0].plan, path)
    apart = [difference(items, one[-1], theirs[-1], lengths) for one in rounds]
    for name, (equal, nats), side in zip(("torch", "openvino exact", "openvino fast"), apart, sides, strict=True):
        print(f"{name}: equal choices {equal:.3f}; largest difference {nats:.4f} nats a token; {side.computed} tokens computed")  # fmt: skip
    equal, nats = apart[0]
    torch, exact, fast = (_speed(name, items, one, theirs) for name, one in zip(("scoring", "openvino, exact", "openvino, fast mode"), rounds, strict=True))  # fmt: skip
    print(json.dumps({**torch, "more": [
        {"name": "equal choices", "ours": round(equal, 4), "theirs": 1, "ratio": round(equal, 4), "goal": 0.99},
        {"name": "nats a token", "ours": round(nats, 5), "theirs": 0, "ratio": round(nats, 5), "goal": 0.02},
        {"name": "computed tokens", "ours": sides[0].computed, "theirs": lower, "ratio": round(sides[0].computed / lower, 4), "goal": 1.1},
        exact, fast,
        {"name": "computed tokens, openvino", "ours": sides[1].computed, "theirs": blocks, "ratio": round(sides[1].computed / blocks, 4), "goal": 1.1},
    ]}))  # fmt: skip


def difference(items: Sequence[Item], ours: Round, theirs: Round, lengths: Sequence[int]) -> tuple[float, float]:
    """The share of items with the same choice, and an ending's largest difference in nats a token."""
    flat = [[score for scores in one.scores for score in scores] for one in (ours, theirs)]
    nats = max(abs(a - b) / n for a, b, n in zip(*flat, lengths, strict=True))
    pairs = zip(items, ours.scores, theirs.scores, strict=True)
    return sum(best(item, mine) == best(item, other) for item, mine, other in pairs) / len(items), nats


def _speed(name: str, items: Sequence[Item], ours: list[Round], theirs: list[Round]) -> dict[str, object]:
    """Items a second of both, and the median ratio of paired rounds."""
    rates = [round(len(items) / statistics.median(one.seconds for one in side), 3) for side in (ours, theirs)]
    ratio = statistics.median(b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True))
    return {"name": name, "ours": rates[0], "theirs": rates[1], "ratio": round(ratio, 2), "goal": 10}


if __name__ == "__main__":
    main()
