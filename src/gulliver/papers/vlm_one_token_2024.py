"""One visual token and a larger model (Li et al. 2024, arXiv:2411.03312): the law refitted to its published points."""

import time
from dataclasses import replace

import numpy as np

from gulliver.laws import Fitted, Table, fit
from gulliver.papers.base import Figure, Finding, Measurement, Paper, Progress, Scale, Spent, Verdict
from gulliver.papers.published import packaged
from gulliver.papers.running import run_on

ID = "vlm-one-token-2024"
ABOUT = (2.5, 10.0)
"""A ratio within a factor of two of five is about five."""
FLOOR = 0.2
"""An error that is put aside, to see what the ratio owes to D, which the points do not identify."""
BOOTSTRAP: dict[Scale, int] = {"smoke": 200, "laptop": 2000, "full": 10000}
_SURE = 0.95


def experiment(scale: Scale, progress: Progress) -> Finding:
    """Fit the law to the 28 points; say how the exponents compare and what is best at fixed inference FLOPs."""
    started = time.monotonic()
    points = packaged("visual_tokens.csv").derive("error=1-score")
    progress(f"{points.rows} published points, {BOOTSTRAP[scale]} refits")
    found = fit(points, "visual_tokens", bootstrap=BOOTSTRAP[scale])
    constants = [
        Measurement(
            name, i.value, _or(i.low, i.value), _or(i.high, i.value), points.rows, "refitted to points drawn anew"
        )
        for name, i in found.constants.items()
    ]
    sensitivity = ratio(found)
    alone, beside = best_tokens(found, 0.0), best_tokens(found, 50.0)
    one = share_of_one(found)
    verdict, why = judge(sensitivity, one)
    floor = ratio(fit(points.derive(f"error=error-{FLOOR}"), "visual_tokens", bootstrap=BOOTSTRAP[scale]))
    floored = replace(floor, name=f"alpha over beta if {FLOOR:g} of the error could not be taken off")
    return Finding(
        paper=ID,
        scale=scale,
        verdict=verdict,
        measurements=(sensitivity, one, floored, alone, beside, *constants, matched(points)),
        sentence=why,
        spent=Spent(seconds=time.monotonic() - started),
        run_on=run_on(()) | {"table": "28 published points; D at least 0", "warnings": list(found.warnings)},
    )


def ratio(found: Fitted) -> Measurement:
    """alpha over beta: how much more the error falls with parameters than with visual tokens."""
    names = list(found.constants)
    alpha, beta = names.index("alpha"), names.index("beta")
    i = found.interval(
        float(found.theta[0, alpha] / found.theta[0, beta]),
        found.draws[:, alpha] / np.maximum(found.draws[:, beta], 1e-12),
    )
    return Measurement("alpha over beta", i.value, _or(i.low, 0.0), _or(i.high, np.inf), found.rows)


def best_tokens(found: Fitted, text: float) -> Measurement:
    """Visual tokens that the planner picks beside `text` text tokens (any FLOPs: the law's answer does not depend on them)."""
    budget = {"flops": 1e12, "text_tokens": text}
    made, drawn = (found.form.plan(theta, budget) for theta in (found.theta, found.draws))
    if made is None or drawn is None:
        raise AssertionError("the form plans when it is given FLOPs")
    i = found.interval(float(made["visual_tokens"][0]), drawn["visual_tokens"])
    return Measurement(
        f"best visual tokens with {text:g} text tokens", i.value, _or(i.low, 1.0), _or(i.high, 576.0), found.rows
    )


def share_of_one(found: Fitted) -> Measurement:
    """The share of refits in which one visual token is best without text."""
    drawn = found.form.plan(found.draws, {"flops": 1e12, "text_tokens": 0.0})
    share = float((drawn["visual_tokens"] <= 1.0).mean()) if drawn is not None else 0.0
    return Measurement("share of refits in which one token is best without text", share, share, share, len(found.draws))


def matched(points: Table) -> Measurement:
    """No law: the points at about the same parameters x visual tokens (2.5e11 to 2.9e11); error of the largest less the smallest model."""
    c = points.columns
    work = c["parameters"] * c["visual_tokens"]
    rows = np.flatnonzero((work >= 2.5e11) & (work <= 2.9e11))
    rows = rows[np.argsort(c["parameters"][rows])]
    gap = float(c["error"][rows[-1]] - c["error"][rows[0]])
    told = ", ".join(f"{c['parameters'][r] / 1e9:g}B x {c['visual_tokens'][r]:g}: {c['error'][r]:.4f}" for r in rows)
    return Measurement(
        "error of 7B less 0.5B at about equal FLOPs without text",
        gap,
        gap,
        gap,
        len(rows),
        f"points as published, no interval: {told}",
    )


def judge(sensitivity: Measurement, one: Measurement) -> tuple[Verdict, str]:
    """From the ratio's interval and the share of refits in which one token is best without text.

    *holds*: the whole interval is about five (`ABOUT`) and one token is best in 95 % of refits. *does not hold here*: the
    interval lies outside, or one token is best in at most 5 %. Otherwise *cannot tell*.
    """
    low, high = ABOUT
    said = (
        f"error is {sensitivity.value:.2f} times as sensitive to parameters as to visual tokens "
        f"({sensitivity.low:.2f} to {sensitivity.high:.2f}); one token is best without text in {one.value:.0%} of refits"
    )
    if sensitivity.low > high or sensitivity.high < low or one.value <= 1.0 - _SURE:
        return "does not hold here", f"Does not hold here: {said}."
    if sensitivity.low >= low and sensitivity.high <= high and one.value >= _SURE:
        return "holds", f"Holds: {said}."
    return "cannot tell", f"Cannot tell: {said}."


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


PARTLY = "The law is refitted to the published scores; no vision-language model is run."
PAPER = Paper(
    id=ID,
    claim="At fixed inference FLOPs the best is the largest language model with very few visual tokens, often one.",
    published=(
        Figure(
            "error's sensitivity to parameters over that to visual tokens, about",
            5.0,
            "times",
            "arXiv:2411.03312, section 3",
        ),
        Figure("best visual tokens without text", 1.0, "tokens", "arXiv:2411.03312, abstract"),
    ),
    experiment=experiment,
)
