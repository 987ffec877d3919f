"""What the web server runs: ``granian --interface asginl newsroom.asgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

from django.core.wsgi import get_wsgi_application

from newsroom.web.front import Front

application = Front(get_wsgi_application())
