"""An article chosen for readers, called as they see it."""

from typing import Any

from django.utils.functional import cached_property
from wagtail.admin.widgets import AdminPageChooser
from wagtail.blocks import PageChooserBlock


class PublishedChooser(AdminPageChooser):
    """Of what is published the form shows the title that readers get, not that of a draft which
    somebody is writing beside it."""

    def get_display_title(self, instance: Any) -> str:
        return str(instance.title if instance.live else instance.get_admin_display_title())


class PublishedChooserBlock(PageChooserBlock):
    @cached_property
    def widget(self) -> PublishedChooser:
        return PublishedChooser(
            target_models=self.target_models, can_choose_root=self.can_choose_root
        )

    def deconstruct(self) -> Any:
        """What is stored is as with Wagtail's own: that needs no migration."""
        _, args, kwargs = super().deconstruct()
        return "wagtail.blocks.PageChooserBlock", args, kwargs
