"""All checks of a deployment, in the order in which they are told."""

from functools import partial

from wagtail import hooks

from newsroom.doctor import domains, machine, stores, web
from newsroom.doctor.examination import Check

DATABASE, TABLES, REDIS, PROXY = "PostgreSQL", "Migrations", "Redis", "The way in"

CHECKS = [
    Check("Settings", machine.settings_are_right),
    Check("File of keys", machine.keys_are_their_owners),
    Check("Style sheets", machine.static_files_are_collected),
    Check("Disk", machine.disk_has_room, ("MEDIA_ROOT",)),
    Check("Backups", machine.backups_are_new, ("MEDIA_ROOT",)),
    Check(DATABASE, stores.database_answers, ("DATABASE_URL",)),
    Check(TABLES, stores.migrations_are_applied, (DATABASE,)),
    Check("Clock", stores.clocks_agree, (DATABASE,)),
    Check("Keys", stores.keys_open_what_is_sealed, ("PRIVACY_KEYS", TABLES)),
    Check("Roles of staff", stores.roles_are_granted, (TABLES,)),
    Check("Address of the site", stores.site_has_one_address, ("BASE_URL", TABLES)),
    Check("After a restore", stores.nothing_is_held, (TABLES,)),
    Check("Single mails", stores.single_mails_go_out, (TABLES,)),
    Check(REDIS, stores.redis_answers, ("REDIS_URL",)),
    Check("Memory of Redis", stores.redis_has_room, (REDIS,)),
    Check("Beat and workers", stores.queues_are_worked_on, (REDIS,)),
    Check("Certificates", web.certificates_are_good, ("BASE_URL",)),
    Check("Certificate of the mirror", web.mirror_has_one_too, (TABLES,)),
    Check(PROXY, web.proxies_pass_on, ("BASE_URL", "SECRET_KEY", "TRUSTED_PROXIES")),
    Check("The mail provider's way in", web.mail_hook_is_reached, ("MAIL_PROVIDER", PROXY)),
    Check("Mail server", web.mail_server_takes_us, ("MAIL_PROVIDER", "EMAIL_HOST")),
]


def checks() -> list[Check]:
    """With those of each domain that sends, and of the other apps."""
    needs = ("MAIL_PROVIDER", "RETURN_PATH")
    senders = [
        Check(f"Mail from {domain}", partial(domains.sender, domain), needs)
        for domain in domains.of_settings()
    ]
    return [*CHECKS, *senders, *(one for tell in hooks.get_hooks("doctor") for one in tell())]
