"""A quick look at an asset: a fragment, for a dialog over the hits."""

from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from search.access.requests import PageRequest, open_where_search_is_public
from search.access.rules import may_download
from search.models import Asset, AssetLabel, Collection
from search.models.asset import AssetQuerySet


@require_safe
@open_where_search_is_public
def look(request: PageRequest, pk: UUID) -> HttpResponse:
    of_people = AssetLabel.objects.filter(source=AssetLabel.Source.PERSON).select_related("label")
    labels = Prefetch("asset_labels", of_people.order_by("label__name"), to_attr="labels_given")
    collections = Prefetch("collections", Collection.objects.visible_to(request.user))
    assets: AssetQuerySet = Asset.objects.visible_to(request.user).with_clearance()
    assets = assets.select_related("owner", "rights__licence")
    asset = get_object_or_404(assets.prefetch_related("renditions", collections, labels), pk=pk)
    page = {"asset": asset, "may_download": may_download(request.user, asset)}
    return render(request, "search/_quick_look.html", page)
