"""A task file of lm-evaluation-harness: YAML read as data. Code that a file points to is never run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from gulliver.errors import TaskError

_USED = {
    "task", "dataset_path", "dataset_kwargs", "test_split", "validation_split", "training_split", "fewshot_split",
    "doc_to_text", "doc_to_target", "doc_to_choice", "output_type", "generation_kwargs", "filter_list", "metric_list",
    "num_fewshot", "fewshot_config", "fewshot_delimiter", "target_delimiter", "description", "repeats",
}  # fmt: skip
_WITHOUT_EFFECT = {
    "tag", "group", "task_alias", "group_alias", "metadata", "dataset_name", "should_decontaminate",
    "doc_to_decontamination_query", "unsafe_code",
}  # fmt: skip
_READERS = ("json", "csv", "parquet")
_SAMPLING = ("do_sample", "temperature", "top_p", "top_k")
_DEEPEST = 10


@dataclass(frozen=True)
class Config:
    """What a task file says, after its includes; see the harness's "task guide" for the words.

    Attributes:
        data: files by split.
        filters: steps by the name of their pipeline, in the order of the file.
        metrics: names with their options.
    """

    path: Path
    name: str
    data: Mapping[str, tuple[Path, ...]]
    test: str
    train: str
    shots_from: str
    samples: tuple[Mapping[str, Any], ...] | None
    first: bool
    shots: int
    text: str
    target: str | int
    choice: Any
    kind: str
    description: str
    delimiter: str
    between: str
    stop: tuple[str, ...]
    max_tokens: int
    filters: Mapping[str, tuple[Mapping[str, Any], ...]]
    metrics: Mapping[str, Mapping[str, Any]]


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("test_split", "validation_split", "training_split", "fewshot_split", "description"), str),
    **dict.fromkeys(("fewshot_delimiter", "target_delimiter"), str),
    **dict.fromkeys(("num_fewshot", "repeats"), int),
    **dict.fromkeys(("generation_kwargs", "fewshot_config", "dataset_kwargs"), dict),
    **dict.fromkeys(("filter_list", "metric_list"), list),
    "doc_to_choice": (str, list, dict),
}


def read_config(path: Path) -> Config:
    """The task that a file describes.

    Raises:
        TaskError: the file cannot be read, or asks for what is not supported: the sentence names it.
    """
    raw = _loaded(path, 0)
    unknown = sorted(set(raw) - _USED - _WITHOUT_EFFECT)
    if unknown:
        _refuse(path, f"uses {', '.join(unknown)}, which is not supported")
    raw = {key: value for key, value in raw.items() if value is not None}
    for key, kinds in _KINDS.items():
        if key in raw and (not isinstance(raw[key], kinds) or isinstance(raw[key], bool)):
            _refuse(path, f"has the {key} {raw[key]!r}, which is of no kind that is supported")
    kind = raw.get("output_type", "generate_until")
    if kind not in ("generate_until", "multiple_choice"):
        _refuse(path, f"has the output_type {kind}; supported are generate_until and multiple_choice")
    if raw.get("repeats", 1) != 1:
        _refuse(path, "asks for repeats; leave them out and vote with the strategy majority(n=…)")
    data = _data(path, raw)
    test = raw.get("test_split") or raw.get("validation_split")
    if not isinstance(test, str) or test not in data:
        _refuse(path, f"has no test_split among its data files ({', '.join(data)})")
    if kind == "multiple_choice" and raw.get("doc_to_choice") is None:
        _refuse(path, "is multiple_choice without doc_to_choice")
    if not isinstance(raw.get("doc_to_text"), str) or not isinstance(raw.get("doc_to_target"), str | int):
        _refuse(path, "needs doc_to_text and doc_to_target as a column or a template")
    shots, shown = raw.get("num_fewshot", 0), raw.get("fewshot_config", {})
    samples = shown.get("samples", [])
    listed = isinstance(samples, list) and all(isinstance(sample, Mapping) for sample in samples)
    if shots < 0 or not listed or set(shown) - {"samples", "sampler", "split"}:
        _refuse(path, "has a num_fewshot or fewshot_config that is not supported; samples, sampler and split are")
    stop, limit = _generation(path, raw.get("generation_kwargs", {}))
    return Config(
        path=path,
        name=str(raw.get("task") or path.stem),
        data=data,
        test=test,
        train=raw.get("training_split") or "",
        shots_from=str(raw.get("fewshot_split") or shown.get("split") or raw.get("training_split") or ""),
        samples=tuple(samples) if "samples" in shown else None,
        first=shown.get("sampler") == "first_n",
        shots=shots,
        text=raw["doc_to_text"],
        target=raw["doc_to_target"],
        choice=raw.get("doc_to_choice"),
        kind=kind,
        description=str(raw.get("description") or ""),
        delimiter=raw.get("target_delimiter", " "),
        between=raw.get("fewshot_delimiter", "\n\n"),
        stop=stop,
        max_tokens=limit,
        filters=_filters(path, raw.get("filter_list", [])),
        metrics=_metrics(path, raw.get("metric_list", [])),
    )


def _loaded(path: Path, depth: int) -> dict[str, Any]:
    import yaml

    loader: Any = type("Loader", (yaml.SafeLoader,), {})  # a class of its own: constructors are added to classes

    def function(_: Any, node: Any) -> NoReturn:
        _refuse(path, f"uses !function {node.value}, which is code of its author's and is not run")

    loader.add_constructor("!function", function)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), loader)
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}; check the path after lm_eval:.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        said = getattr(error, "problem", None) or str(error).splitlines()[0]
        mark = getattr(error, "problem_mark", None)
        raise TaskError(f"{path.name} is not YAML: {said}{f' (line {mark.line + 1})' if mark else ''}.") from None
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        _refuse(path, "is no table of settings")
    included = raw.pop("include", None)
    if included is None:
        return raw
    if not isinstance(included, str) or depth >= _DEEPEST:
        _refuse(path, "includes no single file, or files that include one another")
    return {**_loaded(path.parent / included, depth + 1), **raw}


def _data(path: Path, raw: Mapping[str, Any]) -> dict[str, tuple[Path, ...]]:
    reader = raw.get("dataset_path")
    if reader not in _READERS:
        _refuse(
            path, f"takes its data from {reader!r}; supported are local files, with dataset_path json, csv or parquet"
        )
    settings = raw.get("dataset_kwargs", {})
    files = settings.get("data_files")
    if not files or set(settings) != {"data_files"}:
        _refuse(path, "needs dataset_kwargs with data_files, and nothing else in them")
    listed = files if isinstance(files, Mapping) else {"train": files}
    found: dict[str, tuple[Path, ...]] = {}
    for split, names in listed.items():
        paths = [names] if isinstance(names, str) else names
        if (
            not isinstance(paths, list)
            or not paths
            or not all(isinstance(name, str) and "://" not in name for name in paths)
        ):
            _refuse(path, f"has data_files for {split} that are no local paths")
        # The harness takes paths from where it is started; here they are looked for beside the task's file first.
        found[str(split)] = tuple(beside if (beside := path.parent / name).is_file() else Path(name) for name in paths)
    return found


def _generation(path: Path, settings: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    if set(settings) - {"until", "max_gen_toks", *_SAMPLING}:
        _refuse(path, "has generation_kwargs that are not supported; until and max_gen_toks are")
    if settings.get("do_sample") or settings.get("temperature"):
        _refuse(
            path, "asks for sampling; take do_sample and temperature out and use the strategy sample(temperature=…)"
        )
    until = settings.get("until") or []
    until = [until] if isinstance(until, str) else until
    limit = settings.get("max_gen_toks", 256)
    marks = isinstance(until, list) and all(isinstance(mark, str) for mark in until)
    if not marks or not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        _refuse(path, "has an until that is no text or a max_gen_toks below 1")
    return tuple(until), limit


def _filters(path: Path, listed: Sequence[Any]) -> dict[str, tuple[Mapping[str, Any], ...]]:
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for one in listed:
        steps = one.get("filter") if isinstance(one, Mapping) else None
        if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
            _refuse(path, "has a filter_list that is no list of named filters")
        found[str(one.get("name", "none"))] = tuple(steps)
    return found


def _metrics(path: Path, listed: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for one in listed:
        if not isinstance(one, Mapping) or not isinstance(one.get("metric"), str):
            _refuse(path, "has a metric_list that is no list of named metrics")
        found[one["metric"]] = {k: v for k, v in one.items() if k not in ("metric", "aggregation", "higher_is_better")}
    return found


def _refuse(path: Path, what: str) -> NoReturn:
    raise TaskError(f"The lm-evaluation-harness task {path.name} {what}.")
