"""How near each engine comes to the machine: `python -m benchmarks.limits [MODEL ...] [--engines A,B] [--rounds N]`.

Prompt processing: FLOPs of a 512-token prompt (weights and attention, by the ledger's formula) a second, over the highest
rate that one matrix product of 512 rows reaches here in the format that the engine's kernel computes in (weights in 8 bits
with one scale a group of 32, or 32 bits). Decoding, one stream: bytes of all weights that a token reads, a second, over
the rate at which all cores read a 1 GiB array. Goals: 0.7 and 0.6. Models: qwen2.5-coder-1.5b and smollm2-135m unless named;
each round measures the engine, then the limits; medians of the rounds' ratios are quoted. What `gulliver models bench`
measures is the same code.
"""

import argparse
import json
import statistics

from gulliver.inference.speeds import Load, Round, Speed, at_hand, measure

GOALS = {"prompt": 0.7, "decoding": 0.6}


def rows(speed: Speed) -> list[dict[str, float | str]]:
    """A result each for prompt and decoding: ours and the limit in GFLOP/s or GB/s, their ratio and its goal."""
    pairs = {
        "prompt": ([each.flops for each in speed.rounds], [each.matmul for each in speed.rounds], speed.matmul_share),
        "decoding": (
            [each.bytes for each in speed.rounds],
            [each.bandwidth for each in speed.rounds],
            speed.memory_share,
        ),
    }
    return [
        {
            "name": f"{what}, {speed.name}, {speed.engine}",
            "ours": round(statistics.median(ours) / 1e9, 2),
            "theirs": round(statistics.median(limit) / 1e9, 2),
            "ratio": round(share, 3),
            "goal": GOALS[what],
            "format": f"{speed.format}; computed in {speed.kernel}",
        }
        for what, (ours, limit, share) in pairs.items()
    ]


def said(round_: Round) -> None:
    """One round, in words, as it comes."""
    print(
        f"  prompt {round_.prompt:.0f} tokens/s, {round_.flops / 1e9:.0f} of {round_.matmul / 1e9:.0f} GFLOP/s; "
        f"one stream {round_.stream:.1f} tokens/s, {round_.bytes / 1e9:.1f} of {round_.bandwidth / 1e9:.1f} GB/s; "
        f"{round_.together:.0f} tokens/s together",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", default=["qwen2.5-coder-1.5b", "smollm2-135m"])
    parser.add_argument("--engines", default="openvino,torch,llamacpp")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--written", type=int, default=64)
    given = parser.parse_args()
    load = Load(given.prompt, given.written, streams=8, rounds=given.rounds)
    results: list[dict[str, float | str]] = []
    for name in given.models:
        models, why = at_hand(name)
        for engine, reason in why.items():
            print(f"{name}, {engine}: {reason}", flush=True)
        for model in models:
            if model.engine in given.engines.split(","):
                print(f"{model.name}, {model.engine} ({model.card.format})", flush=True)
                results += rows(measure(model, load, said))
    print(json.dumps({**results[0], "name": "limits", "more": results}))


if __name__ == "__main__":
    main()
