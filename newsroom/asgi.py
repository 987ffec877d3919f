"""What the web server runs: ``granian --interface asginl newsroom.asgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from newsroom.web.front import Front

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
application = Front(get_wsgi_application())
