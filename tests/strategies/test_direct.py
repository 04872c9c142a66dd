from tests.strategies.contract import StrategyContract


class TestDirect(StrategyContract):
    text = "direct"
    replies = ("7",)


class TestNothingSaidIsDirectGreedyFirst(StrategyContract):
    text = "direct | greedy | first"
    replies = ("7",)
