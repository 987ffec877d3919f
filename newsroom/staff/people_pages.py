"""Wagtail's pages about users: nobody sorts by what is sealed, and a new colleague gets a mail."""

from typing import Any

from wagtail.users.views.users import CreateView, IndexView, UserViewSet

from newsroom.staff import people


class StaffIndex(IndexView):
    @property
    def model_fields(self) -> set[str]:
        return super().model_fields - {"first_name", "last_name", "email"}


class AddStaff(CreateView):
    def save_instance(self) -> Any:
        user = super().save_instance()
        people.welcome(user)
        return user

    def get_success_message(self, instance: Any) -> str:
        return f"“{instance}” is added, and gets a mail with a link to choose a password."


class StaffViewSet(UserViewSet):
    index_view_class = StaffIndex
    add_view_class = AddStaff
