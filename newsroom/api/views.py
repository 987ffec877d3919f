"""Articles and sections at ``/api/v2/``: every field is named here, nothing comes by itself."""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.http import ConditionalGetMiddleware
from django.urls import path
from django.utils.dateparse import parse_date
from rest_framework.fields import Field
from rest_framework.filters import BaseFilterBackend
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from wagtail.api import APIField
from wagtail.api.v2.pagination import WagtailPagination
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.api.v2.utils import BadRequestError
from wagtail.api.v2.views import BaseAPIViewSet
from wagtail.models import Page

from newsroom.core.clock import begin_of, end_of
from newsroom.core.for_programs import TO_READ
from newsroom.core.languages import OWN, addresses_below, speaking
from newsroom.kept_pages.noting import keep, may_be_kept
from newsroom.models import ArticlePage, SectionPage, readable
from newsroom.publishing.atom import whole_texts
from newsroom.web.http import absolute_url
from newsroom.web.public_forms import too_often

AT_ONCE = 50
FURTHEST = 10_000  # older articles are reached by “until”
OFTEN = {"most": 120, "seconds": 60}  # lists, of one network
FAR = f"offset cannot be higher than {FURTHEST:d}: ask for what is older by “until”"
View = Callable[..., Any]


def public(view: View) -> View:
    """Any site's script may read it, as anybody may: who asks makes no difference. Nobody keeps it
    without asking whether it is still so."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with addresses_below("/"), speaking(OWN):
            found = view(request, *args, **kwargs)
            if isinstance(found, Response):
                found.render()
        for name, value in TO_READ.items():
            found[name] = value
        if found.status_code == 200:
            found["Cache-Control"] = "no-cache"
        return ConditionalGetMiddleware(lambda _: found)(request)

    return answer


def not_all_the_time(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if too_often(request, "api", **OFTEN):
            headers = {"Retry-After": str(OFTEN["seconds"])}
            return JsonResponse({"message": "too many requests"}, status=429, headers=headers)
        return view(request, *args, **kwargs)

    return answer


def computed(name: str, compute: Callable[[Any], Any]) -> APIField:
    class Computed(Field):
        def get_attribute(self, instance: Any) -> Any:
            return compute(instance)

        def to_representation(self, value: Any) -> Any:
            return value

    return APIField(name, serializer=Computed(read_only=True))


class Pages(WagtailPagination):
    """As many as an index finds quickly: what is counted or skipped has to be read."""

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        offset, limit = (self.number(request, name) for name in ("offset", "limit"))
        if offset > FURTHEST:
            raise BadRequestError(FAR)
        if limit > AT_ONCE:
            raise BadRequestError(f"limit cannot be higher than {AT_ONCE}")
        self.total_count = queryset.order_by()[: FURTHEST + AT_ONCE].count()
        return queryset[offset : offset + (limit or 20)]

    def number(self, request: Any, name: str) -> int:
        given = request.GET.get(name) or "0"
        if not (given.isascii() and given.isdecimal() and len(given) < 10):
            raise BadRequestError(f"{name} must be a positive integer")
        return int(given)


class Narrowed(BaseFilterBackend):
    """By section, topic and author, each by the last part of its address; by the day."""

    FILTERS = {"topic": "tagged_items__tag__slug", "author": "bylines__author__slug"}

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        asked = {name: request.GET[name] for name in view.narrowed_by if request.GET.get(name)}
        for name, value in asked.items():
            if name in self.FILTERS:
                queryset = queryset.filter(**{self.FILTERS[name]: value})
            elif name == "section":
                section = readable(SectionPage.objects).filter(slug=value).first()
                queryset = queryset.child_of(section) if section else queryset.none()
            elif (day := day_of(value)) is None:
                raise BadRequestError(f"{name} must be a day, such as 2026-11-27")
            elif name == "since":
                queryset = queryset.filter(published_at__gte=begin_of(day))
            else:
                queryset = queryset.filter(published_at__lt=end_of(day))
        return queryset


def day_of(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None


class Endpoint(BaseAPIViewSet):
    """What both have in common. Nobody signs in here."""

    http_method_names = ["get", "head"]
    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    metadata_class = None
    renderer_classes = [JSONRenderer]
    pagination_class = Pages
    filter_backends = [Narrowed]
    narrowed_by: tuple[str, ...] = ()
    find_query_parameters: frozenset[str] = frozenset()
    meta_fields: list[Any] = [
        computed("type", lambda page: page._meta.label),
        computed("detail_url", lambda page: detail_url(page)),
        computed("html_url", lambda page: page.full_url),
        "slug",
    ]

    def handle_exception(self, exc: Exception) -> Any:
        """All in one shape."""
        answer = super().handle_exception(exc)
        if "detail" in answer.data:
            answer.data = {"message": str(answer.data["detail"])}
        return answer

    def check_query_parameters(self, queryset: Any) -> None:
        known = {"limit", "offset", "format", *self.narrowed_by}
        if unknown := set(self.request.GET) - known:
            raise BadRequestError(f"unknown: {', '.join(sorted(unknown))}"[:200])

    def get_serializer_class(self) -> Any:
        """Always the same fields; Wagtail would let anybody ask for others."""
        details = self.action == "detail_view"
        return self._get_serializer_class(router, self.model, [], show_details=details)

    def detail_view(self, request: Any, pk: int) -> Any:
        keep()
        return super().detail_view(request, pk)

    @classmethod
    def get_listing_default_fields(cls, model: Any) -> list[str]:
        names = cls.get_body_fields_names(model) + cls.get_meta_fields_names(model)
        return [name for name in names if name not in cls.detail_only_fields]

    @classmethod
    def get_urlpatterns(cls) -> list[Any]:
        listing, detail = (cls.as_view({"get": f"{name}_view"}) for name in ("listing", "detail"))
        return [
            path("", public(not_all_the_time(listing)), name="listing"),
            path("<id:pk>/", may_be_kept(public(detail)), name="detail"),
        ]


class Articles(Endpoint):
    name = "articles"
    model = ArticlePage
    narrowed_by = ("section", "topic", "author", "since", "until")
    body_fields = [
        *("id", "title", "deck", "published_at", "updated_at", "reading_minutes", "wire_credit"),
        computed("section", lambda page: about_section(page.section)),
        computed("authors", lambda page: [author(one) for one in page.bylines.all()]),
        computed("topics", lambda page: [topic(one) for one in page.tagged_items.all()]),
        computed("corrections", lambda page: [corrected(one) for one in page.corrections.all()]),
        computed("picture", lambda page: picture(page.lead_image)),
        computed("text", lambda page: whole_texts([page])[0]),
    ]
    detail_only_fields = ["text"]

    def get_queryset(self) -> Any:
        found = readable(ArticlePage.objects).as_teasers().defer(None)
        found = found.prefetch_related("tagged_items__tag", "corrections")
        return found if self.action == "detail_view" else found.defer_streamfields()

    def paginate_queryset(self, queryset: Any) -> list[ArticlePage]:
        """With their sections, in one query."""
        found: list[ArticlePage] = list(super().paginate_queryset(queryset))
        above = {one.path[: -Page.steplen] for one in found}
        sections = {section.path: section for section in Page.objects.filter(path__in=above)}
        for one in found:
            one.section = sections[one.path[: -Page.steplen]]
        return found


class Sections(Endpoint):
    name = "sections"
    model = SectionPage
    body_fields = ["id", "title", "introduction"]

    def get_queryset(self) -> Any:
        return readable(SectionPage.objects).order_by("path")


def detail_url(page: Any) -> str:
    name = router.get_model_endpoint(type(page))[0]
    return absolute_url(f"api:{name}:detail", page.pk)


def author(byline: Any) -> dict[str, Any]:
    return named("author", byline.author)


def topic(tagged: Any) -> dict[str, Any]:
    return named("topic", tagged.tag)


def named(kind: str, one: Any) -> dict[str, Any]:
    return {"name": one.name, "slug": one.slug, "html_url": absolute_url(kind, one.slug)}


def about_section(section: Any) -> dict[str, Any]:
    return {"title": section.title, "slug": section.slug, "html_url": section.full_url}


def corrected(correction: Any) -> dict[str, Any]:
    return {"corrected_on": correction.corrected_on, "text": correction.text}


def picture(image: Any) -> dict[str, Any] | None:
    """Of pictures and documents only what stands in an article that is in print."""
    shown = next(iter(image.shown("shared")), None) if image else None
    if shown is None:
        return None
    about = OrderedDict(url=shown.full_url, width=shown.width, height=shown.height)
    return about | {"alt": shown.alt, "credit": image.credit}


router = WagtailAPIRouter("api")
router.register_endpoint("articles", Articles)
router.register_endpoint("sections", Sections)
