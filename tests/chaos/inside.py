"""What the rehearsal of a deployment lets run in the machine: an operator's, an editor's part."""

# An editor's part, as the first steps and the desk do it; `tests` came along with the checkout.
FIRST_STEPS = """
from newsroom.models import PolicyPage
from subscriptions.models import Newsletter
policy = PolicyPage.objects.get()
policy.body = "<p>Little.</p>"
policy.save_revision().publish()
Newsletter.objects.update(canary_minutes=0)
"""
SEND = """
from django.utils import timezone
from subscriptions.demo import make_readers
from subscriptions.models import Throttle
from subscriptions.sending import freezing
from tests.factories import make_article, make_issue, make_site
Throttle.objects.update_or_create(provider="mailgun", defaults={{"most_per_second": {rate}}})
site = make_site()
make_readers(site.newsletter, {readers}, first={first})
issue = make_issue(site.newsletter, [make_article(site.section, slug="a-{first}")])
print("mailing", freezing.approve(issue, None, timezone.now()).pk)
"""
PROCESSES = """
for one in $(find /proc -maxdepth 1 -user newsroom -name '[0-9]*'); do
  echo "${one#/proc/} $(tr '\\0' ' ' < $one/cmdline)"
done
"""
# Settings and keys are what an operator has elsewhere.
DESTROYED = """
systemctl stop newsroom
systemctl restart pgbouncer
setpriv --reuid postgres --regid postgres --init-groups psql -qc "DROP DATABASE newsroom"
redis-cli FLUSHALL
find /var/lib/newsroom/media /var/lib/newsroom/state -mindepth 1 -delete
"""
RESTORED = """
systemctl stop newsroom
systemctl restart pgbouncer
newsroom restore newest --replace
systemctl start newsroom
"""
# The next version: its schema has a column more, which the processes of this one do not know.
MIGRATION = """from django.db import migrations
class Migration(migrations.Migration):
    dependencies = [("subscriptions", "LAST")]
    operations = [migrations.RunSQL("ALTER TABLE subscriptions_batch ADD COLUMN rehearsed boolean")]
"""
