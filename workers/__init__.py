"""The workers: a Celery application, and one module a kind of job. They reach an engine only through its API."""
