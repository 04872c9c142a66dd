"""Does the audit notice that quality fell, and how often does it cry wolf? `python -m benchmarks.drift [--runs 500]`.

Simulated answers, no model. Without drift the quality is the target itself, the worst case that is still good. With it the
quality is 0.1 less, from the first answer or after a good time at the target. A request is audited with a chance of `--share`.
Exits with 1 if more than 5 % of the runs without drift gave an alarm, or a fall went unnoticed in more than 5 % of its runs.
"""

import argparse
import json
import random
import statistics
from dataclasses import dataclass

from gulliver.serving.drift import Drift
from gulliver.studies.paired import wilson

FALL = 0.1
LONGEST = 3000
"""Audited answers of a run; of one with drift, counted from the fall."""
GOOD_TIMES = (0, 200, 1000)


@dataclass(frozen=True)
class Case:
    """Many runs of one kind. `audited` and `requests`: median from the fall to the alarm, and nine runs of ten; 0 where there
    was no fall, or nothing was noticed."""

    name: str
    runs: int
    alarms: int
    low: float
    high: float
    audited: int = 0
    audited_90: int = 0
    requests: int = 0


def simulate(target: float, good: int, fall: float, seed: int) -> int | None:
    """Audited answers from the fall (or from the start, without one) to the alarm; None when there was none, negative when
    it came before the fall."""
    draw = random.Random(seed)
    drift = Drift(target)
    for n in range(good + LONGEST):
        quality = target - fall if n >= good else target
        if drift.take(1.0 if draw.random() < quality else 0.0):
            return drift.found_at - good
    return None


def case(name: str, target: float, good: int, fall: float, runs: int, share: float) -> Case:
    """`runs` simulations; alarms before a fall are false ones and count for nothing else."""
    found = [simulate(target, good, fall, seed) for seed in range(runs)]
    after = [n for n in found if n is not None and n > 0]
    counted = runs - sum(n is not None and n <= 0 for n in found)
    low, high = wilson(len(after), counted)
    if not fall or not after:
        return Case(name, counted, len(after), low, high)
    median, ninety = round(statistics.median(after)), sorted(after)[max(0, round(0.9 * len(after)) - 1)]
    return Case(name, counted, len(after), low, high, median, ninety, round(median / share))


def main() -> int:
    """Run all cases and print them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runs", type=int, default=500)
    options.add_argument("--target", type=float, default=0.8)
    options.add_argument("--share", type=float, default=0.1)
    chosen = options.parse_args()
    target, runs, share = chosen.target, chosen.runs, chosen.share
    quiet = case(f"no drift, {LONGEST} audited answers", target, 0, 0.0, runs, share)
    falls = [case(f"{FALL:g} less after {good}", target, good, FALL, runs, share) for good in GOOD_TIMES]
    print(f"target {target:g}, {share:.0%} of requests audited, {runs} runs each")
    print(
        f"{quiet.name}: {quiet.alarms} of {quiet.runs} false alarms (95 % interval {quiet.low:.3f} to {quiet.high:.3f})"
    )
    for one in falls:
        print(f"{one.name}: noticed in {one.alarms} of {one.runs}, median after {one.audited} audited answers ({one.requests} requests), nine of ten after {one.audited_90}")  # fmt: skip
    false = quiet.alarms / quiet.runs
    noticed = [one.alarms / max(1, one.runs) for one in falls]
    print(json.dumps({"name": "drift, false alarms", "ours": quiet.alarms, "theirs": quiet.runs, "ratio": round(false, 4), "goal": 0.05, "more": [
        {"name": f"{one.name}, noticed", "ours": one.alarms, "theirs": one.runs, "ratio": round(seen, 4), "goal": 0.95}
        for one, seen in zip(falls, noticed, strict=True)
    ]}))  # fmt: skip
    return int(false > 0.05 or min(noticed) < 0.95)


if __name__ == "__main__":
    raise SystemExit(main())
