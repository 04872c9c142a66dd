"""Apply transforms one after another: each result made once, kept by content, checked against its parent.

A result lives in `GULLIVER_HOME/transformed/<key>/`. It is finished when `made.json` stands there; until then whatever lies
in the folder is a checkpoint, with which the same transform goes on. The check against the parent has a file of its own for
each set of probes.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gulliver.errors import ModelError, SpecError
from gulliver.home import folder
from gulliver.models.base import Card, Model
from gulliver.models.files import locked, writing
from gulliver.models.gguf_files import card_from_gguf
from gulliver.spec import Call
from gulliver.training.base import TrainingCost, examples_digest
from gulliver.transforms.base import Material, Product, Transform

if TYPE_CHECKING:
    from gulliver.transforms.parity import Parity

_VERSION = 1
REFERENCE = "reference.npz"


@dataclass(frozen=True)
class Part:
    """One transform that was applied: as written, what it took (also when it was taken from the cache), what the check found."""

    call: str
    folder: Path
    cost: TrainingCost
    parity: "Parity | None"
    cached: bool


@dataclass(frozen=True)
class Made:
    """A model and how it came about."""

    model: Model
    parts: tuple[Part, ...] = ()

    @property
    def cost(self) -> TrainingCost:
        """All transforms together; of `peak_memory` and `trainable` the highest."""
        costs = [part.cost for part in self.parts]
        total = TrainingCost()
        for field in dataclasses.fields(TrainingCost):
            values = [getattr(cost, field.name) for cost in costs]
            highest = field.name in ("peak_memory", "trainable")
            total = replace(total, **{field.name: (max if highest else sum)(values or [0])})
        return total

    @property
    def parity(self) -> "Parity | None":
        """The check with the most to say: an alarming one, else the last."""
        checks = [part.parity for part in self.parts if part.parity is not None]
        return next((each for each in checks if each.alarming), checks[-1] if checks else None)


def make_model(
    model: Model, transforms: Sequence[tuple[Call, Transform]], material: Material, *, check: bool = True
) -> Made:
    """The model that those transforms make of it. Processes that want the same take turns; a crash loses a checkpoint's work.

    Args:
        material: examples, probes and seed; its folder is not used, each transform gets one of its own.
        check: whether to hold each result against its parent.

    Raises:
        GulliverError: a transform cannot do its work, in one sentence.
    """
    parts = []
    for call, part in transforms:
        model, made = _make(model, call, part, material, check)
        parts.append(made)
    return Made(model, tuple(parts))


def made_folder(model: Model, call: Call, part: Transform, material: Material) -> Path:
    """Where the result of that transform is or will be."""
    return folder("transformed") / _key(model, call, part, material)


def is_made(model: Model, call: Call, part: Transform, material: Material) -> bool:
    """Whether that transform of that model is finished and kept."""
    return _kept(made_folder(model, call, part, material)) is not None


def _make(model: Model, call: Call, part: Transform, material: Material, check: bool) -> tuple[Model, Part]:
    if model.location is None or model.engine != "openvino":
        raise SpecError(
            f"{model.name} has no weights here that {call.name} could change; use a rung of the ladder, hf: or gguf:."
        )
    place = made_folder(model, call, part, material)
    with locked(f"transformed-{place.name}"):
        product = _kept(place)
        cached = product is not None
        if product is None:
            product = _apply(model, part, replace(material, folder=place))
            _keep(place, product)
        child = _child(model, call, product)
        parity = _checked(model, child, part, material, place) if check else None
    return child, Part(str(call), place, product.cost, parity, cached)


def _key(model: Model, call: Call, part: Transform, material: Material) -> str:
    """All that decides what comes out. Options count with their defaults, so that a changed default is another result."""
    options = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}  # type: ignore[arg-type]
    facts: list[Any] = [_VERSION, model.card.digest, call.name, options, getattr(part, "version", 1)]
    if part.learns:
        facts += [examples_digest(material.train), examples_digest(material.dev), material.seed]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=repr).encode()).hexdigest()[:32]


def _apply(model: Model, part: Transform, material: Material) -> Product:
    try:
        material.folder.mkdir(parents=True, exist_ok=True)
        return part.apply(model, material)
    except OSError as error:
        raise ModelError(
            f"{material.folder} cannot be written ({error.strerror or error}); free space or set GULLIVER_HOME, then run the same command to go on."
        ) from error


def _keep(place: Path, product: Product) -> None:
    facts = {
        "path": str(product.path.relative_to(place)),
        "bytes": _size(product.path),
        "cost": asdict(product.cost),
        "changes": product.changes,
    }
    with writing(place / "made.json") as part:
        part.write_text(json.dumps(facts), encoding="utf-8")


def _kept(place: Path) -> Product | None:
    """What was finished there; None when nothing was, or when it is not what it was."""
    try:
        facts = json.loads((place / "made.json").read_text(encoding="utf-8"))
        path = place / facts["path"]
        known = {field.name for field in dataclasses.fields(TrainingCost)}
        cost = TrainingCost(**{key: value for key, value in facts["cost"].items() if key in known})
        return Product(path, cost, facts["changes"]) if _size(path) == facts["bytes"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _size(path: Path) -> int:
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return sum(each.stat().st_size for each in files if not each.name.startswith("."))


def _child(parent: Model, call: Call, product: Product) -> Model:
    """The model that came out. What its file says goes first; origin and licence are the parent's."""
    name = f"{parent.name} | {call}"
    card = card_from_gguf(product.path) if product.path.is_file() else parent.card
    # A file may keep one table twice; the parent's card says whether that is one.
    if card.output_parameters and not parent.card.output_parameters:
        whole = card.parameters - card.output_parameters
        card = replace(card, parameters=whole, active_parameters=whole, output_parameters=0)
    card = replace(
        card,
        name=name,
        family=parent.card.family,
        source=parent.card.source,
        license=parent.card.license,
        chat_template=card.chat_template or parent.card.chat_template,
        note=f"{parent.card.note} Made from {parent.name} ({parent.card.digest[:12]}) by {call}.".strip(),
    )
    fields = {field.name for field in dataclasses.fields(Card)}
    card = replace(card, **{key: value for key, value in product.changes.items() if key in fields})
    return replace(parent, name=name, card=card, location=product.path)


def _checked(parent: Model, child: Model, part: Transform, material: Material, place: Path) -> "Parity":
    """The check's record for these probes, made if there is none. A check that cannot run is an alarm, and not kept."""
    from gulliver.transforms.parity import PROBES, VERSION, Parity
    from gulliver.transforms.parity import check as run_check

    probes = material.probes[:PROBES]
    file = place / f"parity-{VERSION}-{examples_digest(probes)[:16]}.json"
    try:
        return Parity(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass
    if material.tell is not None:
        material.tell(f"checking {child.name} against its parent", 0, 1)
    try:
        parity = run_check(parent, child, probes, part.learns, place / REFERENCE)
    except ModelError as error:
        return Parity("unchecked", f"The changed model could not be held against its parent: {error}")
    with writing(file) as aside:
        aside.write_text(json.dumps(asdict(parity)), encoding="utf-8")
    return parity
