"""The web process; gunicorn imports `application`."""

import os

from django.core.wsgi import get_wsgi_application

from config import timeouts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
timeouts.apply(timeouts.WEB)
