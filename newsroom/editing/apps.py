from wagtail.admin.apps import WagtailAdminAppConfig


class AdminConfig(WagtailAdminAppConfig):
    """Wagtail's admin, with our own mails about what is handed in."""

    def ready(self) -> None:
        from newsroom.editing import notices

        super().ready()
        notices.install()
