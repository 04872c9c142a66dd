"""Every draft that the store holds for an item under a recipe; no engine is opened and nothing is fetched.

A run keeps the answer that was chosen. The store keeps every reply by what was asked, so the prompt under which the chosen
text was written leads to the other drafts of the same prompt.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from gulliver.errors import GulliverError
from gulliver.home import home
from gulliver.inference.tables import answers, open_database
from gulliver.studies.result import ItemRecord, RecipeResult, StudyResult


@dataclass(frozen=True)
class KeptDraft:
    """One draft as the store has it; `chosen` when its text is the answer's, `logprob` a token, in nats."""

    text: str
    finish: str
    tokens: int
    logprob: float | None
    chosen: bool


def drafts_of(result: StudyResult, recipe: RecipeResult, item: str, store: str | Path | None = None) -> list[KeptDraft]:
    """The drafts of one item, in the order they were kept; other runs may have added to them.

    Raises:
        GulliverError: the run kept no texts, or the store holds none of them.
    """
    record = next((r for r in recipe.records if r.item == item), None)
    if record is None or not record.text or not result.run.keep_text:
        raise GulliverError("This answer has no text to find its drafts by.")
    found = _group(_replies(record, store), record.text)
    if not found:
        raise GulliverError("The store does not hold the drafts of this answer; name the run's store with --store.")
    return found


def _replies(record: ItemRecord, store: str | Path | None) -> list[tuple[str, str, dict[str, Any]]]:
    """Model, request and reply of every answer whose prompt holds the question."""
    if store is None and not (home() / "store.sqlite").is_file():
        return []
    # The store writes prompts as JSON; a question cut by the run is looked for by its beginning.
    asked = json.dumps(record.question.strip()[:200], ensure_ascii=False)[1:-1]
    engine = open_database(store)
    try:
        with engine.connect() as connection:
            chosen = sql.select(answers.c.model, answers.c.request, answers.c.reply).order_by(answers.c.created)
            rows = connection.execute(chosen.where(answers.c.request.contains(asked, autoescape=True))).all()
    finally:
        engine.dispose()
    return [(model, request, json.loads(reply)) for model, request, reply in rows]


def _group(rows: list[tuple[str, str, dict[str, Any]]], text: str) -> list[KeptDraft]:
    """The largest group of replies to one request of one model that holds this text."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for model, request, reply in rows:
        groups.setdefault((model, request), []).append(reply)
    holding = [group for group in groups.values() if any(reply.get("text") == text for reply in group)]
    return [_draft(reply, text) for reply in max(holding, key=len, default=[])]


def _draft(reply: dict[str, Any], text: str) -> KeptDraft:
    tokens, logprob = int(reply.get("completion_tokens") or 0), reply.get("logprob")
    each = logprob / tokens if logprob is not None and tokens else None
    return KeptDraft(str(reply.get("text", "")), str(reply.get("finish", "")), tokens, each, reply.get("text") == text)
