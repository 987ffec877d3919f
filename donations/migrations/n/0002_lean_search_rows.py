"""Written by hand: the long columns of the search lie beside its rows (PostgreSQL: “TOAST”), so
that the newest of a hundred thousand that have a word are found without reading their words. (When
0001 is made anew, put this file aside meanwhile.)"""

from django.db import migrations

LEAN = "ALTER TABLE newsroom_searchentry SET (toast_tuple_target = 128)"
USUAL = "ALTER TABLE newsroom_searchentry RESET (toast_tuple_target)"


class Migration(migrations.Migration):
    dependencies = [("newsroom", "0001_initial")]
    operations = [migrations.RunSQL(LEAN, USUAL)]
