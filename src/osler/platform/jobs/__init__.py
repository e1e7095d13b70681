"""Background jobs on pgqueuer: durable, taken once, run again when a worker dies, recurring by cron."""

from osler.platform.jobs.runner import JobFailed, JobRunner, enqueue

__all__ = ["JobFailed", "JobRunner", "enqueue"]
