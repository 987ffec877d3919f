"""What the web server runs: ``granian --interface asginl newsroom.asgi:application``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")

from django.core.wsgi import get_wsgi_application

from newsroom.closed import keys_file, plain_page

if keys_file.closed_since():  # there are no settings without keys
    application = plain_page.application
    keys_file.end_when(lambda: not keys_file.closed_since())
else:
    django = get_wsgi_application()

    from newsroom.address.site import follow_at_start
    from newsroom.closed import watch
    from newsroom.core.environment import start
    from newsroom.kept_pages.front import KeptPages
    from newsroom.kept_pages.noting import noted
    from newsroom.mail.webhooks import taking_in
    from newsroom.web.front import Front

    start.refuse()
    follow_at_start()
    watch.begin(watch.anywhere)
    application = KeptPages(Front(noted(django), taking_in.at_the_front()))
