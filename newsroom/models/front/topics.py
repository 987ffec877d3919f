"""Where editors choose a topic for a row of the front page."""

from typing import Any

from taggit.models import Tag
from wagtail.admin.forms.choosers import BaseFilterForm, SearchFilterMixin
from wagtail.admin.views.generic.chooser import ChooseResultsView, ChooseView, ChosenView
from wagtail.admin.viewsets.chooser import ChooserViewSet

from newsroom.core.paths import number_of


class Named(SearchFilterMixin, BaseFilterForm):
    """By a part of the name: tags are in no search index."""

    def filter(self, objects: Any) -> Any:
        self.search_query = self.cleaned_data.get("q")
        self.is_searching = bool(self.search_query)
        return objects.filter(name__icontains=self.search_query or "")


class Choose(ChooseView):
    filter_form_class = Named


class Results(ChooseResultsView):
    filter_form_class = Named


class Chosen(ChosenView):
    def get_object(self, pk: str) -> Tag:
        """What is no number is none of them."""
        return Tag.objects.get(pk=number_of(pk))


class TopicChooser(ChooserViewSet):
    model = Tag
    icon = "tag"
    choose_one_text = "Choose a topic"
    choose_another_text = "Choose another topic"
    choose_view_class = Choose
    choose_results_view_class = Results
    chosen_view_class = Chosen

    def get_urlpatterns(self) -> list[Any]:
        """None where one is made: a topic is, by tagging an article."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "create"]

    def get_object_list(self) -> Any:
        return Tag.objects.exclude(slug="").order_by("name")


TOPICS = TopicChooser("topic_chooser", url_prefix="choose-topic")
TopicChooserBlock = TOPICS.get_block_class("TopicChooserBlock", "newsroom.models.front.topics")
