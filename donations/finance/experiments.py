"""Experiments of the ask: to plan one, to begin and stop it, and what it says by now.

From counts without names; so the page is for editors, too.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.auth import require_admin_access
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from donations.asking.experiments import running
from donations.asking.experiments.results import Line, Results, results_of
from donations.models import Experiment
from newsroom.core.paths import number_of

MANAGE = "donations.publish_appeal"  # to begin one publishes appeals, to stop it unpublishes some
WIDE, LEFT, ROW, GROUND = 720, 60, 48, 34


def state(experiment: Experiment) -> str:
    if experiment.runs:
        return "Runs"
    return "Ended" if experiment.ended_at else "Not begun"


class Planned:
    """Only before it begins: what is compared must not become something else meanwhile."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            rows = Experiment.objects.select_for_update()
            if get_object_or_404(rows, pk=kwargs["pk"]).begun_at:
                messages.error(request, "It has begun. It can be stopped, and no more be changed.")
                return redirect("experiments:inspect", kwargs["pk"])
            answer = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
            return answer.render() if hasattr(answer, "render") else answer


class EditExperiment(Planned, generic.EditView):
    pass


class DeleteExperiment(Planned, generic.DeleteView):
    pass


class ExperimentPage(generic.InspectView):
    page_title = "Experiment"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        experiment, now = self.object, timezone.now()
        begun = experiment.begun_at is not None
        may = self.request.user.has_perm(MANAGE)
        results = results_of(experiment, now) if begun else None
        return super().get_context_data(**kwargs) | {
            "experiment": experiment,
            "state": state(experiment),
            "variants": experiment.drawn(),
            "problems": [] if begun else running.problems(experiment, now),
            "spoilt": running.spoilt(experiment, now),
            "results": results,
            "chart": chart(results, experiment.matters) if results else None,
            "may_begin": may and not begun,
            "may_stop": may and experiment.runs,
            "may_change": not begun and self.request.user.has_perm("donations.change_experiment"),
        }


def chart(results: Results, matters: float) -> dict[str, Any] | None:
    """Each interval as a line, in gifts of 1,000 times shown; None before there is one."""
    lines = [one for one in results.lines if one.comparison and one.comparison.is_bounded]
    ends = [abs(end) * 1000 for one in lines for end in (one.comparison.low, one.comparison.high)]  # type: ignore[union-attr]
    if not lines:
        return None
    most = max(*ends, matters) * 1.1

    def x(per_thousand: float) -> int:
        return round(LEFT + (per_thousand / most + 1) / 2 * (WIDE - LEFT - 10))

    def row(number: int, line: Line) -> dict[str, Any]:
        found = line.comparison
        assert found
        at = [1000 * value for value in (found.low, found.difference, found.high)]
        return {
            "letter": line.variant.letter,
            "y": GROUND + ROW * number,
            "low": x(at[0]),
            "middle": x(at[1]),
            "high": x(at[2]),
            "words": f"{line.variant.letter}: between {at[0]:+.2f} and {at[2]:+.2f}",
        }

    high = GROUND + ROW * len(lines)
    return {
        "width": WIDE,
        "height": high + 24,
        "ground": high - 14,
        "words": high + 6,
        "zero": x(0),
        "less": x(-matters),
        "more": x(matters),
        "matters_wide": x(matters) - x(-matters),
        "rows": [row(number, one) for number, one in enumerate(lines)],
        "ticks": [
            (x(-most / 1.1), f"−{most / 1.1:.2f}"),
            (x(most / 1.1), f"+{most / 1.1:.2f}"),
        ],
    }


class ExperimentViewSet(ModelViewSet):
    model = Experiment
    icon = "view"
    menu_label = "Experiments"
    copy_view_enabled = False
    add_to_reference_index = False
    inspect_view_enabled = True
    inspect_view_class = ExperimentPage
    inspect_template_name = "donations/finance/experiment.html"
    edit_view_class = EditExperiment
    delete_view_class = DeleteExperiment
    list_display = [
        TitleColumn("name", label="Name", url_name="experiments:inspect"),
        Column("state", label="", accessor=state),
        Column("begun_at", label="Begun"),
        Column("ended_at", label="Ended"),
        Column("ended_why", label="And then"),
    ]


def _press(request: HttpRequest, pk: int, do: Any, said: str) -> HttpResponse:
    get_object_or_404(Experiment, pk=pk)
    try:
        do()
        messages.success(request, said)
    except running.NotPossible as error:
        messages.error(request, str(error))
    return redirect("experiments:inspect", pk)


@require_admin_access
@permission_required("donations.view_experiment", raise_exception=True)
@require_safe
def preview_variant(request: HttpRequest, pk: int) -> HttpResponse:
    """?variant=…&mode=…: its appeal as it would run, or does, on what readers have; the first one
    below an article if nothing is said."""
    variants = get_object_or_404(Experiment, pk=pk).drawn()
    number = number_of(request.GET.get("variant", "")) or (variants[0].pk if variants else 0)
    appeal = next((one.appeal for one in variants if one.pk == number), None)
    if appeal is None:
        raise Http404
    shown = running.as_it_would_run(appeal)
    answer: HttpResponse = shown.make_preview_request(request, request.GET.get("mode", "below"))
    return answer


@require_admin_access
@permission_required(MANAGE, raise_exception=True)
@require_POST
def begin_experiment(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    said = "It runs. What it says can be looked at as often as you like."
    return _press(request, pk, lambda: running.begin(pk, request.user, now), said)


@require_admin_access
@permission_required(MANAGE, raise_exception=True)
@require_POST
def stop_experiment(request: HttpRequest, pk: int) -> HttpResponse:
    """POST goes_on=the variant that asks everybody from now on."""
    goes_on, now = number_of(request.POST.get("goes_on", "")), timezone.now()
    said = "It is over, and everybody is asked by one appeal again."
    return _press(request, pk, lambda: running.stop(pk, goes_on, request.user, now), said)
