from wagtail.users.apps import WagtailUsersAppConfig


class UsersConfig(WagtailUsersAppConfig):
    """Wagtail's pages about users, with our own where they would show or ask for what is sealed."""

    user_viewset = "newsroom.staff.pages.StaffViewSet"
