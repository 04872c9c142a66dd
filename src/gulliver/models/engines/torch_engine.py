"""transformers on PyTorch: continuous batching of any causal language model that it knows.

Slower on a CPU than openvino; it runs architectures that openvino cannot read, GPUs, and folders of safetensors. Options:
`precision` (`fp32`, or `bf16`: less memory, and answers that depend on the company), `device` (`cpu` or `cuda`).
"""

import inspect
import random
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gulliver.models.base import Generate, Model, Reply, Request, Sampling
from gulliver.models.engines.energy import EnergyMeter, Shares
from gulliver.models.engines.tokens import ENDS, Tokens, before_stop, tokenise
from gulliver.models.engines.torch_trees import Text, Trees
from gulliver.models.engines.torch_weights import load_weights

if TYPE_CHECKING:
    import torch

    from gulliver.models.engines.torch_cache import Rows

SEQUENCES = 32
BATCHED_TOKENS = 2048
CACHE_BYTES = 4 << 30
TREE_TOKENS = {"cpu": 384, "cuda": 1024}
"""Of one pass that scores: on a CPU, more would cost more attention to other branches than a pass costs."""


@dataclass
class _Row:
    """A request on its way. `chance` draws its tokens, so that a draw depends on its own seed alone."""

    key: int
    made: Tokens
    chance: random.Random
    written: list[int] = field(default_factory=list)
    logprob: float = 0.0

    @property
    def longest(self) -> int:
        return len(self.made.ids) + self.made.new


class Torch:
    """An `Engine` over a GGUF file or a folder of safetensors with its tokenizer."""

    def __init__(self, model: Model) -> None:
        self._module, self._tokenizer = load_weights(model)
        from gulliver.models.engines.torch_cache import Rows  # needs torch, which is here by now

        config = self._module.config
        accepted = inspect.signature(self._module.forward).parameters
        self._cache_name = "cache" if "cache" in accepted else "past_key_values"  # renamed in transformers 5.24
        self._new_rows: Callable[[], Rows] = lambda: Rows(config.num_hidden_layers)
        self._rows = self._new_rows()
        stated = model.card.context_length or getattr(config, "max_position_embeddings", 0)
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        token = 2 * self._module.dtype.itemsize * config.num_hidden_layers * heads * width
        self._places = CACHE_BYTES // token
        self._most = min(stated or 1 << 30, self._places)
        self._ends = self._end_tokens()
        self._queue: deque[_Row] = deque()
        self._scores: deque[_Row] = deque()
        self._texts: list[Text] = []
        room = TREE_TOKENS[self._module.device.type]
        self._trees = Trees(self._run, self._new_rows(), room, self._module.dtype, self._module.device)
        self._sees_all = not _windows(config)
        self._active: list[_Row] = []
        self._refused: list[tuple[int, Reply]] = []
        self._shares = Shares()
        self._energy = EnergyMeter()

    def submit(self, key: int, request: Request) -> None:
        made = tokenise(request, self._encode, self._most)
        if isinstance(made, Reply):
            self._refused.append((key, made))
            return
        if isinstance(made.request, Generate):
            self._queue.append(_Row(key, made, random.Random(made.request.seed)))
        elif self._sees_all:
            insort(self._texts, Text(key, made.ids[:-1], made.prompt, made.ids[made.prompt :]), key=_path)
        else:
            self._scores.append(_Row(key, made, random.Random()))

    def step(self) -> list[tuple[int, Reply]]:
        import torch

        finished, self._refused = self._refused, []
        with torch.inference_mode():
            if self._texts:
                finished += self._score_tree()
            if self._scores:
                finished += self._score()
            if self._queue:
                finished += self._prefill()
            if self._active:
                finished += self._decode()
        return finished

    def busy(self) -> bool:
        return bool(self._active or self._queue or self._texts or self._scores or self._refused)

    def cancel(self, key: int) -> None:
        self._queue = deque(row for row in self._queue if row.key != key)
        self._scores = deque(row for row in self._scores if row.key != key)
        self._texts = [text for text in self._texts if text.key != key]
        self._keep([i for i, row in enumerate(self._active) if row.key != key])
        self._shares.take(key)

    def peak_memory(self) -> int:
        """Bytes at the highest so far: of the process, or on a GPU of what torch took there."""
        import torch

        from gulliver.models.engines.worker import peak_memory

        on_gpu = self._module.device.type == "cuda"
        return int(torch.cuda.max_memory_reserved(self._module.device)) if on_gpu else peak_memory()

    def _score_tree(self) -> list[tuple[int, Reply]]:
        """One pass over what is to be scored."""
        found = self._trees.score(self._texts)
        del self._texts[: len(found)]
        return [
            self._reply(
                one.text.key,
                Reply(
                    prompt_tokens=one.text.prompt,
                    completion_tokens=len(one.text.scored),
                    cached_tokens=one.cached,
                    logprob=one.logprob,
                ),
            )
            for one in found
        ]

    def _score(self) -> list[tuple[int, Reply]]:
        """One batch of what is to be scored, each by itself: for models with layers that see a window only."""
        import torch

        group = self._take(self._scores, SEQUENCES)
        told = max(len(row.made.ids) - row.made.prompt for row in group) + 1
        logprobs = torch.log_softmax(self._read(self._new_rows(), group, told).float(), -1)
        finished = []
        for place, row in enumerate(group):
            ids = row.made.ids[row.made.prompt :]
            at = torch.arange(told - 1 - len(ids), told - 1, device=logprobs.device)
            total = float(logprobs[place, at, torch.tensor(ids, device=logprobs.device)].double().sum())
            told_of = Reply(prompt_tokens=row.made.prompt, completion_tokens=len(ids), logprob=total)
            finished.append(self._reply(row.key, told_of))
        return finished

    def _prefill(self) -> list[tuple[int, Reply]]:
        """Read the prompts of as many waiting requests as there is room for, and draw the first token of each."""
        width = max((row.longest for row in self._active), default=0)
        group = self._take(self._queue, SEQUENCES - len(self._active), len(self._active), width)
        if not group:
            return []
        rows = self._new_rows()
        logits = self._read(rows, group, 1)
        self._rows.join(rows)
        self._active += group
        return self._draw(logits[:, -1], len(self._active) - len(group))

    def _decode(self) -> list[tuple[int, Reply]]:
        """One more token of every request under way."""
        last = [[row.written[-1]] for row in self._active]
        logits = self._forward(self._rows, last, [[1]] * len(last), 1, {row.key: 1.0 for row in self._active})
        return self._draw(logits[:, -1], 0)

    def _take(self, queue: deque[_Row], most: int, beside: int = 0, width: int = 0) -> list[_Row]:
        """From the front of a queue, what fits into one forward pass and, with what is under way, into the cache."""
        group: list[_Row] = []
        longest = 0
        while queue and len(group) < most:
            row = queue[0]
            padded = max(longest, len(row.made.ids))
            width = max(width, row.longest)
            if group and padded * (len(group) + 1) > BATCHED_TOKENS:
                break
            if (group or beside) and width * (beside + len(group) + 1) > self._places:
                break
            longest = padded
            group.append(queue.popleft())
        return group

    def _read(self, rows: "Rows", group: Sequence[_Row], told: int) -> "torch.Tensor":
        """The logits [rows, told, vocabulary] at the ends of the requests' tokens, padded on the left."""
        width = max(len(row.made.ids) for row in group)
        ids = [[0] * (width - len(row.made.ids)) + row.made.ids for row in group]
        mask = [[0] * (width - len(row.made.ids)) + [1] * len(row.made.ids) for row in group]
        return self._forward(rows, ids, mask, told, {row.key: float(len(row.made.ids)) for row in group})

    def _forward(
        self, rows: "Rows", ids: list[list[int]], mask: list[list[int]], told: int, weights: dict[int, float]
    ) -> "torch.Tensor":
        import torch

        new = torch.tensor(mask, device=self._module.device)
        rows.mask = new if rows.mask is None else torch.cat([rows.mask, new], dim=1)
        read = torch.tensor(ids, device=self._module.device)
        return self._run(rows.cache, read, rows.mask, rows.positions(new.shape[1]), told, weights)

    def _run(
        self,
        cache: Any,
        ids: "torch.Tensor",
        mask: "torch.Tensor",
        positions: "torch.Tensor",
        told: "int | torch.Tensor",
        weights: Mapping[int, float],
    ) -> "torch.Tensor":
        """One forward pass, its time charged to the requests by weight.

        Args:
            ids, positions: [rows, tokens].
            mask: [rows, places], 1 for a token; or what is added to attention, [rows, 1, tokens, places].
            told: of how many tokens at the end, or of which, logits come back: [rows, told, vocabulary].
        """
        import torch

        device = self._module.device
        self._energy.since()
        began = time.perf_counter()
        logits: torch.Tensor = self._module(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=told,
            **{self._cache_name: cache},
        ).logits
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        self._shares.charge(weights, time.perf_counter() - began, self._energy.since())
        return logits

    def _draw(self, logits: "torch.Tensor", first: int) -> list[tuple[int, Reply]]:
        """A token for each request from number `first`; those that end with it leave."""
        import torch

        logprobs = torch.log_softmax(logits.float(), -1)
        likeliest = logprobs.argmax(-1).tolist()
        finished, staying = [], list(range(first))
        for place, row in enumerate(self._active[first:]):
            assert isinstance(row.made.request, Generate)
            sampling = row.made.request.sampling
            greedy = sampling.temperature <= 0
            token = likeliest[place] if greedy else drawn(logprobs[place], sampling, row.chance.random())
            row.written.append(token)
            row.logprob += float(logprobs[place, token])
            done = self._done(row, sampling)
            if done is None:
                staying.append(first + place)
            else:
                finished.append(self._reply(row.key, replace(done, prompt_tokens=row.made.prompt)))
        self._keep(staying)
        return finished

    def _done(self, row: _Row, sampling: Sampling) -> Reply | None:
        """What was written, when its last token ends it."""
        ended = row.written[-1] in self._ends
        marks = tuple(mark for mark in sampling.stop if mark)
        if marks and not ended:
            # A character may take four tokens; what was there before the last token was looked at already.
            tail = self._decoded(row.written[-4 * max(len(mark) for mark in marks) - 4 :])
            ended = any(mark in tail for mark in marks)
        if not ended and len(row.written) < row.made.new:
            return None
        text = before_stop(self._decoded(row.written), marks)
        return Reply(text, "stop" if ended else "length", completion_tokens=len(row.written), logprob=row.logprob)

    def _reply(self, key: int, reply: Reply) -> tuple[int, Reply]:
        seconds, joules = self._shares.take(key)
        return key, replace(reply, seconds=seconds, joules=joules)

    def _keep(self, places: Sequence[int]) -> None:
        if len(places) < len(self._active):
            self._rows.keep(places)
            self._active = [self._active[place] for place in places]

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return ids

    def _decoded(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _end_tokens(self) -> frozenset[int]:
        stated = self._module.generation_config.eos_token_id
        vocabulary = self._tokenizer.get_vocab()
        known = [vocabulary[name] for name in ENDS if name in vocabulary]
        listed = stated if isinstance(stated, list) else [stated]
        return frozenset(number for number in (*listed, self._tokenizer.eos_token_id, *known) if number is not None)


def _path(text: Text) -> list[int]:
    return text.path


def _windows(config: Any) -> bool:
    """Whether some layer may look back a limited way only."""
    kinds = getattr(config, "layer_types", None)
    if kinds:
        return "sliding_attention" in kinds
    return bool(getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True))


def drawn(logprobs: "torch.Tensor", sampling: Sampling, chance: float) -> int:
    """The token at `chance` in [0, 1) of the distribution after temperature, then `top_k`, then `top_p`.

    `logprobs`: [vocabulary]. Tokens stand in the vocabulary's order, or from the likeliest down when any are cut off;
    a token is kept by `top_p` when those before it have less than that share.
    """
    import torch

    scaled = torch.softmax(logprobs.double() / sampling.temperature, -1)
    if not sampling.top_k and sampling.top_p >= 1:
        order, shares = None, scaled
    else:
        shares, order = torch.sort(scaled, descending=True, stable=True)
        if sampling.top_k:
            shares = shares[: sampling.top_k]
        if sampling.top_p < 1:
            shares = shares / shares.sum()
            shares = shares[shares.cumsum(0) - shares < sampling.top_p]
    total = shares.cumsum(0)
    place = int(torch.searchsorted(total, chance * total[-1], right=True))
    place = min(place, len(shares) - 1)
    return place if order is None else int(order[place])
