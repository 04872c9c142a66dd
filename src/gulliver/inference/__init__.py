"""From many requests to few forward passes: single flight, store, ledger."""

from gulliver.inference.bound import BoundModel
from gulliver.inference.session import Meter, Session, Used
from gulliver.inference.store import Store
from gulliver.inference.types import Cost, Draft

__all__ = ["BoundModel", "Cost", "Draft", "Meter", "Session", "Store", "Used"]
