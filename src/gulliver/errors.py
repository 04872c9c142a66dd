"""Errors that a user can cause: one sentence that says what is wrong and what to do."""


class GulliverError(Exception):
    """Something the user can mend; the message is one sentence, shown without a traceback (exit code 2)."""


class ModelError(GulliverError):
    """A model that cannot be found, fetched, read or run."""


class TaskError(GulliverError):
    """A task, its data or its judge that cannot be used."""


class SpecError(GulliverError):
    """A recipe, strategy or option that cannot be parsed."""


class StudyError(GulliverError):
    """A study file that cannot be run as it stands."""


class TrainingError(GulliverError):
    """A training that cannot start or go on."""


class ClusterError(GulliverError):
    """Machines that cannot be reached, or are gone: a study cannot go on without them."""


class MissingExtra(GulliverError):
    """An optional package is needed; the message says which extra to install."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional package; install it with: pip install 'gulliver[{extra}]'")
