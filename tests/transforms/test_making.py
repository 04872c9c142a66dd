"""Results are made once, whoever asks, and what is not whole is made again."""

import errno
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import pytest

from gulliver.errors import ModelError, SpecError, TrainingError
from gulliver.models.base import Card, Model
from gulliver.models.load import load_model
from gulliver.spec import Call
from gulliver.training.base import Example, TrainingCost
from gulliver.transforms import making, parity
from gulliver.transforms.base import Material, Product
from gulliver.transforms.making import Made, is_made, made_folder, make_model
from gulliver.transforms.parity import Parity
from tests.models.tiny import tiny_gguf

CALL = Call("fake", (("size", 2),))


@dataclass(frozen=True)
class Fake:
    """Writes a tiny GGUF, whose template is `size`, and counts how often."""

    size: int = 2
    learning: bool = False
    done: list[Path] = field(default_factory=list, init=False, compare=False)
    version: ClassVar[int] = 1
    seconds: ClassVar[float] = 0.0

    @property
    def learns(self) -> bool:
        return self.learning

    def same(self, card: Card) -> bool:
        return False

    def forecast(self, card: Card) -> Card:
        return card

    def apply(self, model: Model, material: Material) -> Product:
        self.done.append(material.folder)
        time.sleep(self.seconds)
        path = tiny_gguf(material.folder / "model.gguf", template=f"{self.size} {material.seed}")
        return Product(path, TrainingCost(steps=3, seconds=2.0, peak_memory=self.size), {"format": "made up", "odd": 1})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GULLIVER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def parent(home: Path, tmp_path: Path) -> Model:
    model = load_model(f"gguf:{tiny_gguf(tmp_path / 'parent.gguf', template='parent')}")
    return replace(model, card=replace(model.card, license="MIT", source="a hub", note="Old."), options={"exact": True})


def make(parent: Model, *parts: Fake, check: bool = False, material: Material | None = None) -> Made:
    return make_model(parent, [(CALL, part) for part in parts], material or Material(), check=check)


def test_the_card_is_the_files_and_the_origin_the_parents(parent: Model) -> None:
    made = make(parent, Fake(5)).model
    assert made.card.chat_template == "5 0"
    assert (made.card.license, made.card.source, made.card.family) == ("MIT", "a hub", parent.card.family)
    assert (made.card.format, made.card.parameters) == ("made up", parent.card.parameters)
    assert made.card.note == f"Old. Made from {parent.name} ({parent.card.digest[:12]}) by fake(size=2)."
    assert (made.name, made.options) == (f"{parent.name} | fake(size=2)", {"exact": True})


def test_one_after_another_each_made_of_the_one_before_and_costs_added(parent: Model) -> None:
    made = make(parent, Fake(5), Fake(7))
    assert made.model.name == f"{parent.name} | fake(size=2) | fake(size=2)"
    assert made.model.card.chat_template == "7 0"
    assert (made.cost.steps, made.cost.seconds, made.cost.peak_memory) == (6, 4.0, 7)
    again = make(parent, Fake(5), Fake(7), Fake(8))
    assert [part.cached for part in again.parts] == [True, True, False]
    assert again.parts[1].folder == made.parts[1].folder


def test_nothing_to_apply_is_the_parent_for_nothing(parent: Model) -> None:
    assert make(parent) == Made(parent)
    assert make(parent).cost == TrainingCost()
    assert make(parent).parity is None


def test_what_decides_the_result_decides_its_folder(parent: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Example("a", "b")

    def place(part: Fake, material: Material | None = None, model: Model = parent) -> Path:
        return made_folder(model, CALL, part, material or Material())

    learner = Fake(learning=True)
    told = [Material(), Material(train=(one,)), Material(dev=(one,)), Material(seed=1)]
    assert len({place(learner, each) for each in told}) == 4
    assert len({place(Fake(), each) for each in told}) == 1
    assert place(Fake(2)) != place(Fake(3))
    assert place(Fake(), model=replace(parent, name="other")) == place(Fake())
    assert place(Fake(), model=replace(parent, card=replace(parent.card, digest="0"))) != place(Fake())
    before = place(Fake())
    monkeypatch.setattr(Fake, "version", 2)
    assert place(Fake()) != before


def test_two_who_want_the_same_do_it_once(parent: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fake, "seconds", 0.3)
    fakes = [Fake(), Fake()]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda fake: make(parent, fake), fakes)
    assert one.model == other.model
    assert sum(len(fake.done) for fake in fakes) == 1


def test_another_process_waits_for_this_one(parent: Model) -> None:
    place = made_folder(parent, CALL, Fake(), Material())
    code = f"from gulliver.models.files import locked\nwith locked('transformed-{place.name}'): print('held', flush=True); input()"
    with (
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        waiting = pool.submit(make, parent, Fake())
        time.sleep(0.2)
        assert not is_made(parent, CALL, Fake(), Material())
        other.communicate("\n")
        assert waiting.result().parts[0].folder == place


def test_a_failed_try_goes_on_in_the_same_folder(parent: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake()

    def fail(self: Fake, model: Model, material: Material) -> Product:
        (material.folder / "checkpoint").write_text("half")
        raise TrainingError("The loss is no number; lower the rate.")

    with monkeypatch.context() as patch:
        patch.setattr(Fake, "apply", fail)
        with pytest.raises(TrainingError, match="lower the rate"):
            make(parent, fake)
    assert not is_made(parent, CALL, fake, Material())
    made = make(parent, fake)
    assert (fake.done[0] / "checkpoint").read_text() == "half"
    assert made.parts[0].folder == fake.done[0]


@pytest.mark.parametrize("damage", ["cut", "gone", "unreadable", "empty"])
def test_what_is_not_whole_any_more_is_made_again(parent: Model, damage: str) -> None:
    first = make(parent, Fake())
    assert first.model.location is not None
    record = first.parts[0].folder / "made.json"
    if damage == "cut":
        first.model.location.write_bytes(first.model.location.read_bytes()[:-100])
    elif damage == "gone":
        first.model.location.unlink()
    else:
        record.write_text("{" if damage == "unreadable" else "{}")
    second = make(parent, Fake())
    assert not second.parts[0].cached
    assert second.model.card.digest == first.model.card.digest


def test_a_full_disk_is_one_sentence(parent: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Fake, model: Model, material: Material) -> Product:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Fake, "apply", full)
    with pytest.raises(ModelError, match=r"No space left on device.*GULLIVER_HOME"):
        make(parent, Fake())


def test_a_model_without_weights_here_cannot_be_changed() -> None:
    with pytest.raises(SpecError, match="no weights here that fake could change"):
        make(load_model("openai:m@http://127.0.0.1:1/v1"), Fake())


def test_a_check_is_on_record_for_each_set_of_probes(parent: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def checked(parent: Model, child: Model, probes: tuple[Example, ...], learned: bool, reference: Path) -> Parity:
        asked.append((child.name, len(probes), learned, reference.name))
        return Parity("close", "Close.", kl=0.01 * len(asked))

    monkeypatch.setattr(parity, "check", checked)
    probes = Material(probes=(Example("p", "c"),))
    kls = [
        made.parity.kl
        for material in (Material(), probes, Material(), probes)
        if (made := make(parent, Fake(), check=True, material=material)).parity is not None
    ]
    assert kls == [0.01, 0.02, 0.01, 0.02]
    assert asked == [(f"{parent.name} | fake(size=2)", n, False, "reference.npz") for n in (0, 1)]


def test_a_check_that_cannot_run_is_an_alarm_and_runs_again_next_time(
    parent: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def died(*_: object) -> Parity:
        raise ModelError("Reading it failed.")

    with monkeypatch.context() as patch:
        patch.setattr(parity, "check", died)
        made = make(parent, Fake(), check=True)
    assert made.parity is not None
    assert made.parity.alarming
    assert "Reading it failed." in made.parity.sentence
    monkeypatch.setattr(parity, "check", lambda *_: Parity("same", "Same."))
    assert make(parent, Fake(), check=True).parity == Parity("same", "Same.")


def test_of_several_checks_the_alarming_one_is_told(parent: Model) -> None:
    parts = [making.Part("x", Path(), TrainingCost(), Parity(verdict, ""), False) for verdict in ("broken", "same")]  # type: ignore[arg-type]
    told = Made(parent, tuple(parts)).parity
    assert told is not None
    assert told.verdict == "broken"
    assert Made(parent, (parts[1],)).parity == parts[1].parity


def test_the_record_is_readable(parent: Model) -> None:
    made = make(parent, Fake())
    facts = json.loads((made.parts[0].folder / "made.json").read_text())
    assert facts["path"] == "model.gguf"
    assert facts["cost"]["steps"] == 3
