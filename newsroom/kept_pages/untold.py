"""Changes that the web processes may not have heard of, as PostgreSQL knows them."""

from django.db import models


class UntoldChange(models.Model):
    """Written in the transaction of a change, deleted when Redis has taken its purge. So whatever
    happens in between, Redis refusing or a process dying, it is told in the end."""

    def __str__(self) -> str:
        return f"untold change {self.pk}"
