"""How English dates are written where Django's own way is not ours ("Creating custom format
files"): in one way on pages, in mails and in the admin, whose every list writes by these."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j F Y"  # Django: 26 Nov 2026
TIME_FORMAT = "H:i"  # Django: 2:30 p.m.
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j F Y, H:i"
