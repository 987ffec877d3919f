"""What the web server runs: ``granian --interface asginl newsroom.asgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

from django.core.wsgi import get_wsgi_application

from newsroom.core.environment import start
from newsroom.web.front import Front

start.refuse()
application = Front(get_wsgi_application())
