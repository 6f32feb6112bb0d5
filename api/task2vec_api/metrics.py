"""What the server measures of itself, for Prometheus."""

from collections.abc import Iterable

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from task2vec.jobs.leases import oldest_wait
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind, JobState
from task2vec_api.access import PUBLIC
from task2vec_api.audit_log import template_of
from task2vec_api.worker_registry import WorkerRegistry

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Metrics:
    """Counts and times requests, and reads the rest when it is asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._latency = Histogram(
            "task2vec_http_request_duration_seconds",
            "How long requests took, by route.",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._under_way = Gauge(
            "task2vec_http_requests_in_flight", "Requests under way.", registry=self.registry
        )
        self._refused = Counter(
            "task2vec_http_requests_refused_total",
            "Requests that were turned away, by reason.",
            ("reason",),
            registry=self.registry,
        )

    def begin(self) -> None:
        """Count a request as under way."""
        self._under_way.inc()

    def observe(self, request: Scope, status: int, seconds: float) -> None:
        """Count a request that has ended."""
        self._under_way.dec()
        method, route = request["method"], template_of(request)
        # Methods are the client's to make up.
        counted = method if method in _METHODS else "other"
        self._latency.labels(counted, route, str(status)).observe(seconds)
        reason = _REASONS.get(status)
        if reason and request["path"] not in PUBLIC:
            self._refused.labels(reason).inc()

    def text(self) -> bytes:
        """Return all of it in the format that Prometheus reads."""
        return generate_latest(self.registry)


_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_REASONS = {
    401: "unauthenticated",
    403: "not_allowed",
    408: "slow",
    413: "too_large",
    429: "rate",
    503: "overload",
    507: "store_full",
}


class State(Collector):
    """What is read at the moment of asking: jobs, workers, memory."""

    def __init__(self, workspace: Workspace, workers: WorkerRegistry, *, busy_for: float) -> None:
        self._workspace = workspace
        self._workers = workers
        self._busy_for = busy_for
        self._process = psutil.Process()

    def describe(self) -> Iterable[Metric]:
        """Say nothing beforehand: collecting reads the store, which need not be open yet."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read everything."""
        jobs = GaugeMetricFamily(
            "task2vec_jobs", "Jobs in the store, by kind and state.", labels=("kind", "state")
        )
        counts = self._workspace.store().jobs.counts()
        for kind in JobKind:
            for state in JobState:
                jobs.add_metric((kind.value, state.value), counts.get((kind, state), 0))
        yield jobs
        queued = sum(n for (_, state), n in counts.items() if state is JobState.QUEUED)
        yield _gauge("task2vec_jobs_queue_depth", "Jobs that wait for a worker.", queued)
        yield _gauge(
            "task2vec_jobs_oldest_queued_seconds",
            "How long the oldest of them has waited; 0 when none does.",
            oldest_wait(self._workspace) or 0.0,
        )
        workers = len(self._workers.alive(busy_for=self._busy_for))
        yield _gauge("task2vec_workers", "Workers heard of lately.", workers)
        memory = self._process.memory_info()
        yield _gauge("task2vec_resident_memory_bytes", "Memory of the API process.", memory.rss)
        yield _gauge("task2vec_open_files", "Open files and sockets.", self._process.num_fds())


def _gauge(name: str, meaning: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, meaning)
    family.add_metric((), value)
    return family
