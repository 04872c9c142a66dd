"""Grail plays Avalon by beliefs, and what the model understands of messages counts."""

from pathlib import Path

import pytest

from gulliver.errors import SpecError, TaskError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from gulliver.tasks import load_task
from gulliver.tasks.games.avalon_beliefs import deaf
from gulliver.tasks.games.avalon_record import NAMES
from gulliver.tasks.games.avalon_rules import by_beliefs, played
from gulliver.tasks.games.avalon_words import WORDINGS
from tests.strategies.fakes import number_item
from tests.strategies.test_agents import put

ITEMS = load_task("games(game=avalon)", items=6).test


def reads(prompt: str) -> str:
    """Understands every wording."""
    trusting = any(f'"{wording.format(name)}"' in prompt for wording in WORDINGS["trusts"] for name in NAMES)
    return "They trust." if trusting else "Suspect"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item.id))
def test_one_that_understands_plays_as_beliefs_do(tmp_path: Path, item: object) -> None:
    answer, player = put(tmp_path, "grail(sure=1.0)", item, reads)  # type: ignore[arg-type]
    table = played(item.fields["seed"], lambda t: by_beliefs(t))  # type: ignore[attr-defined]
    assert answer.detail.startswith(f"score {float(table.winner == 'good'):.2f};")
    understood, of = (int(n) for n in answer.detail.split("; ")[1].split(" messages")[0].split(" of "))
    assert understood == of > 0
    assert len(player.prompts) <= of
    assert not any("named" in prompt or "quest" in prompt for prompt in player.prompts)


def test_one_that_understands_nothing_plays_as_the_deaf_do(tmp_path: Path) -> None:
    answer, _ = put(tmp_path, "grail", ITEMS[0], lambda _: "hmm")
    table = played(ITEMS[0].fields["seed"], lambda t: by_beliefs(t, deaf))
    assert answer.detail.startswith(f"score {float(table.winner == 'good'):.2f}; 0 of ")


def test_a_failed_request_other_games_and_bad_options(tmp_path: Path) -> None:
    assert put(tmp_path, "grail", ITEMS[0], lambda _: "fail")[0].status == "failed"
    with pytest.raises(TaskError, match="no game of Avalon"):
        parse_strategy(parse("grail")).ask(load_task("games(game=hanoi)", items=1).test[0])
    with pytest.raises(TaskError, match="no game"):
        parse_strategy(parse("grail")).ask(number_item())
    with pytest.raises(SpecError):
        parse_strategy(parse("grail(sure=0.2)"))
