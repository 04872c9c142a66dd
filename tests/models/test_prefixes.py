"""Who waits for whom, with blocks of four tokens."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from gulliver.models.engines.prefixes import Path, Prefixes


def prefixes(blocks: int = 100) -> Prefixes:
    return Prefixes(blocks, 4)


def asked(known: Prefixes, tokens: Sequence[int]) -> Path:
    """A request to go on from these tokens."""
    return known.path(list(tokens), len(tokens))


def done(known: Prefixes, tokens: Sequence[int], new: Sequence[int] = ()) -> None:
    path = asked(known, tokens)
    known.start(path)
    known.finish(path, new)


def test_what_begins_alike_waits_until_the_first_is_read() -> None:
    known = prefixes()
    first, second = asked(known, range(10)), asked(known, [*range(8), 50, 51, 52])
    assert not known.waits(first)
    assert known.start(first) == 0
    assert known.waits(second)
    known.read(first)
    assert not known.waits(second)
    assert known.start(second) == 8


def test_what_begins_otherwise_does_not_wait() -> None:
    known = prefixes()
    known.start(asked(known, range(10)))
    assert not known.waits(asked(known, range(1, 11)))
    assert not known.waits(asked(known, [0, 1, 2, 9, 9, 9]))


def test_a_prompt_that_is_all_known_still_computes_a_token() -> None:
    known = prefixes()
    done(known, range(8))
    assert known.start(asked(known, range(8))) == 4


def test_a_score_keeps_the_token_before_its_own_out_of_the_cache() -> None:
    known = prefixes()
    done(known, range(12))
    assert known.start(known.path([*range(8), 90, 91], 8)) == 4
    assert known.start(known.path([*range(9), 90, 91], 9)) == 8


def test_options_that_share_more_than_the_question_start_together() -> None:
    known = prefixes()
    one, two = known.path([*range(8), 1], 5), known.path([*range(8), 2], 5)
    known.start(one)
    assert not known.waits(two)
    one.started = True
    assert known.waits(two)


def test_two_that_go_on_from_the_same_unfinished_block_start_one_after_the_other() -> None:
    known = prefixes()
    done(known, range(6), [6, 7, 8, 9])  # its last token has no keys and values, so it may have stopped at 9 or 10
    one, two = asked(known, [*range(10), 20]), asked(known, [*range(10), 30])
    assert not known.waits(one)
    known.start(one)
    assert known.waits(two)
    known.read(one)
    assert not known.waits(two)


def test_two_that_go_on_from_a_running_prompt_start_one_after_the_other() -> None:
    known = prefixes()
    running = asked(known, range(6))
    known.start(running)
    known.read(running)
    one, two = asked(known, [*range(6), 20]), asked(known, [*range(6), 30])
    known.start(one)
    assert known.waits(two)


def test_what_was_given_up_half_read_is_known_half() -> None:
    known = prefixes()
    path = asked(known, range(12))
    known.start(path)
    known.finish(path, (), unread=5)
    assert known.start(asked(known, range(12))) == 4


def test_the_oldest_is_forgotten_when_the_cache_is_full() -> None:
    known = prefixes(blocks=2)
    done(known, range(8))
    done(known, range(100, 108))
    assert known.start(asked(known, range(9))) == 0
    assert known.start(asked(known, range(100, 109))) == 8


def test_without_a_cache_nobody_waits() -> None:
    known = prefixes(blocks=0)
    done(known, range(6))
    known.start(asked(known, range(10)))
    assert not known.waits(asked(known, range(10)))
    assert known.start(asked(known, range(10))) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=14), min_size=1, max_size=12))
def test_all_end_whatever_they_share_and_none_starts_behind_an_unfinished_block_with_another(
    sequences: list[list[int]],
) -> None:
    known = prefixes()
    waiting = [asked(known, tokens) for tokens in sequences]
    rounds = 0
    while waiting:
        rounds += 1
        assert rounds <= 2 * len(sequences)
        running: list[Path] = []
        for path in list(waiting):
            if not known.waits(path):
                assert known.start(path) < len(path.tokens)
                assert all(not (path.ends & other.ends) for other in running)
                running.append(path)
                waiting = [other for other in waiting if other is not path]
        assert running
        for path in running:
            known.read(path)
        for path in running:
            known.finish(path, [1])
