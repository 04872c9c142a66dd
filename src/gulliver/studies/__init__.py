"""The race, the frontier, the recommendation."""

from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.studies.result import StudyResult
from gulliver.studies.running import Study, find, measure

__all__ = ["Recipe", "Study", "StudyResult", "find", "measure", "parse_recipe"]
