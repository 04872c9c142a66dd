"""The judge of `tickets.toml`: a team counts by any name that people use for it, as long as only one is named."""

import re

NAMES = {
    "billing": (
        "billing",
        "billings",
        "payment",
        "payments",
        "invoice",
        "invoices",
        "invoicing",
        "finance",
        "accounting",
    ),
    "bug": ("bug", "bugs", "technical", "tech", "engineering", "development"),
    "account": ("account", "accounts", "login", "access", "security"),
    "shipping": ("shipping", "shipment", "delivery", "logistics", "warehouse"),
    "other": ("other", "others", "general", "none of these", "none"),
}


def judge(answer: str, row: dict) -> bool:
    """Whether the answer names the team in `row["label"]`, and no other team."""
    named = {
        team
        for team, names in NAMES.items()
        if any(re.search(rf"\b{re.escape(name)}\b", answer, re.IGNORECASE) for name in names)
    }
    return named == {row["label"]}
