DATE_FORMAT = "j F Y"  # Django: 26 Nov 2026
