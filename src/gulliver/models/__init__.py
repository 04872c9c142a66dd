"""Models, where they come from, and the engines that run them."""

from gulliver.models.base import Card, Message, Model
from gulliver.models.load import check_runs, load_model

__all__ = ["Card", "Message", "Model", "check_runs", "load_model"]
