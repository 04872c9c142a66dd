"""Exact FLOPs of what ran: counted operation by operation the first time a shape comes, remembered after that.

A multiply-add is two FLOPs; only matrix products, convolutions and attention count, as in torch's own counter. Attention
counts the whole square of positions, since that is the shape handed to the kernel, also where a causal kernel skips blocks.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

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
    """The result of `work()` and its FLOPs, by the formulas of torch's counter and one for attention on a CPU."""
    with _Counter() as counter:
        result = work()
    return result, counter.total


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Looks at each operation as it runs. torch's own counter takes some of them apart first, which changes the last bits
    of the result; then a run that was killed, and counts other steps than one that was not, would end differently."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0.0
        self._formulas = {**flop_registry, **_cpu_attention()}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        formula = self._formulas.get(func._overloadpacket)
        if formula is not None:
            self.total += float(formula(*args, **(kwargs or {}), out_val=found))
        return found


def _cpu_attention() -> dict[Any, Any]:
    """torch 2.13 counts nothing for the CPU's attention kernel; older versions may lack the kernel."""
    forward = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
    backward = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu_backward", None)
    if forward is None or backward is None:
        return {}

    def products(query: Any, key: Any, value: Any) -> tuple[int, int]:
        """FLOPs of scores (or their gradient), and of mixing values (or its gradient)."""
        batch, heads, asked, width = query.shape
        return 2 * batch * heads * asked * key.shape[-2] * width, 2 * batch * heads * asked * key.shape[
            -2
        ] * value.shape[-1]

    def count_forward(query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        scores, mixed = products(query, key, value)
        return scores + mixed

    def count_backward(_grad: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> int:
        # Scores are computed again, then the gradients of query and key, and of scores and value.
        scores, mixed = products(query, key, value)
        return 3 * scores + 2 * mixed

    return {forward: count_forward, backward: count_backward}
