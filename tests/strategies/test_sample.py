import pytest

from gulliver.errors import SpecError
from gulliver.spec import parse
from gulliver.strategies import parse_strategy
from tests.strategies.contract import StrategyContract


class TestSample(StrategyContract):
    text = "cot | sample(temperature=0.5, top_p=0.9)"


@pytest.mark.parametrize("text", ["sample(temperature=0.0)", "sample(top_p=0.0)", "sample(top_k=-1)"])
def test_options_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="temperature"):
        parse_strategy(parse(text))
