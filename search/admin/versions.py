"""The originals of an asset: the one of now, the earlier ones, and a form for the next."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from search.access.bodies import takes_pictures
from search.access.requests import sealed
from search.access.rules import may
from search.disk import DiskFull
from search.formats.sniff import UndecodableImage, content_type, download_name
from search.library import versions
from search.library.versions import NotReplaced
from search.models import Asset, Version
from search.models.user import contributes
from search.pages import open_file


class OriginalForm(forms.Form):
    """The next original of an asset."""

    file = forms.FileField(
        label="New original",
        widget=UnfoldAdminFileFieldWidget({"accept": "image/*"}),
        error_messages={"required": "Choose a picture.", "empty": "This file is empty."},
    )
    note = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="What is new, for whoever compares them later.",
    )


class WithVersions:
    """The page of an asset's versions, and their files; for those who may edit the asset."""

    admin_site: Any
    opts: Any
    message_user: Any

    def get_urls(self) -> list[Any]:
        one = "<int:number>"
        own = [
            self._path("", self.versions_view, "versions"),
            self._path(f"{one}/restore/", require_POST(self.go_back_view), "version_restore"),
            *(self._file(f"{one}/{spec}/", spec) for spec in ("original", "thumbnail")),
        ]
        return own + super().get_urls()  # type: ignore[misc]

    def _file(self, route: str, spec: str) -> URLPattern:
        return self._path(route, require_safe(self.version_view), f"version_{spec}", spec=spec)

    def _path(self, route: str, view: Any, name: str, **more: str) -> URLPattern:
        view = self.admin_site.admin_view(view)
        return path(f"<uuid:pk>/versions/{route}", view, more, name=f"search_asset_{name}")

    @takes_pictures(contributes)
    def versions_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        asset = _editable(request, pk)
        form = OriginalForm(*_sent(request))
        if form.is_valid() and self._replace(request, asset, form):
            return redirect("admin:search_asset_versions", pk)
        context = self.admin_site.each_context(request)
        context |= {"title": f"Versions of “{asset}”", "opts": self.opts, "asset": asset}
        context |= {"form": form, "rows": _rows(asset)}
        status = 400 if form.is_bound else 200
        return TemplateResponse(request, "admin/search/asset/versions.html", context, status=status)

    def _replace(self, request: HttpRequest, asset: Asset, form: OriginalForm) -> bool:
        file: UploadedFile = form.cleaned_data["file"]
        person: Any = request.user
        try:
            version = versions.replace(asset, file, person=person, note=form.cleaned_data["note"])
        except (UndecodableImage, DiskFull, NotReplaced) as refusal:
            form.add_error("file", str(refusal))
            return False
        self.message_user(request, _is_of_now(version), messages.SUCCESS)
        return True

    def go_back_view(self, request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
        asset = _editable(request, pk)
        try:
            version = versions.go_back(asset, _version(asset, number))
        except (UndecodableImage, DiskFull, NotReplaced) as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.message_user(request, _is_of_now(version), messages.SUCCESS)
        return redirect("admin:search_asset_versions", pk)

    def version_view(
        self, request: HttpRequest, pk: UUID, number: int, spec: str
    ) -> HttpResponseBase:
        """The original as a download, or what it looked like."""
        version = _version(_editable(request, pk), number)
        is_original = spec == "original"
        file = version.original if is_original else version.thumbnail
        if not file:
            raise Http404("No thumbnail of this version was made.")
        response = FileResponse(open_file(file))
        response["Content-Type"] = content_type(version.format) if is_original else "image/jpeg"
        name = download_name(version.filename, version.format)
        response["Content-Disposition"] = str(content_disposition_header(is_original, name))
        response["Cache-Control"] = "private, max-age=86400"
        return sealed(response)


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _editable(request: HttpRequest, pk: UUID) -> Asset:
    asset = get_object_or_404(Asset.objects.visible_to(request.user), pk=pk)
    if not may(request.user, "edit", asset):
        raise PermissionDenied("Only those who may edit this asset see its earlier originals.")
    return asset


def _version(asset: Asset, number: int) -> Version:
    return get_object_or_404(Version.objects.select_related("asset"), asset=asset, number=number)


def _rows(asset: Asset) -> list[tuple[Version, bool, Any]]:
    """Each version, the last first, whether it is that of now, and how it differs from that."""
    rows = list(Version.objects.filter(asset=asset).select_related("person"))
    current = next((row for row in rows if row.number == asset.version), None)
    return [
        (row, row is current, versions.differences(row, current) if current is not row else ())
        for row in rows
        if current
    ]


def _is_of_now(version: Version) -> str:
    return (
        f"Version {version.number} is the original now. What searches by meaning need of it is made"
        " anew; until then its words find it."
    )
