"""`find`: from a study to its answer; `measure`: recipes on all items, without a race."""

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from gulliver.inference import Session, Store
from gulliver.models import load_model
from gulliver.models.cluster import On, opened
from gulliver.models.engines import open_client
from gulliver.studies.asking import ask_items
from gulliver.studies.config import StudyConfig, make_study, read_study
from gulliver.studies.events import Progress, Watch
from gulliver.studies.forecast import with_forecast
from gulliver.studies.making import Making, Tell, check_material, make
from gulliver.studies.preparing import Prepared, prepare
from gulliver.studies.recipe import Loader, parse_recipe
from gulliver.studies.result import ItemRecord, StudyResult
from gulliver.studies.study import Runner
from gulliver.studies.summary import summarise
from gulliver.tasks.base import Task

Result = TypeVar("Result")


@dataclass(frozen=True)
class Study:
    """A study that was run: `result` holds everything, `answer` what it found."""

    result: StudyResult

    @property
    def answer(self) -> str:
        """The answer as a sentence."""
        return self.result.answer.sentence

    @property
    def recipe(self) -> str | None:
        """The cheapest recipe that meets the target, or None."""
        return self.result.answer.recipe

    def to_polars(self, items: bool = False) -> pl.DataFrame:
        """A row a recipe; with `items`, a row for each item of each recipe."""
        data = self.result.to_json(records=items)
        if not items:
            return pl.DataFrame(data["recipes"], infer_schema_length=None)
        rows = [{"recipe": r["recipe"], **record} for r in data["recipes"] for record in r["records"]]
        return pl.DataFrame(rows, infer_schema_length=None)

    def _repr_html_(self) -> str:
        from html import escape

        table = self.to_polars().select(
            "recipe", "verdict", "quality", "low", "high", "items", "flops_computed", "seconds"
        )
        return f"<p><b>{escape(self.answer)}</b></p>{table._repr_html_()}"


def find(
    study: str | Path | Mapping[str, Any] | StudyConfig | Prepared | None = None,
    *,
    store: str | Path | None = None,
    watch: Watch | None = None,
    load: Loader = load_model,
    on: On | str | None = None,
    **options: Any,
) -> Study:
    """Find the cheapest recipe that is good enough.

    Args:
        study: a TOML file, plain data of its shape, or what `prepare` made of one; or leave it out and give the options of its [study] table:
            `find(task="gsm8k", target=0.3, models=["smollm2-135m"], strategies=["cot"])`.
        store: where answers are kept (a file or a database URL); by default one store for all studies.
        watch: called with each `Progress`.
        on: many machines: `"ray"`, `"host:port"`, `"ray://host:port"` or an `On`, whose workers answer what this process, which
            keeps the race and the store, asks; None is this machine.

    Raises:
        GulliverError: the study cannot be run as it stands.
    """
    prepared = study if isinstance(study, Prepared) else prepare(_config(study, options), load)
    config = prepared.config

    async def work() -> StudyResult:
        async with AsyncExitStack() as stack:
            kept = await stack.enter_async_context(Store(store, config.keep_text))
            pool = await stack.enter_async_context(opened(_on(on), prepared.models)) if on is not None else None
            session = Session(kept, config.seed, pool.client if pool else open_client)
            await stack.enter_async_context(session)
            runner = Runner(prepared, session, watch, pool.places if pool else None)
            await runner.run()
            runner.warnings += [told for told in (pool.told() if pool else "",) if told]
            result = with_forecast(summarise(runner, session), session)
        _keep(result)
        return result

    return Study(run_async(work()))


def _on(on: On | str) -> On:
    return On(on) if isinstance(on, str) else on


def _config(study: str | Path | Mapping[str, Any] | StudyConfig | None, options: dict[str, Any]) -> StudyConfig:
    if isinstance(study, StudyConfig):
        return study
    if isinstance(study, Mapping):
        return make_study(study)
    if study is not None:
        return read_study(study)
    tables: dict[str, Any] = {key: options.pop(key) for key in ("limits", "prices") if key in options}
    if isinstance(options.get("task"), Mapping):
        tables["task"] = options.pop("task")
    return make_study({"study": options, **tables})


def measure(
    recipes: Sequence[str],
    task: Task,
    *,
    items: int | None = None,
    seed: int = 0,
    store: str | Path | None = None,
    watch: Watch | None = None,
    load: Loader = load_model,
    makings: dict[str, Making] | None = None,
) -> dict[str, list[ItemRecord]]:
    """Each recipe on the first `items` items of the task's test split (all when None), in the split's order.

    Args:
        makings: filled, for recipes with transforms, with how each model came to be.
    """
    made = [parse_recipe(text, load) for text in recipes]
    for recipe in made:
        check_material(recipe, task)
    chosen = list(task.test)[:items]

    async def work() -> dict[str, list[ItemRecord]]:
        records: dict[str, list[ItemRecord]] = {}
        async with Store(store) as kept, Session(kept, seed) as session:
            for position, (text, recipe) in enumerate(zip(recipes, made, strict=True), 1):
                if recipe.transforms:
                    await session.keep_only()
                    making = await make(recipe, task, seed, _teller(watch, text, position, len(made)))
                    recipe = making.recipe
                    if makings is not None:
                        makings[text] = making
                await session.keep_only(*recipe.models)
                records[text] = []
                for begin in range(0, len(chosen), 64):
                    asked = await ask_items(recipe, chosen[begin : begin + 64], session)
                    records[text] += [a.record for a in asked]
                    if watch is not None:
                        n = len(records[text])
                        right = sum(r.outcome == "right" for r in records[text])
                        stage = "decided" if n == len(chosen) else "asking"
                        watch(Progress(text, position, len(made), n, len(chosen), right, 0.0, 1.0, 0.0, "", stage))
        return records

    return run_async(work())


def _teller(watch: Watch | None, text: str, position: int, of: int) -> Tell | None:
    """Progress of a transform as an event of its recipe; called from another thread."""
    if watch is None:
        return None
    return lambda what, done, whole: watch(
        Progress(text, position, of, 0, None, 0, 0.0, 1.0, 0.0, "", "making", message=f"{what}, {done} of {whole}")
    )


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, also where an event loop runs already (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _keep(result: StudyResult) -> None:
    folder = Path(result.run.folder)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "result.json.part"
    temporary.write_text(json.dumps(result.to_json(records=True)), encoding="utf-8")
    temporary.replace(folder / "result.json")
