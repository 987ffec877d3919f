#!/usr/bin/env python
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    if sys.argv[1:2] == ["recover"]:  # without keys there are no settings, and no commands
        from newsroom.panic import putting_back

        putting_back.from_command_line(sys.argv[2:])
    if sys.argv[1:2] == ["run"]:
        from newsroom.closed import plain_page

        plain_page.stand_in(sys.argv[2:])
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # in words for whoever typed the command
        sys.exit(str(error))
