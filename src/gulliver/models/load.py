"""From a name to a model: a rung, `hf:owner/name`, `gguf:path`, `dir:path`, `openai:name@url`, `scripted:name?…`.

`verifier:name` and `reward:dir:path` only judge answers, for the scorers of strategies.

`torch:` before a rung, `hf:`, `gguf:` or `dir:` runs the same weights with the engine torch, `llamacpp:` the GGUF as it was
made with llama.cpp, `vllm:` a `dir:` on a GPU; `?exact=true` after a rung has openvino compute in 32 bits.
"""

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from gulliver.errors import MissingExtra, ModelError
from gulliver.home import folder
from gulliver.models.base import PATIENCE, Card, Model
from gulliver.models.folders import card_from_folder, holds_weights
from gulliver.models.gguf_files import card_from_gguf
from gulliver.models.graph_folders import card_from_graph, holds_graph
from gulliver.models.ladder import Rung, find_rung
from gulliver.models.pull import card_of, prepare, pull
from gulliver.models.sources import Progress, fetch_url, only_one

# What OpenVINO GenAI 2026.4 reads from a GGUF; on others it fails when loading.
GGUF_ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
OPENVINO_OPTIONS = {"exact": ("true", "false"), "prefix_cache": ("true", "false")}
TORCH_OPTIONS = {"precision": ("fp32", "bf16"), "device": ("cpu", "cuda")}


def load_model(name: str, progress: Progress | None = None) -> Model:
    """The model of that name, fetched if it is not here. Cheap otherwise: no weights are read.

    Raises:
        ModelError: there is no such model, or it cannot be had or read.
    """
    kind, colon, rest = name.partition(":")
    if "?" in name and (not colon or kind in ("hf", "gguf", "dir")):
        return _with_options(name, progress)
    if colon and not rest:
        raise ModelError(f"{name!r} names nothing after the colon; write it as {kind}:…")
    if not colon:
        return _rung(find_rung(name), progress)
    if kind in ("verifier", "reward"):
        from gulliver.models.rewards import load_reward, load_verifier

        return load_verifier(rest) if kind == "verifier" else load_reward(rest)
    makers = {
        "hf": _hub, "gguf": _gguf, "dir": _folder, "torch": _torch, "llamacpp": _llamacpp, "vllm": _vllm,
        "openai": _endpoint, "scripted": _scripted,
    }  # fmt: skip
    for point in _installed():
        if point.name == kind:
            made: Model = point.load()(rest)
            return made
    if kind not in makers:
        raise ModelError(f"{name!r} starts with {kind}:, which is none of {', '.join(f'{k}:' for k in makers)}")
    return makers[kind](name, rest, progress)


def _with_options(name: str, progress: Progress | None) -> Model:
    plain, _mark, query = name.rpartition("?")
    options = _options(name, query or "=", "openvino", OPENVINO_OPTIONS)
    model = load_model(plain, progress)
    return replace(model, name=name, card=replace(model.card, name=name), options={**model.options, **options})


def _options(name: str, query: str, engine: str, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The options in `query`, each one that the engine has, with a value that it takes."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    for key, value in options.items():
        if value not in known.get(key, ()):
            there = " and ".join(f"{option}={'|'.join(values)}" for option, values in known.items())
            raise ModelError(f"{name!r} has the option {key}={value}, which {engine} has not; it has {there}.")
    return options


@cache
def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group="gulliver.models"))


def check_runs(model: Model) -> None:
    """Say early when the engine cannot run what the file holds.

    Raises:
        ModelError: its architecture is none that OpenVINO GenAI reads from a GGUF.
    """
    graph = model.location is not None and model.location.is_dir()
    if model.engine == "openvino" and not graph and model.card.architecture not in GGUF_ARCHITECTURES:
        readable = ", ".join(sorted(GGUF_ARCHITECTURES))
        raise ModelError(
            f"{model.name} is of the architecture {model.card.architecture}, which the engine openvino cannot run from a GGUF (it runs {readable}); choose another model."
        )


def _rung(rung: Rung, progress: Progress | None) -> Model:
    if rung.kind != "gguf":
        raise ModelError(
            f"{rung.name} is an encoder for probes and retrieval and cannot answer questions; choose another rung."
        )
    path = pull(rung, progress)
    return _openvino(rung.name, card_of(rung, path), path)


def _gguf(name: str, rest: str, progress: Progress | None) -> Model:
    path = Path(rest).expanduser().resolve()
    if not path.is_file():
        raise ModelError(f"There is no file {path}; check the path after gguf:.")
    before = card_from_gguf(path)
    ready = prepare(path, progress)
    card = card_from_gguf(ready, name=name, family=before.family)
    if ready != path:
        card = replace(card, format=f"Q8_0, rewritten from {before.format}")
    return _openvino(name, card, ready)


def _folder(name: str, rest: str, progress: Progress | None) -> Model:
    path = Path(rest).expanduser().resolve()
    if not path.is_dir():
        raise ModelError(f"There is no folder {path}; check the path after dir:.")
    ggufs = sorted(path.glob("*.gguf"))
    if len(ggufs) == 1:
        return _gguf(name, str(ggufs[0]), progress)
    if len(ggufs) > 1:
        raise ModelError(f"{path} holds {len(ggufs)} GGUF files; name one with gguf:path.")
    if holds_graph(path):
        return _openvino(name, card_from_graph(path, name), path)
    if holds_weights(path):
        raise ModelError(
            f"{path} holds safetensors and no GGUF; run them with torch:{name}, or convert them to GGUF (llama.cpp's convert_hf_to_gguf.py) and name the file with gguf:path."
        )
    raise ModelError(
        f"{path} holds no GGUF; convert the weights to GGUF (llama.cpp's convert_hf_to_gguf.py) and name the file with gguf:path."
    )


def _torch(name: str, rest: str, progress: Progress | None) -> Model:
    inner, _mark, query = rest.partition("?")
    options = {key: values[0] for key, values in TORCH_OPTIONS.items()}
    options |= _options(name, query, "torch:", TORCH_OPTIONS)
    if any(importlib.util.find_spec(package) is None for package in ("torch", "transformers")):
        raise MissingExtra("The engine torch", "torch")
    path = Path(inner.removeprefix("dir:")).expanduser().resolve()
    if inner.startswith("dir:") and holds_weights(path):
        card, location = card_from_folder(path, name), path
    else:
        model = load_model(inner, progress)
        if model.engine != "openvino" or model.location is None:
            raise ModelError(f"{name!r} has no weights here to run; write torch: before a rung, hf:, gguf: or dir:.")
        card, location = replace(model.card, name=name), model.location
    card = replace(card, format=f"{options['precision']}, from {card.format}")
    return Model(name, card, "torch", f"{version('transformers')} on torch {version('torch')}", location, options)


def _llamacpp(name: str, rest: str, progress: Progress | None) -> Model:
    from gulliver.models.engine_names import llamacpp

    return llamacpp(name, rest, progress, _options, load_model)


def _vllm(name: str, rest: str, _: Progress | None) -> Model:
    from gulliver.models.engine_names import vllm

    return vllm(name, rest, _options)


def _hub(name: str, rest: str, progress: Progress | None) -> Model:
    owner_name, _, wanted = rest.partition("#")
    if owner_name.count("/") != 1:
        raise ModelError(f"{name!r} is not hf:owner/name (or hf:owner/name#file.gguf).")
    file = wanted or _hub_file(name, owner_name)
    target = folder("models") / owner_name.replace("/", "--") / file
    with only_one(target):
        if not target.is_file():
            fetch_url(
                f"https://huggingface.co/{owner_name}/resolve/main/{file}", target, progress, os.environ.get("HF_TOKEN")
            )
    model = _gguf(name, str(target), progress)
    return replace(model, card=replace(model.card, source=f"hub {owner_name}"))


def _hub_file(name: str, owner_name: str) -> str:
    """The repository's best GGUF for the engine: Q8_0, else F16, else Q4_1, Q4_0, else the smallest file name."""
    import httpx

    token = os.environ.get("HF_TOKEN")
    try:
        reply = httpx.get(
            f"https://huggingface.co/api/models/{owner_name}",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(30.0, connect=5.0),
            follow_redirects=True,
        )
        reply.raise_for_status()
        files = [row["rfilename"] for row in reply.json()["siblings"]]
    except httpx.HTTPStatusError as error:
        raise ModelError(
            f"The hub answered {error.response.status_code} for {owner_name}; check the name, or set HF_TOKEN."
        ) from None
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise ModelError(
            f"The hub cannot be reached for {name} ({type(error).__name__}); give a local file with gguf:path."
        ) from None
    ggufs = sorted(f for f in files if f.lower().endswith(".gguf") and "-of-" not in f)
    if not ggufs:
        raise ModelError(
            f"{owner_name} holds no GGUF file; name a repository that does, often called {owner_name.split('/')[1]}-GGUF."
        )
    for kind in ("q8_0", "f16", "q4_1", "q4_0", "q4_k_m"):
        for file in ggufs:
            if kind in file.lower() and "bf16" not in file.lower():
                return str(file)
    return str(ggufs[0])


def _endpoint(name: str, rest: str, _: Progress | None) -> Model:
    model, at, url = rest.partition("@")
    if not at or not model or not url.startswith(("http://", "https://")):
        raise ModelError(f"{name!r} is not openai:name@url; an example is openai:my-model@http://127.0.0.1:8000/v1")
    if "@" in urlsplit(url).netloc:
        raise ModelError(
            f"The address of openai:{model} holds a user or a key; take it out and set GULLIVER_API_KEY instead."
        )
    url, patience = _patience(name, url)
    digest = hashlib.sha256(f"{model}@{url}".encode()).hexdigest()
    card = Card(
        name,
        model,
        digest,
        architecture="endpoint",
        source=url,
        note="Behind a server: size and weights are not known.",
    )
    return Model(name, card, "endpoint", "1", options={"url": url.rstrip("/"), "model": model, **patience})


def _patience(name: str, url: str) -> tuple[str, dict[str, float]]:
    """The address without `?timeout=20&retries=2` and the like, and those numbers; other parts of a query are the server's."""
    parts = urlsplit(url)
    said = parse_qsl(parts.query, keep_blank_values=True)
    found: dict[str, float] = {}
    for key, value in said:
        if key in PATIENCE:
            try:
                found[key] = float(value)
            except ValueError:
                found[key] = -1.0
            if not 0 <= found[key] < float("inf"):
                raise ModelError(f"{name!r} has {key}={value}; write a number of at least 0.")
    rest = [(key, value) for key, value in said if key not in PATIENCE]
    return parts._replace(query=urlencode(rest)).geturl(), found


def _scripted(name: str, rest: str, _: Progress | None) -> Model:
    label, _mark, query = rest.partition("?")
    options: dict[str, str | int | float | bool] = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        try:
            options[key] = float(value)
        except ValueError:
            options[key] = value
    parameters = int(float(options.pop("parameters", 1e6)))
    family = str(options.pop("family", "scripted"))
    digest = hashlib.sha256(name.encode()).hexdigest()
    card = Card(
        name, family, digest, architecture="scripted", parameters=parameters, active_parameters=parameters,
        context_length=8192, source="a script", license="none", format="none", note=f"{label}: a script that stands in for a model in tests.",
    )  # fmt: skip
    return Model(name, card, "scripted", "1", options=options)


def _openvino(name: str, card: Card, path: Path) -> Model:
    try:
        installed = version("openvino-genai")
    except PackageNotFoundError:
        raise ModelError("The engine openvino is not installed; run: pip install openvino-genai") from None
    return Model(name, card, "openvino", installed, location=path)
