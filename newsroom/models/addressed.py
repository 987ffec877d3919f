"""Pages' addresses: in any script, none that a view of ours has, none too long to be kept; and what
a copy of a page leaves behind."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, ExpressionWrapper, F, OuterRef
from django.utils import timezone
from modelcluster.fields import ParentalKey
from modelcluster.models import get_all_child_relations
from wagtail.admin.forms.models import register_form_field_override
from wagtail.admin.forms.pages import CopyForm
from wagtail.admin.widgets import SlugInput
from wagtail.blocks import ChooserBlock, ListBlock, StreamBlock, StructBlock
from wagtail.fields import StreamField
from wagtail.models import Page, PagePermissionTester, PageViewRestriction, Revision

from newsroom.kept_pages import changes, noting
from newsroom.web.addresses import refuse_taken

# Characters. A renamed page is redirected to, and Wagtail keeps 255 of its old address, which is
# two slugs long at most.
LONGEST_SLUG = 100
# What Wagtail writes when a draft is saved: readers see none of it.
OF_DRAFTS = {
    *("latest_revision", "latest_revision_created_at", "draft_title", "has_unpublished_changes"),
    *("locked", "locked_by", "locked_at", "approved_schedule", "go_live_at", "expire_at"),
    "wagtail_admin_comments",
}
LOOSE = ("Mn", "Mc", "Me", "Cf")  # Unicode's categories of marks, and of what is not seen


def readable(pages: Any, of: str = "") -> Any:
    """Of a manager or queryset of pages those that every reader may open: published, and private
    neither themselves nor by a page above. In the same query, so also before a slice is taken;
    Wagtail's ``public`` asks for the restrictions in one of its own. Or the rows ``of`` such
    pages: “article__”."""
    published = pages.filter(**{f"{of}live": True})
    if all_are_public():
        return published  # the subquery is a third of the work
    path = ExpressionWrapper(OuterRef(f"{of}path"), models.CharField())
    above = PageViewRestriction.objects.annotate(path=path).filter(path__startswith=F("page__path"))
    return published.filter(~Exists(above))


@noting.remembered
def has_restrictions() -> bool:
    """Is any page private?"""
    return PageViewRestriction.objects.exists()


def all_are_public() -> bool:
    """As is known without asking each time."""
    return noting.remembers() and not has_restrictions()


class PageSlugField(forms.SlugField):
    """What an editor types or the admin proposes, in the one form that addresses are looked up in.

    Composed (NFKC, Unicode Standard Annex 15), as Django's slugify does; without the marks that
    stay alone then (vowel signs, directions), which Wagtail's addresses don't have.
    """

    def to_python(self, value: Any) -> str:
        composed = unicodedata.normalize("NFKC", str(super().to_python(value)))
        kept = [one for one in composed if unicodedata.category(one) not in LOOSE]
        return "".join(kept)[:LONGEST_SLUG].rstrip("-")


register_form_field_override(
    models.SlugField, override={"form_class": PageSlugField, "widget": SlugInput}
)


class CopyWithAddress(CopyForm):
    """Wagtail saves a copy without cleaning it, so its slug is looked at here.

    No aliases: one story at two addresses would stand twice in every list and feed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("alias", None)  # only who may publish has it
        if not self.page.specific_class.copied_with_subpages:
            self.fields.pop("copy_subpages", None)
        proposed = self.fields["new_slug"]
        self.fields["new_slug"] = PageSlugField(
            initial=proposed.initial,
            label=proposed.label,
            widget=proposed.widget,
            allow_unicode=True,
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        try:
            refuse_taken(cleaned.get("new_slug", ""), self.page.specific_class.addresses_under)
        except ValidationError as refusal:
            self.add_error("new_slug", refusal)
        return cleaned


class PageRights(PagePermissionTester):
    """Wagtail's. Who may add pages and not change those of others (Writers) makes articles only."""

    def may_add(self) -> bool:
        return bool(super().can_add_subpage())

    def can_add_subpage(self) -> bool:
        return self.may_add() and (self.user.is_superuser or "change" in self.permissions)


class AddressedPage(Page):
    """A page beside views of ours: with an address of theirs nobody could ever reach it."""

    # How the patterns beside it begin in newsroom/urls.py; None: there are none.
    addresses_under: str | None = ""
    copy_form_class = CopyWithAddress
    left_out: Sequence[str] = ()  # as in ``gone``, without what its blocks refer to
    copied_with_subpages = True
    rights: type[PageRights] = PageRights
    is_approved = False  # in Wagtail's workflow, before it is published
    # The schedule is of the page that was copied; so are the dates that pages add to this.
    exclude_fields_in_copy = ["go_live_at", "expire_at", "expired"]

    class Meta:
        abstract = True

    @classmethod
    def from_serializable_data(
        cls, data: dict[str, Any], check_fks: bool = True, strict_fks: bool = False
    ) -> Any:
        """A draft or an older version. Rows of it that refer to what was deleted since, an author
        say, are left out, and named in ``gone``: modelcluster raises an error for some of them."""
        left_out, kept = [], dict(data)
        for relation in get_all_child_relations(cls):
            name, model = relation.get_accessor_name(), relation.related_model
            rows = data.get(name, [])
            gone = rows_of_what_is_gone(model, rows)
            kept[name] = [row for row in rows if row not in gone]
            if gone:
                left_out.append(str(model._meta.verbose_name))
        page = super().from_serializable_data(kept, check_fks, strict_fks)
        for field in cls._meta.concrete_fields:
            had = field.is_relation and field.model is not Page and data.get(field.name)
            if had and getattr(page, field.attname) is None:
                left_out.append(str(field.verbose_name))
        page.left_out = left_out
        return page

    def permissions_for_user(self, user: Any) -> PageRights:
        return self.rights(user, self)

    @property
    def has_workflow(self) -> bool:
        return self.is_approved and bool(super().has_workflow)

    def get_workflow(self) -> Any:
        return super().get_workflow() if self.is_approved else None

    @property
    def gone(self) -> list[str]:
        """What this version had and was deleted since, in words for its editor."""
        found = list(self.left_out)
        for field in self._meta.concrete_fields:
            if isinstance(field, StreamField):
                body = getattr(self, field.name)
                chosen = list(choices(body.stream_block, body.raw_data))
                for model in dict.fromkeys(block.model_class for block, _ in chosen):
                    wanted = {pk: block for block, pk in chosen if block.model_class is model}
                    there = model._base_manager.in_bulk(list(wanted))
                    found += [str(block.label) for pk, block in wanted.items() if pk not in there]
        return [word[:1].lower() + word[1:] for word in dict.fromkeys(found)]

    def save_revision(self, *args: Any, overwrite_revision: Any = None, **kwargs: Any) -> Any:
        """Wagtail's editor saves while somebody types, over its last revision; but not over one
        that somebody else has seen and said something about."""
        with transaction.atomic():
            list(type(self).objects.filter(pk=self.pk).select_for_update(of=("self",)))
            if overwrite_revision and self.is_kept(overwrite_revision):
                overwrite_revision = None
            return super().save_revision(*args, overwrite_revision=overwrite_revision, **kwargs)

    def publish(self, revision: Any, *args: Any, **kwargs: Any) -> None:
        """A version for later takes nothing down. Wagtail knows what stays until then by the
        revision that is live; a page that was made by code has none, so it gets one."""
        live = type(self).objects.filter(pk=self.pk, live=True, live_revision=None).first()
        later = revision.as_object().go_live_at if live else None
        if live and later and later > timezone.now():
            with changes.accounted():
                shown = Revision.objects.create(
                    content_object=live,
                    base_content_type=live.get_base_content_type(),
                    content=live.serializable_data(),
                    object_str=str(live),
                    created_at=revision.created_at - timedelta(seconds=1),
                )
                Page.objects.filter(pk=self.pk).update(live_revision=shown)
            revision.content["live_revision"] = shown.pk  # where Wagtail looks for it
        super().publish(revision, *args, **kwargs)

    def is_kept(self, revision: Any) -> bool:
        """Must that revision stay as it is?"""
        return False

    @transaction.atomic
    def save(self, *args: Any, clean: bool = True, **kwargs: Any) -> None:
        """Saves below one parent wait for each other: no index of the database knows that an
        address is taken, only the look that Wagtail takes just before."""
        self.hide_until_published()
        if clean and self.path:
            beside = Page.objects.select_for_update().filter(path=self.path[: -Page.steplen])
            beside.values_list("pk").first()
        fields = kwargs.get("update_fields")
        is_shown = fields is None or not OF_DRAFTS.issuperset(fields)
        before = self.shown_on() if is_shown else None
        with changes.accounted():
            super().save(*args, clean=clean, **kwargs)
            if is_shown:
                self.after_save()
        if is_shown and (tags := self.to_forget(before, self.shown_on())):
            changes.after_commit(*tags)

    def serve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        noting.keep(*self.lists_on_it())
        return super().serve(request, *args, **kwargs)

    def get_view_restrictions(self) -> Any:
        """Wagtail's, which asks twice; most papers have none at all."""
        asked = has_restrictions()
        return super().get_view_restrictions() if asked else PageViewRestriction.objects.none()

    def lists_on_it(self) -> Sequence[str]:
        """That change when an article comes or goes (newsroom/kept_pages/noting.py)."""
        return ()

    def shown_on(self) -> Any:
        """Where readers see it, as the database has it now; nothing for a draft."""
        return Page.objects.filter(pk=self.pk, live=True).exists()

    def to_forget(self, before: Any, after: Any) -> set[str]:
        """Which kept pages show that it is no longer as it was."""
        return {noting.EVERYTHING} if before or after else set()

    def after_save(self) -> None:
        """What is kept beside it, of what readers see."""

    def get_sitemap_urls(self, request: Any = None) -> list[dict[str, Any]]:
        """A draft changes nothing for readers, nor does its day."""
        urls = super().get_sitemap_urls(request)
        return [one | {"lastmod": self.last_published_at} for one in urls]

    def hide_until_published(self) -> None:
        """Wagtail adds a new page as if it were live, and looks at its schedule only then."""
        if self._state.adding and self.go_live_at and self.go_live_at > timezone.now():
            self.live = False

    def clean(self) -> None:
        super().clean()
        try:
            refuse_taken(self.slug, self.addresses_under)
        except ValidationError as refusal:
            raise ValidationError({"slug": refusal}) from refusal


def choices(block: Any, raw: Any) -> Iterator[tuple[Any, Any]]:
    """What the choosers in a stream, as it is stored, refer to: (block, primary key)."""
    match block:
        case ChooserBlock() if raw is not None:
            yield block, raw
        case StructBlock():
            for name, child in block.child_blocks.items():
                yield from choices(child, (raw or {}).get(name))
        case ListBlock():
            for item in raw or []:  # with a number of its own, or as older versions have it
                numbered = isinstance(item, dict) and "value" in item
                yield from choices(block.child_block, item["value"] if numbered else item)
        case StreamBlock():
            for piece in raw:
                if child := block.child_blocks.get(piece["type"]):
                    yield from choices(child, piece["value"])


def rows_of_what_is_gone(model: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a page's rows, as a revision keeps them, that refer to something deleted."""
    found = []
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey) or isinstance(field, ParentalKey):
            continue
        wanted = {row[field.name] for row in rows if row.get(field.name) is not None}
        if wanted:
            there = field.remote_field.model._base_manager.filter(pk__in=wanted)
            gone = wanted - set(there.values_list("pk", flat=True))
            found += [row for row in rows if row.get(field.name) in gone]
    return found
