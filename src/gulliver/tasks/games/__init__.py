"""Small games to act in, one file each, as items: an answer is the moves of one episode, and the judge plays them
again."""

from gulliver.tasks.games.base import Game, State, find_game, game_names, make, moves_of, replay

__all__ = ["Game", "State", "find_game", "game_names", "make", "moves_of", "replay"]
