"""Forward FLOPs of a request, counted from the model's card.

A multiply-add is two FLOPs. Per token: twice the weights outside the embedding table, plus attention over what came
before (scores and values: 4 x layers x heads x head_dim for each position attended), plus the output projection
(2 x hidden x vocabulary) for each position whose logits are needed: one per generated or scored token. After Kaplan et
al. 2020 (arXiv:2001.08361), table 1, with the output projection counted where it is computed.
"""

from gulliver.models.base import Card


def forward_flops(card: Card, prompt_tokens: int, new_tokens: int, cached_tokens: int = 0) -> float:
    """FLOPs to read `prompt_tokens` (less `cached_tokens` at their front) and produce `new_tokens`; 0.0 when unknown."""
    if card.active_parameters <= 0 or prompt_tokens + new_tokens <= 0:
        return 0.0
    # The last new token is drawn from the logits of the position before it and is itself never read.
    last = prompt_tokens + max(new_tokens - 1, 0)
    read = last - cached_tokens
    attended = _triangle(last) - _triangle(cached_tokens)
    body = 2.0 * (card.active_parameters - card.embedding_parameters - card.output_parameters) * read
    attention = 4.0 * card.layers * card.heads * card.head_dim * attended
    logits = 2.0 * card.hidden * card.vocabulary * max(new_tokens, 1)
    return body + attention + logits


def _triangle(n: int) -> float:
    return n * (n + 1) / 2
