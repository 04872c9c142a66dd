"""A model's size in numbers: parameters and FLOPs from its shapes alone, without torch."""

from dataclasses import dataclass

HEAD = 32  # the width of one attention head, where the model is wide enough


@dataclass(frozen=True)
class Shape:
    """A Llama-like backbone: RMSNorm, rotary attention without biases, SwiGLU, embedding and head tied.

    Attributes:
        width: of the residual stream.
        depth: layers.
        vocabulary: ids, the two special ones among them.
        context: tokens of one window.
    """

    width: int
    depth: int
    vocabulary: int
    context: int

    @property
    def heads(self) -> int:
        return max(1, self.width // HEAD)

    @property
    def hidden(self) -> int:
        """The feed-forward width: 8/3 of the width, up to the next multiple of 32, so that it costs what 4x costs ungated."""
        return -(-8 * self.width // 3 // 32) * 32

    @property
    def matrices(self) -> int:
        """Weights inside the layers' matrices."""
        return self.depth * (4 * self.width**2 + 3 * self.width * self.hidden)

    @property
    def non_embedding(self) -> int:
        """Parameters but for the table of tokens: matrices and norms."""
        return self.matrices + (2 * self.depth + 1) * self.width

    @property
    def embedding(self) -> int:
        """The table of tokens, which is also the head."""
        return self.vocabulary * self.width

    @property
    def parameters(self) -> int:
        return self.non_embedding + self.embedding

    def forward_flops(self, windows: int) -> float:
        """FLOPs of one forward pass; a multiply-add is two, attention counts the whole square of positions."""
        products = 2 * windows * self.context * (self.matrices + self.embedding)
        return float(products + windows * self.depth * 4 * self.context**2 * self.width)

    def step_flops(self, windows: int) -> float:
        """FLOPs of forward and backward: matrices twice again, attention with its scores computed again."""
        products = 6 * windows * self.context * (self.matrices + self.embedding)
        return float(products + windows * self.depth * 14 * self.context**2 * self.width)
