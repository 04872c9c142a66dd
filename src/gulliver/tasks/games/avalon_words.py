"""What is said at a table of Avalon: opinions in many wordings, and the record as a player reads it."""

import random

from gulliver.tasks.games.avalon_record import NAMES, Event, Opinion, Proposed, Quested, Said, Voted, named

WORDINGS: dict[Opinion, tuple[str, ...]] = {
    "suspects": (
        "I do not trust {}.",
        "{} is up to something.",
        "Keep {} off the team, please.",
        "It was {} who spoiled it, if you ask me.",
        "I would not send {} anywhere.",
        "{} worries me more than anybody else.",
        "There is something rotten about {}.",
        "My eye is on {}, and I do not like what I see.",
    ),
    "trusts": (
        "I trust {}.",
        "{} is one of us.",
        "Take {} along, that is safe.",
        "Nothing went wrong because of {}.",
        "I would send {} anywhere.",
        "{} worries me less than anybody else.",
        "There is nothing wrong with {}.",
        "My vote goes with {}, and gladly.",
    ),
}


def sentence(opinion: Opinion, about: int, rng: random.Random) -> str:
    """One of the wordings, drawn."""
    return rng.choice(WORDINGS[opinion]).format(NAMES[about])


def told(event: Event) -> str:
    """An event in a sentence."""
    if isinstance(event, Proposed):
        return f"{NAMES[event.leader]} named {named(event.team)}."
    if isinstance(event, Voted):
        against = [name for name, yes in zip(NAMES, event.approved, strict=True) if not yes]
        return f"{named(event.team)}: {'passed' if event.passed else 'refused'}, against it {', '.join(against) or 'nobody'}."
    if isinstance(event, Quested):
        return f"The quest of {named(event.team)} {'failed' if event.fails else 'succeeded'}."
    assert isinstance(event, Said)
    return f'{NAMES[event.speaker]}: "{event.text}"'
