"""A pretraining ladder: grids of small models trained from scratch, so that a law's table can be made. Needs the extra `torch`.

`run_ladder(read_ladder("ladder.toml"))` gives a CSV a grid, whose columns are named by the roles that `gulliver laws fit` reads.
"""

from gulliver.laws.ladder.chain import Chain, chains_of
from gulliver.laws.ladder.config import LadderConfig, make_ladder, read_ladder
from gulliver.laws.ladder.crossover import Crossover, crossovers
from gulliver.laws.ladder.rows import read_rows
from gulliver.laws.ladder.shapes import Shape
from gulliver.laws.ladder.sweep import Event, remaining_flops, run_ladder, table_of

__all__ = [
    "Chain",
    "Crossover",
    "Event",
    "LadderConfig",
    "Shape",
    "chains_of",
    "crossovers",
    "make_ladder",
    "read_ladder",
    "read_rows",
    "remaining_flops",
    "run_ladder",
    "table_of",
]
