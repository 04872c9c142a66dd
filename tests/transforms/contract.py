"""What every transform must keep; a transform's test inherits it and names its recipe text."""

import dataclasses
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from gulliver.models.base import Model
from gulliver.spec import Call, build, parse
from gulliver.training.base import Example
from gulliver.transforms.base import Material, Transform
from gulliver.transforms.making import Made, is_made, made_folder, make_model
from gulliver.transforms.registry import find_transform

# Ends itself by SIGKILL once the work has begun (`tell`), or at the latest before it is committed.
_KILLED = """
import os, pickle, signal, sys
from gulliver.transforms import making
end = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
making._keep = end
model, parts, material = pickle.loads(sys.stdin.buffer.read())
making.make_model(model, parts, making.replace(material, tell=end), check=False)
"""


class TransformContract:
    """Set `text`, the transform as written, and `material` for one that learns; `idempotent`: twice is the same as once."""

    text: ClassVar[str]
    material: ClassVar[Material] = Material()
    idempotent: ClassVar[bool] = False

    @pytest.fixture(scope="class")
    @classmethod
    def call(cls) -> Call:
        return parse(cls.text)[0]

    @pytest.fixture(scope="class")
    @classmethod
    def part(cls, call: Call) -> Transform:
        made: Transform = build(find_transform(call.name), call)
        return made

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, parent: Model, call: Call, part: Transform) -> Made:
        """Made after a first try was killed."""
        work = pickle.dumps((parent, [(call, part)], cls.material))
        first = subprocess.run([sys.executable, "-c", _KILLED], input=work, capture_output=True, check=False)
        assert first.returncode == -signal.SIGKILL, first.stderr.decode()
        assert not is_made(parent, call, part, cls.material)
        return make_model(parent, [(call, part)], cls.material)

    def test_its_options_are_the_fields_of_a_frozen_dataclass(self, part: Transform) -> None:
        assert isinstance(part, Transform)
        assert type(part).__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert {"learns", "version"} <= vars(type(part)).keys()
        assert hash(part) == hash(dataclasses.replace(part))  # type: ignore[type-var]

    def test_it_gives_another_model_that_stands_under_the_home(self, parent: Model, made: Made, home: Path) -> None:
        assert made.model.location is not None
        assert made.model.location.is_relative_to(home / "transformed")
        assert made.model.card.digest != parent.card.digest
        assert made.model.name == f"{parent.name} | {self.text}"
        assert (made.model.card.family, made.model.engine) == (parent.card.family, parent.engine)
        assert parent.card.digest[:12] in made.model.card.note

    def test_the_engine_reads_it_and_reads_prompts_as_before(self, made: Made) -> None:
        assert made.parity is not None
        assert made.parity.verdict != "unchecked", made.parity.sentence
        assert made.parity.ids_equal, made.parity.difference
        assert made.parity.tokens > 100

    def test_it_is_not_done_twice(
        self, parent: Model, call: Call, part: Transform, made: Made, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def again(*_: object) -> None:
            raise AssertionError("done again")

        monkeypatch.setattr(type(part), "apply", again)
        second = make_model(parent, [(call, part)], self.material)
        assert second.model == made.model
        assert second.cost == made.cost
        assert [each.cached for each in second.parts] == [True]
        assert second.parity == made.parity

    def test_nothing_half_written_is_left(self, parent: Model, call: Call, part: Transform, made: Made) -> None:
        pid = f".{os.getpid()}."
        left = [path for path in made_folder(parent, call, part, self.material).rglob("*.part") if pid in path.name]
        assert left == []

    def test_what_is_forecast_is_what_comes_out(self, parent: Model, part: Transform, made: Made) -> None:
        forecast = part.forecast(parent.card)
        assert forecast.layers == made.model.card.layers
        assert forecast.parameters == pytest.approx(made.model.card.parameters, rel=0.01)
        assert forecast.format.split(",")[0] == made.model.card.format.split(",")[0]

    def test_twice_is_once_where_that_is_so(self, parent: Model, part: Transform, made: Made) -> None:
        assert not part.same(parent.card)
        assert part.same(made.model.card) == self.idempotent

    def test_what_it_learns_from_decides_the_result_only_if_it_learns(
        self, parent: Model, call: Call, part: Transform
    ) -> None:
        other = dataclasses.replace(self.material, train=(Example("another", "one"),), seed=7)
        one, two = (made_folder(parent, call, part, each) for each in (self.material, other))
        assert (one != two) == part.learns
