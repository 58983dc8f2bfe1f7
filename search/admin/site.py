from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite
from unfold.views import ChangeList

from search.access.requests import leaving_nothing
from search.admin.deletion import CarefulDeletion
from search.admin.returning import Returning
from search.models.user import contributes

# Unfold's pages are driven by Alpine.js, which compiles its attributes, and set inline styles.
# Everything else of the site's policy stays: no foreign host, no frame, no plug-in.
POLICY = {"script-src": ["'self'", "'unsafe-eval'"], "style-src": ["'self'", "'unsafe-inline'"]}

ASSETS = "admin:search_asset_changelist"


# Names of the addresses of assets begin so; of the others a contributor needs these.
OF_ASSETS = ("search_asset_", "search_trashedasset_")
AROUND_ASSETS = {"index", "app_list", "autocomplete", "jsi18n", "logout"}


def address(request: HttpRequest) -> str:
    """The name of the address that was asked for."""
    return (request.resolver_match and request.resolver_match.url_name) or ""


def is_curator(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


class CuratorSite(UnfoldAdminSite):
    """The admin: it opens on the assets, behind the sign-in that everyone uses."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Curators everywhere; contributors among the assets, where they find their own."""
        if is_curator(request):
            return True
        name = address(request)
        is_of_assets = name.startswith(OF_ASSETS) or name in AROUND_ASSETS
        return request.user.is_active and contributes(request.user) and is_of_assets

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        return csp_replace(POLICY)(super().admin_view(view, cacheable))

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect(ASSETS)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> HttpResponse:
        return redirect(ASSETS)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if self.has_permission(request):
            return redirect(ASSETS)
        if request.user.is_authenticated:
            raise PermissionDenied(
                "Only curators may open this page; ask one of them for what you need."
            )
        return redirect_to_login(request.GET.get("next", reverse(ASSETS)))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return leaving_nothing(super().logout(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The page that everyone uses, where wrong guesses are counted."""
        return redirect("password")


site = CuratorSite()


class CuratorPermissions:
    """Every curator may see and change it."""

    def lets_in(self, request: HttpRequest) -> bool:
        return is_curator(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.lets_in(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.lets_in(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.lets_in(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.lets_in(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.lets_in(request)


class ContributorPermissions(CuratorPermissions):
    """Contributors may, too; which rows, is for the page to say."""

    def lets_in(self, request: HttpRequest) -> bool:
        return site.has_permission(request)


class ChosenByContributors:
    """Contributors look it up in the fields of their assets; its own pages stay closed to them."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if address(request) == "autocomplete":
            return site.has_permission(request)
        return super().has_view_permission(request, obj)  # type: ignore[misc]


class CheckedActions:
    """Refuses what no page of ours sends, before it reaches the database."""

    model: type[Model]

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for pk in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.model._meta.pk.clean(pk, None)
            except ValidationError:
                raise BadRequest("Some of the rows that were chosen can't be any.") from None
        return super().response_action(request, queryset)  # type: ignore[misc]


# Words in the names of scripts that write a slug from a title: 52 kB, as they are sent.
FOR_SLUGS = ("prepopulate", "urlify", "xregexp")


class CuratorList(ChangeList):
    """A list that offers to show all only where it leaves rows out."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


class CuratorAdmin(Returning, CarefulDeletion, CuratorPermissions, CheckedActions, ModelAdmin):
    # What a list without rows says.
    empty = ""
    list_filter_submit = True
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False  # Another count, of all beside those that a filter leaves.
    show_facets = ShowFacets.NEVER  # A COUNT over the whole library for each choice of a filter.

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CuratorList

    @property
    def media(self) -> Media:
        """Scripts and styles, those for slugs only where there are some."""
        media: Any = super().media
        if self.prepopulated_fields:
            return media
        scripts = [s for s in media._js if not any(word in str(s) for word in FOR_SLUGS)]
        return Media(css=media._css, js=scripts)


class ReadOnlyAdmin(CuratorAdmin):
    """Rows that curators read and the program alone writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
