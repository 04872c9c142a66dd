"""What Prometheus can ask: requests, answers, tokens, FLOPs, times, the queue, restarts."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gulliver.inference import Cost

_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The counters of one server, in a registry of its own. No label holds anything that a client wrote."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter("gulliver_requests", "Requests by path and status", ["path", "status"], registry=own)
        self.seconds = Histogram(
            "gulliver_request_seconds", "From request to end", ["path"], buckets=_SECONDS, registry=own
        )
        self.answers = Counter("gulliver_answers", "Answers by who gave them", ["by"], registry=own)
        self.tokens = Counter("gulliver_tokens", "Tokens read and written", ["kind"], registry=own)
        self.flops = Counter("gulliver_flops", "Forward FLOPs", registry=own)
        self.audits = Counter(
            "gulliver_audited", "Answers looked at again, by how they were found", ["found"], registry=own
        )
        self.audit_flops = Counter("gulliver_audit_flops", "Forward FLOPs of looking at answers again", registry=own)

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A number that is asked for when somebody looks."""
        Gauge(name, what, registry=self._registry).set_function(value)

    def answered(self, by: str, cost: Cost) -> None:
        """Count one answer."""
        self.answers.labels(by).inc()
        self.tokens.labels("prompt").inc(cost.prompt_tokens)
        self.tokens.labels("completion").inc(cost.completion_tokens)
        self.flops.inc(cost.flops_computed)

    def audited(self, right: bool, cost: Cost) -> None:
        """Count one answer that was looked at again."""
        self.audits.labels("right" if right else "wrong").inc()
        self.audit_flops.inc(cost.flops_computed)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
