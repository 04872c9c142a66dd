"""The verdict on beliefs beside a small model follows from the games that were won."""

import pytest

from gulliver.papers import load_paper
from gulliver.papers.avalon_grail_2025 import PLANS, compared, judge, understood
from gulliver.papers.base import SCALES
from gulliver.studies.result import ItemRecord

RULES = {"beliefs": [1.0, 0.0] * 100, "rules of thumb": [0.0] * 170 + [1.0] * 30}


def wins(small: float, large: float, games: int = 60) -> dict[tuple[str, str], list[float]]:
    """Beside beliefs the small wins a share, the large half; alone the large wins a share, the small nothing."""

    def won(share: float) -> list[float]:
        return [1.0] * round(share * games) + [0.0] * (games - round(share * games))

    return {
        ("small", "plain"): won(0.0),
        ("small", "beliefs"): won(small),
        ("large", "plain"): won(large),
        ("large", "beliefs"): won(0.7),
    }


def test_a_small_model_beside_beliefs_that_keeps_up_holds() -> None:
    rows, parts = compared(RULES, wins(0.6, 0.1))
    assert judge(parts, 2)[0] == "holds"
    assert all(-1 <= m.low <= m.value <= m.high <= 1 for m in rows)


def test_one_that_falls_behind_does_not_hold() -> None:
    assert judge(compared(RULES, wins(0.2, 0.65))[1], 2)[0] == "does not hold here"


def test_few_games_and_one_model_cannot_tell() -> None:
    assert judge(compared(RULES, wins(0.5, 0.25, games=4))[1], 2)[0] == "cannot tell"
    one = {key: won for key, won in wins(0.6, 0.1).items() if key[0] == "small"}
    assert judge(compared(RULES, one)[1], 1)[0] == "cannot tell"


def test_what_was_understood_is_read_from_the_details() -> None:
    records = [
        ItemRecord("i", "", "", "right", "", "", detail=f"score 1.00; {n} of 10 messages understood") for n in (4, 8)
    ]
    found = understood("small", records)
    assert found is not None
    assert found.value == pytest.approx(0.6)
    assert understood("small", ()) is None


def test_every_scale_has_a_plan_and_rules_play_at_least_200_games_beyond_smoke() -> None:
    assert set(PLANS) == set(SCALES)
    assert all(plan.by_rules >= 200 for scale, plan in PLANS.items() if scale != "smoke")


@pytest.mark.models
def test_smoke_runs_on_a_real_model() -> None:
    finding = load_paper("avalon-grail-2025").experiment("smoke", lambda _: None)
    assert finding.verdict == "cannot tell"
    assert finding.spent.flops > 1e9
