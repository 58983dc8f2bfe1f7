"""Accounts: who they are, what they may, and who has their pictures after them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.db import IntegrityError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RadioFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from search.admin.deletion import MOST_ROWS, CarefulDeletion, Rows, count_of
from search.admin.history import WithHistory
from search.admin.returning import Returning
from search.admin.sessions import EndsSessions, RemovesSecondFactors
from search.admin.site import CheckedActions, site
from search.library.ownership import hand_over
from search.models import Asset, Judgement, Preference, SavedSearch, User

ROLE_COLOURS = {
    "Viewer": "",
    "Contributor": "info",
    "Curator": "success",
    "Administrator": "warning",
}
NO_ADMINISTRATOR = (
    "This would leave no administrator who can sign in: make another account one first."
)


AdminView = Callable[..., Any]


def keeping_an_administrator(view: AdminView) -> AdminView:
    """Answer with a sentence where the database keeps the last administrator, as of two who take
    each other's role at the same moment (search/sql/administrators.sql)."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Any, **options: Any) -> Any:
        try:
            return view(self, request, *args, **options)
        except IntegrityError as error:
            refusal: Any = error.__cause__
            if refusal.diag.constraint_name != "there_is_an_administrator":
                raise
            self.message_user(request, NO_ADMINISTRATOR, messages.ERROR)
            return redirect(request.get_full_path())

    return guarded


class HeirForm(forms.Form):
    """Whose an account's pictures become."""

    to = forms.ModelChoiceField(
        User.objects.none(), label="New owner", empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data: Any, person: User) -> None:
        super().__init__(data)
        others = User.objects.exclude(pk=person.pk).filter(is_active=True)
        self.fields["to"].queryset = others.order_by("username")  # type: ignore[attr-defined]


class AccountForm(UserChangeForm):
    """An account, with its role in one choice."""

    role = forms.ChoiceField(choices=User.Role, widget=UnfoldAdminRadioSelectWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["role"] = self.instance.role

    def clean(self) -> dict[str, Any]:
        data: Any = super().clean()
        self.instance.role = data.get("role", self.instance.role)
        stays = self.instance.is_superuser and data.get("is_active", True)
        if not stays and User.objects.filter(pk=self.instance.pk).without_administrator():
            self.add_error(None, NO_ADMINISTRATOR)
        return data


class RoleFilter(RadioFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role, role.capitalize()) for role in User.Role.values]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        role = self.value()
        return queryset.in_role(role) if role in User.Role.values else queryset


@admin.register(User, site=site)
class UserAdmin(  # type: ignore[misc]
    WithHistory,
    EndsSessions,
    RemovesSecondFactors,
    Returning,
    CarefulDeletion,
    CheckedActions,
    PlainUserAdmin,
    ModelAdmin,
):
    """Accounts and their roles, for administrators."""

    form = AccountForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "name", "email", "role", "is_active", "last_login"]
    list_filter = [RoleFilter, "is_active", ("groups", RelatedDropdownFilter)]
    list_filter_submit = True
    show_facets = ShowFacets.NEVER
    search_fields = ["username", "first_name", "last_name", "email"]
    fieldsets = [
        (None, {"fields": ["username", "password", ("first_name", "last_name"), "email"]}),
        ("May", {"fields": ["role", "groups", "is_active"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    filter_horizontal = ["groups"]
    readonly_fields = ["last_login", "date_joined"]
    actions_detail = ["hand_over", "sessions", "second_factor"]

    @keeping_an_administrator
    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return super().changeform_view(request, *args, **options)

    @keeping_an_administrator
    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return super().delete_view(request, *args, **options)

    @keeping_an_administrator
    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        return super().changelist_view(request, *args, **options)

    @display(description="role", label=ROLE_COLOURS)
    def role(self, person: User) -> str:
        return person.role.capitalize()

    @display(description="name", ordering="first_name")
    def name(self, person: User) -> str:
        return person.get_full_name()

    @action(description="Hand over the pictures", permissions=["delete"], url_path="hand-over")
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404("There is no such account.")
        form = HeirForm(request.POST if request.method == "POST" else None, person)
        if form.is_valid():
            self._hand_over(request, person, form.cleaned_data["to"])
            return redirect("admin:search_user_change", person.pk)
        context = self.admin_site.each_context(request)
        context |= {"title": f"Hand over the pictures of {person}", "opts": self.opts}
        context |= {"form": form, "person": person, "assets": _owned(person)}
        return TemplateResponse(request, "admin/search/user/hand_over.html", context)

    def _hand_over(self, request: HttpRequest, person: User, heir: User) -> None:
        before, left = _owned(person), hand_over(person, heir)
        text = f"{count_of(before - left, 'asset')} of {person} {{}} {heir}’s now."
        self.message_user(request, text.format("is" if before - left == 1 else "are"))
        if left:
            self.message_user(request, both_have(person, heir, left), messages.WARNING)

    def objections(self, rows: Rows, count: int) -> list[SafeString | str]:
        pks = [row.pk for row in rows]
        if User.objects.filter(pk__in=pks).without_administrator():
            return [NO_ADMINISTRATOR]
        owners = User.objects.filter(pk__in=pks).annotate(count=Count("assets")).filter(count__gt=0)
        sentences = [owns_pictures(owner) for owner in owners.order_by("username")[:MOST_ROWS]]
        return super().objections(rows, count) + sentences

    def consequence(self, rows: Rows) -> str:
        pks = [row.pk for row in rows]
        searches = SavedSearch.objects.filter(owner__in=pks)
        goes = [
            count_of(searches.count(), "saved search", "saved searches")
            + f" ({searches.filter(shared=True).count():,} of them shared)",
            count_of(Judgement.objects.filter(person__in=pks).count(), "judgement"),
            count_of(Preference.objects.filter(person__in=pks).count(), "preference"),
        ]
        return (
            f"With it go {', '.join(goes)}. Without “Active” an account can no longer sign in, and "
            "all that it has made stays."
        )


def _owned(person: User) -> int:
    """How many assets an account has, those in the trash too."""
    return Asset.everything.filter(owner=person).count()


def owns_pictures(owner: Any) -> SafeString:
    return format_html(
        '{} owns {}. <a href="{}">Hand them over</a> to another account first, then delete this '
        "one; or take “Active” away from it, and all stays as it is.",
        owner,
        count_of(owner.count, "asset"),
        reverse("admin:search_user_hand_over", args=[owner.pk]),
    )


def both_have(person: User, heir: User, number: int) -> SafeString:
    return format_html(
        '<a href="{}?owner__id__exact={}">{}</a> stayed with {}, since {} has the same files: '
        "delete them, or hand them over to somebody else.",
        reverse("admin:search_asset_changelist"),
        person.pk,
        count_of(number, "asset"),
        person,
        heir,
    )
