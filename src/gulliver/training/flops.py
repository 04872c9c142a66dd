"""Exact FLOPs of what ran: counted operation by operation the first time a shape comes, remembered after that.

A multiply-add is two FLOPs; only matrix products, convolutions and attention count, as in torch's own counter. Attention
counts the whole square of positions, since that is the shape handed to the kernel, also where a causal kernel skips blocks.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

Result = TypeVar("Result")


class FlopMeter:
    """Runs work and says what it cost; the same `key` must mean the same shapes."""

    def __init__(self) -> None:
        self._known: dict[Hashable, float] = {}

    def run(self, key: Hashable, work: Callable[[], Result]) -> tuple[Result, float]:
        """The result of `work()` and its FLOPs, with those of any backward pass inside it."""
        if key in self._known:
            return work(), self._known[key]
        result, flops = count_flops(work)
        self._known[key] = flops
        return result, flops


def count_flops(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result of `work()` and its FLOPs, by `torch.utils.flop_counter`, with the attention kernel of CPUs added to it."""
    with FlopCounterMode(display=False, custom_mapping=_cpu_attention()) as counter:
        result = work()
    return result, float(counter.get_total_flops())


def _cpu_attention() -> dict[Any, Any]:
    """torch 2.13 counts nothing for the CPU's attention kernel; older versions may lack the kernel."""
    forward = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
    backward = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu_backward", None)
    if forward is None or backward is None:
        return {}

    def products(query: Any, key: Any, value: Any) -> tuple[int, int]:
        """FLOPs of scores (or their gradient), and of mixing values (or its gradient)."""
        batch, heads, asked, width = query
        return 2 * batch * heads * asked * key[-2] * width, 2 * batch * heads * asked * key[-2] * value[-1]

    def count_forward(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        scores, mixed = products(query, key, value)
        return scores + mixed

    def count_backward(_grad: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        # Scores are computed again, then the gradients of query and key, and of scores and value.
        scores, mixed = products(query, key, value)
        return 3 * scores + 2 * mixed

    return {forward: count_forward, backward: count_backward}
