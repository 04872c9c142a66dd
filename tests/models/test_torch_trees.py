"""What is scored behind shared beginnings is computed once, in few passes, and comes out as if each were scored by itself."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gulliver.models.base import Model, Score
from gulliver.models.engines.torch_trees import Text, grown, part, shared, visible
from gulliver.models.load import load_model
from tests.models.engine_contract import finished
from tests.models.tiny_torch import tiny_folder

EXAMPLES = "Q: where do giants live? A: on an island. " * 3


def texts(*ids: Sequence[int], prompt: int) -> list[Text]:
    return sorted(
        (Text(n, list(one[:-1]), prompt, list(one[prompt:])) for n, one in enumerate(ids)), key=lambda t: t.path
    )


def questions(count: int, options: int = 4) -> list[Score]:
    chance = random.Random(0)

    def words(length: int) -> str:
        return "".join(chance.choice("abcdefgh ") for _ in range(length))

    asked = [EXAMPLES + words(chance.randint(5, 40)) for _ in range(count)]
    return [Score(prompt, f" {words(chance.randint(1, 12))}") for prompt in asked for _ in range(options)]


def test_a_tree_holds_each_token_once_and_shows_it_its_own_path() -> None:
    made = texts([1, 2, 3, 4, 9], [1, 2, 3, 5, 9], [1, 2, 6, 7, 8, 9], prompt=2)
    tree = grown(made, 1)
    assert (tree.ids, tree.depths) == ([2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 3, 2, 3, 4])
    assert tree.parents == [-1, 0, 1, 1, 0, 4, 5]
    assert tree.fresh == [3, 1, 3]
    assert tree.asked == [[0, 1, 2], [0, 1, 3], [0, 4, 5, 6]]
    seen = visible(tree, 1)
    assert seen[3].nonzero()[0].tolist() == [0, 1, 2, 4]  # the trunk, 2, 3, itself; not 4, its neighbour
    assert seen[6].nonzero()[0].tolist() == [0, 1, 5, 6, 7]


def test_a_pass_ends_between_questions_and_keeps_what_the_next_goes_on_from() -> None:
    trunk = list(range(100))
    asked = [[*trunk, 200 + q, *range(30), 300 + option, 0] for q in range(4) for option in range(3)]
    made = texts(*asked, prompt=131)
    count, start = part(made, [], 80)
    assert (count, start) == (6, 100)  # two questions; eight options would fit, and cut the third question
    assert part(made[6:], trunk, 80) == (6, 100)
    assert part(made[9:], trunk, 80) == (3, 100)
    assert part(made[:3], [], 80)[0] == 3  # alone, all of it is one pass
    assert part(made[:1], [], 80) == (1, 130)  # what is longer than a pass is read in pieces


def test_a_trunk_that_is_short_is_not_worth_a_pass() -> None:
    asked = [[7, 8, 100 + q, *range(60), 0] for q in range(3)]
    assert part(texts(*asked, prompt=40), [], 70) == (1, 0)


def test_what_is_shared_is_counted_from_the_front() -> None:
    assert [shared(a, b) for a, b in (([], [1]), ([1, 2], [1, 2, 3]), ([1, 2, 3], [1, 4, 3]))] == [0, 2, 1]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GULLIVER_HOME", str(tmp_path_factory.mktemp("home")))
        yield load_model(f"torch:dir:{tiny_folder(tmp_path_factory.mktemp('weights') / 'tiny')}")


def engine_of(model: Model, trees: bool = True) -> Any:
    from gulliver.models.engines.torch_engine import Torch

    engine = Torch(model)
    engine._sees_all = trees
    return engine


def test_options_behind_shared_examples_score_as_each_by_itself(tiny: Model) -> None:
    requests = [*questions(12), Score("alone", " x"), Score("alone", " xy"), *questions(2)]
    random.Random(1).shuffle(requests)
    together = finished(engine_of(tiny), *requests)
    apart = finished(engine_of(tiny, trees=False), *requests)
    for one, other in zip(together, apart, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
        assert (one.prompt_tokens, one.completion_tokens) == (other.prompt_tokens, other.completion_tokens)


def test_the_examples_and_each_question_are_computed_once(tiny: Model) -> None:
    requests = questions(12)
    replies = finished(engine_of(tiny), *requests)
    prompts = {request.prompt for request in requests}
    least = len({prompt[:end] for prompt in prompts for end in range(1, len(prompt) + 1)})
    computed = sum(reply.prompt_tokens - reply.cached_tokens for reply in replies)
    assert least <= computed <= 1.1 * least
    assert sum(reply.prompt_tokens for reply in replies) > 10 * computed
    assert all(reply.seconds > 0 for reply in replies)


def test_a_text_longer_than_a_pass_is_read_in_pieces(tiny: Model) -> None:
    requests = [Score("word " * 90, " yes"), Score("word " * 90, " no"), Score("word " * 40, " no")]
    small = engine_of(tiny)
    small._trees._room = 50
    for one, other in zip(finished(small, *requests), finished(engine_of(tiny, trees=False), *requests), strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_a_model_with_windows_scores_each_by_itself(tmp_path: Path, home: Path) -> None:
    folder = tiny_folder(
        tmp_path / "gemma", "gemma3_text", sliding_window=16, layer_types=["sliding_attention", "full_attention"]
    )
    engine = engine_of(load_model(f"torch:dir:{folder}"), trees=False)
    fresh = type(engine)(engine_model := load_model(f"torch:dir:{folder}"))
    assert engine_model.engine == "torch"
    assert not fresh._sees_all
    requests = questions(2)
    for one, other in zip(finished(fresh, *requests), finished(engine, *requests), strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


@pytest.mark.models
def test_options_score_as_by_themselves_on_real_weights() -> None:
    model = load_model("torch:smollm2-135m")
    prompts = [f"{EXAMPLES}Q: {asked} A:" for asked in ("what do giants eat?", "who tied the giant down?")]
    requests = [Score(prompt, said) for prompt in prompts for said in (" bread and meat", " small people", " the sea")]
    for one, other in zip(
        finished(engine_of(model), *requests), finished(engine_of(model, False), *requests), strict=True
    ):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-3)
