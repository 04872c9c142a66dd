"""`gulliver doctor`: what this machine has, and what is missing."""

import json
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

CPU_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16", "i8mm")
EXTRAS = {
    "gym": ("reasoning_gym",),
    "torch": ("torch", "transformers", "peft", "accelerate"),
    "llamacpp": ("xllamacpp",),
    "vllm": ("vllm",),
    "serve": ("fastapi", "uvicorn"),
    "ray": ("ray",),
    "postgres": ("psycopg",),
    "retrieval": ("bm25s",),
}
ENGINES = {
    "openvino": "openvino-genai",
    "torch": "torch",
    "llamacpp": "xllamacpp",
    "vllm": "vllm",
    "endpoint": "httpx",
    "scripted": "gulliver",
}
CORE = ("gguf", "openvino", "openvino-genai", "pydantic-monty", "polars", "scikit-learn", "sqlalchemy")


def doctor(json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what this machine has and what is missing."""
    found = examine()
    if json_:
        typer.echo(json.dumps(found))
        return
    memory, disk = found["memory"], found["disk"]
    typer.echo(f"Python      {found['python']} on {found['system']}")
    typer.echo(
        f"CPU         {found['cpu'] or 'unknown'}, {found['cores']} cores; {', '.join(found['cpu_features']) or 'no vector features seen'}"
    )
    typer.echo(f"memory      {memory['available'] / 1e9:.1f} GB free of {memory['total'] / 1e9:.1f}")
    typer.echo(f"GPU         {', '.join(found['gpus']) or 'none seen'}")
    typer.echo(f"energy      {'readable (RAPL)' if found['rapl'] else 'not readable: the ledger leaves joules empty'}")
    typer.echo(f"home        {found['home']}, {disk['free'] / 1e9:.0f} GB free")
    for name, version in found["engines"].items():
        typer.echo(f"engine      {name}: {version or 'missing'}")
    typer.echo(
        f"models here {', '.join(found['models']) or 'none yet; bring one with: gulliver models pull smollm2-135m'}"
    )
    for extra, missing in found["extras_missing"].items():
        typer.echo(f"not here    {', '.join(missing)}; to have it: pip install 'gulliver[{extra}]'")
    for problem in found["problems"]:
        typer.echo(f"problem     {problem}")


def examine() -> dict[str, Any]:
    """All findings, as plain data; sizes in bytes. Nothing heavy is imported and no weights are read."""
    import psutil

    from gulliver.home import home
    from gulliver.models.ladder import rungs
    from gulliver.models.pull import pulled

    memory = psutil.virtual_memory()
    place = home()
    existing = next(path for path in (place, *place.parents) if path.exists())
    disk = shutil.disk_usage(existing)
    engines = {name: version_of(package) for name, package in ENGINES.items()}
    missing_core = [package for package in CORE if version_of(package) is None]
    here = [rung.name for rung in rungs() if pulled(rung) is not None]
    problems = [f"{package} is missing; run: pip install {package}" for package in missing_core]
    if not has_module("pip"):
        problems.append(
            f"pip is missing, and registry packages are fetched with it; run: {sys.executable} -m ensurepip"
        )
    if disk.free < 3e9:
        problems.append(f"less than 3 GB are free for {place}; set GULLIVER_HOME to a larger disk")
    if not os.access(existing, os.W_OK):
        problems.append(f"{existing} cannot be written; set GULLIVER_HOME to a folder that can")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_name(),
        "cores": _cores(),
        "cpu_features": cpu_features(),
        "memory": {"total": memory.total, "available": memory.available},
        "disk": {"total": disk.total, "free": disk.free},
        "home": str(place),
        "gpus": gpus(),
        "rapl": rapl_readable(),
        "engines": engines,
        "extras_missing": extras_missing(),
        "models": here,
        "problems": problems,
    }


def version_of(package: str) -> str | None:
    """The installed version of a package, without importing it; None when it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def has_module(name: str) -> bool:
    """Whether a top-level module could be imported; it is not."""
    from importlib.util import find_spec

    return find_spec(name) is not None


def extras_missing() -> dict[str, list[str]]:
    """For each extra of the package that is not complete, the modules it lacks."""
    lacking = {extra: [name for name in names if not has_module(name)] for extra, names in EXTRAS.items()}
    return {extra: names for extra, names in lacking.items() if names}


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str]:
    """Which instruction sets that engines make use of this CPU has, as Linux names them."""
    flags: set[str] = set()
    for line in _lines(cpuinfo):
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            flags.update(value.split())
    return [name for name in CPU_FEATURES if name in flags]


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The CPU's name, "" when unknown."""
    for line in _lines(cpuinfo):
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor()


def rapl_readable(root: Path = Path("/sys/class/powercap")) -> bool:
    """Whether the CPU's energy counter exists and may be read."""
    for counter in root.glob("*rapl:*/energy_uj"):
        try:
            int(counter.read_text())
        except (OSError, ValueError):
            continue
        return True
    return False


def gpus() -> list[str]:
    """Names of the GPUs that the NVIDIA driver lists; others are seen only as a device."""
    names = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        names += [line.partition(":")[2].strip() for line in _lines(path) if line.startswith("Model:")]
    if not names and Path("/dev/kfd").exists():
        names.append("an AMD GPU (ROCm device)")
    return names


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
