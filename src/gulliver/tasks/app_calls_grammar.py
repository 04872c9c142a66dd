"""A warehouse's tool: what it can do, and how people ask for it. Written for Gulliver.

Of each list of wordings the last two are held out: they make dev and test requests only.
"""

from collections.abc import Mapping
from typing import Any

HELD_OUT = 2
ITEMS = ("racks", "blades", "switches", "cables", "fans", "drives")
SITES = ("Dublin", "Oslo", "Madrid", "Warsaw", "Athens", "Lyon")
LEVELS = ("low", "normal", "high")


def _function(name: str, about: str, **parameters: tuple[str, str, tuple[str, ...]]) -> dict[str, Any]:
    properties = {
        key: {"type": kind, "description": told, **({"enum": list(values)} if values else {})}
        for key, (kind, told, values) in parameters.items()
    }
    inner = {"type": "dict", "properties": properties, "required": list(parameters)}
    return {"name": name, "description": about, "parameters": inner}


_ORDER = ("integer", "The number of the order.", ())
_SITE = ("string", "A warehouse.", SITES)
_ITEM = ("string", "What is stored.", ITEMS)
FUNCTIONS: tuple[dict[str, Any], ...] = (
    _function("order_status", "Tell how far an order is.", order=_ORDER),
    _function("stock", "Tell how many pieces a warehouse has.", item=_ITEM, site=_SITE),
    _function(
        "move_stock", "Move pieces from one warehouse to another.", item=_ITEM,
        quantity=("integer", "How many pieces.", ()), source=_SITE, target=_SITE,
    ),
    _function("set_priority", "Set how urgent an order is.", order=_ORDER, level=("string", "How urgent.", LEVELS)),
    _function("late_orders", "List orders that are late.", site=_SITE, days=("integer", "Days late, at least.", ())),
)  # fmt: skip

TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "order_status": (
        "Where is order {order}?", "Show me the status of order {order}", "has {order} left yet", "Track order {order} please",
        "How far is order number {order}?", "Any news about {order}? It's an order of mine.", "What became of order {order}?",
    ),
    "stock": (
        "How many {item} are in {site}?", "stock of {item} at {site}", "Do we have {item} in {site}?", "Count the {item} in the {site} warehouse",
        "Show what {site} has of {item}", "Are there any {item} left in {site}?", "Tell me the number of {item} that {site} holds.",
    ),
    "move_stock": (
        "Move {quantity} {item} from {source} to {target}.", "Send {quantity} {item} to {target}, take them from {source}", "transfer {quantity} {item} {source} -> {target}",
        "{target} needs {quantity} {item} from {source}", "Ship {quantity} {item} out of {source} and into {target}",
        "Could {source} hand over {quantity} {item} to {target}?", "Take {quantity} {item} in {source} and bring them to {target}.",
    ),
    "set_priority": (
        "Set order {order} to {level} priority.", "Make {order} {level} priority", "priority of order {order}: {level}", "Change the urgency of {order} to {level}",
        "Order {order} should be treated as {level}", "I want {order} handled with {level} priority.", "Put order {order} on {level}.",
    ),
    "late_orders": (
        "Which orders in {site} are at least {days} days late?", "List orders {days} days late at {site}", "late orders {site}, {days} days or more",
        "Show me what {site} has overdue by {days} days", "Orders of {site} that are {days} days behind", "What in {site} has been waiting {days} days too long?",
        "Give me everything from {site} that is late by {days} days or more.",
    ),
}  # fmt: skip

OFF_TOPIC: tuple[str, ...] = (
    "What's the weather like in {site}?", "Tell me a joke about {item}.", "Who won the match in {site} last night?", "Write a poem of {days} lines.",
    "What is {order} divided by {quantity}?", "Book me a hotel in {site} for {days} nights", "How do I cook rice for {quantity} people?",
    "What is the capital of the country that {site} is in?", "Remind me to call my mother in {days} days", "Translate '{item}' into French",
    "Recommend a film about {site}.", "How old is the city of {site}?", "Is it true that {quantity} is a lucky number?",
    "Which museum in {site} should I see in {days} hours?", "Explain to a child what {item} are for; she is {quantity}.",
)  # fmt: skip
