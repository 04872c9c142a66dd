"""Do 95 % intervals hold the truth in 95 % of tables? `python -m benchmarks.laws_coverage [--tables 500] [LAW ...]`.

For every law: tables drawn from it with known constants, inputs spread evenly in logarithms, and normal noise (of the
logarithm for laws fitted on logarithms, of the output otherwise); each fitted as `fit` does by default, with fewer starts
and refits. Counted are each constant's interval and that of the prediction at ten times the largest inputs.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
TABLES, REFITS, STARTS = 500, 400, 16
LOW, HIGH = 0.92, 0.98
_N, _D = (1e7, 1e10), (1e8, 1e12)


@dataclass(frozen=True)
class Case:
    """A law with its true constants, the ranges of its inputs (drawn log-uniformly), rows and noise."""

    truth: tuple[float, ...]
    ranges: Mapping[str, tuple[float, float]]
    rows: int = 60
    noise: float = 0.01
    ahead: Mapping[str, float] | None = None


_REPEATS = {"parameters": _N, "unique_tokens": (1e8, 1e10), "tokens": (1e9, 1e11)}
_WORDS = {"parameters": (3e7, 1e9), "vocabulary": (4e3, 1e5), "width": (512, 2048), "characters": (1e8, 1e11)}
CASES = {
    "chinchilla": Case((1.82, 478.0, 2143.0, 0.347, 0.367), {"parameters": _N, "tokens": _D}),
    "critical_size": Case((0.2, 0.95, 1e5, 1.5), {"data": (1e3, 1e7)}, noise=0.02),
    "isoflop": Case((0.3, 0.49, 0.51, 30.0, 0.06, 0.05), {"flops": (1e18, 1e21), "parameters": _N}, noise=0.005),
    "kaplan_c": Case((2.7e28, 0.05), {"flops": (1e17, 1e22)}),
    "kaplan_d": Case((5.4e13, 0.095), {"tokens": _D}),
    "kaplan_n": Case((8.8e13, 0.076), {"parameters": _N}),
    "kaplan_nd": Case((6.4e13, 1.8e13, 0.076, 0.103), {"parameters": _N, "tokens": _D}),
    "kaplan_ns": Case((6.5e13, 2.1e3, 0.077, 0.76), {"parameters": _N, "steps": (1e3, 1e6)}),
    "loss_to_error": Case((0.85, 2.08, 0.756), {"loss": (2.0, 5.0)}, noise=0.005, ahead={"loss": 1.8}),
    "overtraining": Case((1.51, 141.0, 190.0, 0.121), {"parameters": _N, "tokens_per_parameter": (5.0, 640.0)}),
    "power": Case((30.0, 0.12), {"x": (1e3, 1e9)}),
    "repeated_data": Case((1.87, 521.0, 1488.0, 0.353, 0.353, 15.4, 5.3), _REPEATS, rows=180, noise=0.005),
    "repeated_data_returns": Case((15.4, 5.3), _REPEATS, noise=0.005),
    "saturating": Case((1.7, 60.0, 0.3), {"x": (1e3, 1e9)}),
    "sigmoid": Case((0.25, 0.8, 1e9, 1.5), {"scale": (1e7, 1e11)}, noise=0.02),
    "threshold": Case((0.25, 1e9, 0.2), {"scale": (1e7, 1e11)}, noise=0.02),
    "visual_tokens": Case((0.05, 2.8, 0.071, 0.0151), {"parameters": (5e8, 7e9), "visual_tokens": (1, 576)}, noise=0.002),
    "vocabulary": Case((5.5, 2000.0, 9000.0, 6000.0, 0.45, 0.67), _WORDS, rows=120),
    "vocabulary_thousands": Case((5.5, 2000.0, 9000.0, 6000.0, 0.45, 0.67), _WORDS, rows=120),
}  # fmt: skip


def simulate(law: str, seed: int) -> dict[str, Any]:
    """One table drawn from the law."""
    from gulliver.laws import find_form

    case, form = CASES[law], find_form(law)
    rng = np.random.default_rng(seed)
    spread = {role: rng.permutation(np.geomspace(low, high, case.rows)) for role, (low, high) in case.ranges.items()}
    if law == "isoflop":
        spread["flops"] = np.geomspace(*case.ranges["flops"], 5)[np.arange(case.rows) % 5]
        best = case.truth[0] * spread["flops"] ** case.truth[1]
        spread["parameters"] = best * np.repeat(np.geomspace(0.2, 5.0, case.rows // 5), 5)
    if law.startswith("repeated"):
        spread["tokens"] = np.maximum(spread["tokens"], spread["unique_tokens"])
    truth = form.predict(np.array([case.truth]), spread)[0]
    noise = case.noise * rng.standard_normal(case.rows)
    return {**spread, form.output: truth * np.exp(noise) if form.objective.startswith("log-") else truth + noise}


def covered(job: tuple[str, int]) -> dict[str, tuple[bool, bool]]:
    """Whether the truth lies within, by constant and for the prediction; and whether there was an interval."""
    from gulliver.laws import find_form, fit

    law, seed = job
    case, form = CASES[law], find_form(law)
    found = fit(simulate(law, seed), law, bootstrap=REFITS, starts=STARTS, seed=seed)
    ahead = dict(case.ahead or {role: 10.0 * high for role, (_, high) in case.ranges.items()})
    at = {role: np.array([value]) for role, value in ahead.items()}
    intervals = {c.name: (found.constants[c.name], true) for c, true in zip(form.constants, case.truth, strict=True)}
    intervals["prediction"] = (found.predict(ahead)[0], float(form.predict(np.array([case.truth]), at)[0, 0]))
    out = {}
    for name, (i, true) in intervals.items():
        out[name] = (i.holds(true), i.low is not None and i.high is not None)
    return out


def main() -> None:
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.laws_coverage", *sys.argv[1:]])
    from gulliver.laws import all_forms

    parser = argparse.ArgumentParser()
    parser.add_argument("laws", nargs="*")
    parser.add_argument("--tables", type=int, default=TABLES)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    laws = options.laws or sorted(all_forms())
    missing = [law for law in laws if law not in CASES]
    if missing:
        print(f"no case for: {', '.join(missing)}")
    cells: dict[str, float] = {}
    with get_context("fork").Pool(options.processes) as pool:
        for law in (law for law in laws if law in CASES):
            began = time.perf_counter()
            results = pool.map(covered, [(law, seed) for seed in range(options.tables)], chunksize=5)
            for name in results[0]:
                share = float(np.mean([r[name][0] for r in results]))
                known = float(np.mean([r[name][1] for r in results]))
                cells[f"{law}.{name}"] = share
                mark = "" if LOW <= share <= HIGH else ("too narrow" if share < LOW else "too wide")
                print(
                    f"{law:22} {name:14} {share:6.1%} {'' if known == 1 else f'({known:.1%} had an interval) '}{mark}"
                )
            print(f"{law:22} {time.perf_counter() - began:.0f} s", flush=True)
    values: NDArray[np.float64] = np.array(list(cells.values()))
    row = {
        "name": f"laws: share of intervals that hold the truth in {LOW:.0%} to {HIGH:.0%} of {options.tables} tables",
        "ours": float(np.mean((values >= LOW) & (values <= HIGH))),
        "theirs": None,
        "ratio": float(np.mean((values >= LOW) & (values <= HIGH))),
        "goal": 1.0,
        "laws_without_a_case": missing,
        "lowest": min(cells, key=lambda k: cells[k]),
        "lowest_coverage": float(values.min()),
        "highest_coverage": float(values.max()),
        "more": [{"name": name, "ours": round(share, 4), "goal": 0.95} for name, share in cells.items()],
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
