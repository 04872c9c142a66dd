"""The race, the frontier, the recommendation."""

from gulliver.studies.find import Study, find, measure
from gulliver.studies.recipe import Recipe, parse_recipe
from gulliver.studies.result import StudyResult

__all__ = ["Recipe", "Study", "StudyResult", "find", "measure", "parse_recipe"]
