"""Many draws of one prompt: `python -m benchmarks.drawing [--prompts N] [--draws N] [--rounds N]`.

16 draws of 128 tokens (temperature 0.8) for each of 64 prompts behind a shared beginning of about 300 tokens, SmolLM2-135M.
Ours: the recipe `direct | sample | majority(n=16)` on an empty store, all of Gulliver included. Theirs: transformers'
`generate` in bf16 with `num_return_sequences=16`, on an eighth of the prompts (after a short run to warm up). The limit: the
engine OpenVINO GenAI itself, given the same plan by hand: the beginning first, then each prompt once and its draws. A second
peer: optillm's self-consistency with 16 samples, over a thin endpoint of the same engine (`thin_endpoint`), from one client (a
sixteenth of the prompts) and from 64 (all of them). Compared are written tokens a second, since texts end where the model ends
them. Rounds are paired; medians are quoted. `--only` names the one to be held against.

The result's `more` has ours over the raw engine's, tokens computed over the fewest possible, Gulliver's own time as a share
of the whole (all that the engine was not busy), and ours over optillm's with one client and with 64.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.optillm_peer import optillm
from benchmarks.peers import peer_python
from benchmarks.scoring import BLOCK, PEER, weights
from benchmarks.serving_client import Connection, chat
from gulliver.inference import Session, Store
from gulliver.models.base import Generate, Sampling
from gulliver.models.chat import render
from gulliver.models.engines.openvino_parts import (
    SEQUENCES,
    cache_blocks,
    configuration,
    end_tokens,
    open_pipeline,
    tensor,
)
from gulliver.models.load import load_model
from gulliver.studies.asking import ask_items
from gulliver.studies.recipe import parse_recipe
from gulliver.tasks.base import Item, make_item
from gulliver.tasks.judges import Number

TOKENS = 128
TEMPERATURE = 0.8
_TALE = "The ship sailed past island number {}, where small people tied the giant down with a thousand threads. "
_SCRIPT = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import torch, transformers
transformers.logging.set_verbosity_error()
weights, tokens, temperature, draws = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
folder, _, name = weights.rpartition("/")
tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=name, padding_side="left")
model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.bfloat16).eval()
for line in sys.stdin:
    prompts = json.loads(line)
    torch.manual_seed(0)
    began, written = time.perf_counter(), 0
    for start in range(0, len(prompts), 4):
        batch = tokenizer(prompts[start : start + 4], return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.inference_mode():
            out = model.generate(**batch, do_sample=True, temperature=temperature, top_p=1.0, top_k=0, max_new_tokens=tokens,
                                 num_return_sequences=draws, pad_token_id=tokenizer.eos_token_id)
        new = out[:, batch["input_ids"].shape[1] :]
        ends = (new == tokenizer.eos_token_id).float()
        written += int(torch.where(ends.any(1), ends.argmax(1) + 1, torch.tensor(new.shape[1])).sum())
    print("ROUND " + json.dumps([written, time.perf_counter() - began]), flush=True)
"""


@dataclass(frozen=True)
class Rate:
    """Tokens written and the seconds they took."""

    tokens: int
    seconds: float

    @property
    def a_second(self) -> float:
        return self.tokens / self.seconds


def questions(count: int) -> list[Item]:
    """Prompts that share all but their last line."""
    tale = "".join(_TALE.format(i) for i in range(1, 13))
    return [
        make_item(f"tale-{i}", f"{tale}\n\nHow many threads held the giant on the first {i + 2} islands together?", 1000 * (i + 2), Number(), max_tokens=TOKENS)
        for i in range(count)
    ]  # fmt: skip


async def ours(model: str, items: Sequence[Item], draws: int, place: Path) -> tuple[Rate, int, float]:
    """The rate, tokens computed, and the share of the time that the engine was not busy."""
    recipe = parse_recipe(f"{model} | direct | sample(temperature={TEMPERATURE}) | majority(n={draws})")
    async with Store(place) as store, Session(store) as session:
        await session.bind(recipe.model).generate("Hello", max_tokens=1)  # opens the engine
        warm = set(session.ledger)
        began = time.perf_counter()
        await ask_items(recipe, items, session)
        seconds = time.perf_counter() - began
        replies = [used.reply for key, used in session.ledger.items() if key not in warm]
        written = sum(reply.completion_tokens for reply in replies)
        read = sum(reply.prompt_tokens - reply.cached_tokens for reply in replies)
        return Rate(written, seconds), written + read, 1 - sum(reply.seconds for reply in replies) / seconds


class Raw:
    """The engine by hand: the shared beginning is computed first, then each prompt's own and its draws, prompt by prompt."""

    def __init__(self, path: Path) -> None:
        import openvino_genai as genai

        self.model = load_model(f"gguf:{path}")
        self.pipeline = open_pipeline(self.model, cache_blocks(self.model.card, 2), exact=False, prefixes=True)
        tokenizer = self.pipeline.get_tokenizer()
        self.ends = end_tokens(tokenizer)
        self.encode = lambda text: tokenizer.encode(text, add_special_tokens=False).input_ids.data[0].tolist()
        self.number = 0
        self.genai = genai

    def add(self, ids: list[int], sampling: Sampling, seed: int) -> Any:
        self.number += 1
        config = configuration(Generate("", sampling, seed), sampling.max_tokens, self.ends)
        return self.pipeline.add_request(self.number, tensor(ids), config)

    def run(self, handles: list[Any]) -> int:
        while self.pipeline.has_non_finished_requests():
            self.pipeline.step()
        written = 0
        for handle in handles:
            while handle.can_read():
                written += sum(len(output.generated_ids) for output in handle.read().values())
        return written

    def run_planned(self, prompts: Sequence[list[int]], draws: int) -> int:
        """As many draws under way as the engine takes, and of each prompt its whole blocks before its first draw."""

        def running(handle: Any) -> bool:
            return bool(handle.get_status() == self.genai.GenerationStatus.RUNNING)

        waiting, todo = deque(prompts), deque[tuple[list[int], int]]()
        head: tuple[Any, list[int]] | None = None
        handles: list[Any] = []
        active: list[Any] = []
        while waiting or head or todo or self.pipeline.has_non_finished_requests():
            active = [handle for handle in active if running(handle)]
            if waiting and not head:  # read while the draws of the one before are written
                ids = waiting.popleft()
                head = self.add(ids[: (len(ids) - 1) // BLOCK * BLOCK], Sampling(max_tokens=1), 0), ids
            if head and not todo and not running(head[0]):
                todo.extend((head[1], seed) for seed in range(draws))
                head = None
            while todo and len(active) < SEQUENCES:
                ids, seed = todo.popleft()
                active.append(self.add(ids, Sampling(TOKENS, TEMPERATURE), seed))
                handles.append(active[-1])
            self.pipeline.step()
        return self.run(handles)

    def round(self, prompts: Sequence[str], draws: int) -> tuple[Rate, int]:
        """The rate, and the fewest tokens that an engine with blocks computes for these prompts."""
        began = time.perf_counter()
        ids = [self.encode(prompt) for prompt in prompts]
        same = next(i for i, column in enumerate(zip(*ids, strict=False)) if len(set(column)) > 1)
        self.run([self.add(ids[0][: same // BLOCK * BLOCK], Sampling(max_tokens=1), 0)])
        written = self.run_planned(ids, draws)
        seconds = time.perf_counter() - began
        blocks = {tuple(found[:end]) for found in ids for end in range(BLOCK, len(found), BLOCK)}
        rest = sum(len(found) - (len(found) - 1) // BLOCK * BLOCK for found in ids) * draws
        return Rate(written, seconds), len(blocks) * BLOCK + rest


@contextlib.contextmanager
def thin_endpoint(model: str) -> Iterator[int]:
    """`benchmarks.thin_endpoint` with its engine open: its port."""
    command = [sys.executable, "-m", "benchmarks.thin_endpoint", model]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit("the thin endpoint did not start; what it said stands above")
        try:
            yield int(line)
        finally:
            process.terminate()


async def consistent(port: int, items: Sequence[Item], clients: int) -> None:
    """Have each question answered by optillm's self-consistency; so many at once."""
    waiting = iter(items)

    async def ask_on() -> None:
        for item in waiting:
            async with Connection(port) as connection:
                body = chat(item.prompt[-1].content, model="m", max_tokens=TOKENS, optillm_approach="self_consistency")
                reply = await connection.post(body)
            if reply.status != 200:
                raise SystemExit(f"optillm answered {reply.status}: {reply.body[:200]!r}")

    await asyncio.gather(*(ask_on() for _ in range(clients)))


def proxied(model: str, items: Sequence[Item], draws: int) -> dict[int, Rate]:
    """What optillm makes of the same engine, by clients."""
    found = {}
    with thin_endpoint(model) as backend, optillm(backend, draws) as proxy:

        def written() -> int:
            with urllib.request.urlopen(f"http://127.0.0.1:{backend}/tokens") as reply:
                return int(json.load(reply)["tokens"])

        for clients, some in ((1, items[: max(1, len(items) // 16)]), (64, items)):
            before, began = written(), time.perf_counter()
            asyncio.run(consistent(proxy, some, clients))
            found[clients] = Rate(written() - before, time.perf_counter() - began)
    return found


def over_optillm(mine: Sequence[Rate], theirs: Sequence[dict[int, Rate]]) -> list[dict[str, object]]:
    """Entries of the result: ours over optillm's, in tokens a second."""
    entries: list[dict[str, object]] = []
    for clients, goal in ((1, 5), (64, 1.3)):
        rates = [found[clients] for found in theirs]
        ratio = statistics.median(a.a_second / b.a_second for a, b in zip(mine, rates, strict=True))
        own, others = (round(statistics.median(one.a_second for one in side), 1) for side in (mine, rates))
        name = f"over optillm's self-consistency, {clients} client{'s' * (clients > 1)}"
        entries.append({"name": name, "ours": own, "theirs": others, "ratio": round(ratio, 2), "goal": goal})
    return entries


def over_engine(mine: Sequence[tuple[Rate, int, float]], hand: Sequence[tuple[Rate, int]]) -> list[dict[str, object]]:
    """Entries of the result: ours over the engine's by hand, in tokens a second and tokens computed, and our own time."""
    own, others = (statistics.median(each[0].a_second for each in side) for side in (mine, hand))
    ratio = statistics.median(a[0].a_second / b[0].a_second for a, b in zip(mine, hand, strict=True))
    rate, computed, idle = mine[-1]
    fewest = hand[-1][1] + rate.tokens
    return [
        {"name": "over the raw engine", "ours": round(own, 1), "theirs": round(others, 1), "ratio": round(ratio, 3), "goal": 0.95},
        {"name": "computed tokens", "ours": computed, "theirs": fewest, "ratio": round(computed / fewest, 4), "goal": 1.1},
        {"name": "time the engine was not busy", "ours": round(idle, 4), "theirs": 1, "ratio": round(idle, 4), "goal": 0.05},
    ]  # fmt: skip


def only_engine(raw: Raw, items: Sequence[Item], prompts: Sequence[str], draws: int, rounds: int) -> None:
    """Rounds of ours and of the engine by hand, and the line of JSON."""
    mine, hand = [], []
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            mine.append(asyncio.run(ours(raw.model.name, items, draws, Path(name) / f"{number}.sqlite")))
            hand.append(raw.round(prompts, draws))
            print(f"round {number + 1}: ours {mine[-1][0].a_second:.0f} tokens a second, the engine by hand {hand[-1][0].a_second:.0f}", flush=True)  # fmt: skip
    first, *more = over_engine(mine, hand)
    print(json.dumps({**first, "more": more}))


def only_optillm(model: str, items: Sequence[Item], draws: int, rounds: int) -> None:
    """Rounds of ours and optillm's, and the line of JSON."""
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            mine.append(asyncio.run(ours(model, items, draws, Path(name) / f"{number}.sqlite"))[0])
            theirs.append(proxied(model, items, draws))
            told = ", ".join(f"{rate.a_second:.0f} with {clients}" for clients, rate in theirs[-1].items())
            print(f"round {number + 1}: ours {mine[-1].a_second:.0f} tokens a second, optillm's {told}", flush=True)
    first, second = over_optillm(mine, theirs)
    print(json.dumps({**first, "more": [second]}))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--draws", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", choices=("engine", "optillm"), help="hold it against this one alone")
    given = parser.parse_args()
    path, items = weights(), questions(given.prompts)
    if given.only == "optillm":
        only_optillm(f"gguf:{path}", items, given.draws, given.rounds)
        return
    model = load_model(f"gguf:{path}")
    prompts = [render(model.card, item.prompt) for item in items]
    raw = Raw(path)
    if given.only == "engine":
        only_engine(raw, items, prompts, given.draws, given.rounds)
        return
    mine: list[tuple[Rate, int, float]] = []
    hand: list[tuple[Rate, int]] = []
    peer: list[Rate] = []
    proxy: list[dict[int, Rate]] = []
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "peer.py"
        script.write_text(_SCRIPT, encoding="utf-8")
        command = [peer_python("scoring", *PEER), script, path, str(TOKENS), str(TEMPERATURE), str(given.draws)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

            def theirs(some: Sequence[str]) -> Rate:
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(json.dumps(list(some)) + "\n")
                process.stdin.flush()
                line = next((line for line in process.stdout if line.startswith("ROUND ")), None)
                if line is None:
                    raise SystemExit("transformers gave no result; its message is above")
                return Rate(*json.loads(line.removeprefix("ROUND ")))

            theirs(prompts[:1])
            for number in range(given.rounds):
                mine.append(asyncio.run(ours(f"gguf:{path}", items, given.draws, Path(name) / f"{number}.sqlite")))
                hand.append(raw.round(prompts, given.draws))
                rate, by_hand = mine[-1][0], hand[-1][0]
                peer.append(theirs(prompts[: max(4, given.prompts // 8)]))
                print(f"round {number + 1}: ours {rate.a_second:.0f} tokens a second ({rate.tokens} in {rate.seconds:.0f} s), the engine by hand {by_hand.a_second:.0f}, transformers in bf16 {peer[-1].a_second:.0f}", flush=True)  # fmt: skip
                proxy.append(proxied(f"gguf:{path}", items, given.draws))
            assert process.stdin is not None
            process.stdin.close()
    rates = [rate for rate, _, _ in mine]
    own, others = (statistics.median(one.a_second for one in side) for side in (rates, peer))
    ratio = statistics.median(a.a_second / b.a_second for a, b in zip(rates, peer, strict=True))
    print(json.dumps({
        "name": "drawing", "ours": round(own, 1), "theirs": round(others, 1), "ratio": round(ratio, 2), "goal": 3,
        "more": [*over_engine(mine, hand), *over_optillm(rates, proxy)],
    }))  # fmt: skip


if __name__ == "__main__":
    main()
