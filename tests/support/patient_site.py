"""The site with one thing broken: whoever sends a message waits for Redis, however long."""

from config.wsgi import application
from workers.celery import app

__all__ = ["application"]

app.conf.broker_transport_options = {}
