"""The Celery app. The database is the queue of record; its messages are a doorbell."""

import os

from celery import Celery

from workers import queues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery(
    "sightline",
    include=[
        "workers.look_around",
        "workers.signals",
        "workers.tasks.cleaning",
        "workers.tasks.queries",
    ],
    changes={
        "worker_consumer": "workers.consumer:AttentiveConsumer",
        "task_default_queue": queues.INGEST,
        "task_routes": {"workers.tasks.queries.*": {"queue": queues.QUERY}},
    },
)
app.config_from_object("django.conf:settings", namespace="CELERY")
