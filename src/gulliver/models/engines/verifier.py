"""A verifier's head over the packaged encoder (OpenVINO, no torch)."""

from collections.abc import Sequence

from gulliver.errors import ModelError
from gulliver.models.base import Model
from gulliver.models.encoder import load_encoder
from gulliver.models.engines.waiting import Batches
from gulliver.models.verifier import features, read_head


class Verifier(Batches):
    """An `Engine`; a request is answered the same alone and in a batch (the encoder computes in 32 bits)."""

    def __init__(self, model: Model) -> None:
        super().__init__(self._odds)
        if model.location is None:
            raise ModelError(f"{model.name} has no file; train one with `gulliver verifier`.")
        self._head = read_head(model.location)
        self._encoder = load_encoder(self._head.encoder)

    def _odds(self, pairs: Sequence[tuple[str, str]]) -> tuple[list[float], list[int]]:
        questions, solutions = [question for question, _ in pairs], [solution for _, solution in pairs]
        odds = self._head.logits(features(questions, solutions, self._encoder)).tolist()
        read = zip(self._encoder.tokens(questions), self._encoder.tokens(solutions), strict=True)
        return odds, [asked + said for asked, said in read]
