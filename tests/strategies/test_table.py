from gulliver.strategies.table import markdown, strategy_rows


def test_each_strategy_has_a_role_and_a_sentence() -> None:
    for row in strategy_rows():
        assert row["role"] in ("asking", "drawing", "choosing", "whole")
        assert row["about"].endswith((".", ")"))


def test_the_table_has_a_line_a_strategy() -> None:
    assert len(markdown().splitlines()) == 2 + len(strategy_rows())
