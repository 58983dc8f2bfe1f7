"""Accounts: who they are, what they may, and who has their pictures after them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RadioFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminRadioSelectWidget

from search.admin.deletion import MOST_ROWS, CarefulDeletion, Rows, count_of
from search.admin.departure import NO_ADMINISTRATOR, Departing, keeping_an_administrator
from search.admin.history import WithHistory
from search.admin.returning import Returning
from search.admin.sessions import EndsSessions, RemovesSecondFactors
from search.admin.site import CheckedActions, site
from search.models import Departure, Judgement, Preference, SavedSearch, User

ROLE_COLOURS = {
    "Viewer": "",
    "Contributor": "info",
    "Curator": "success",
    "Administrator": "warning",
}


class AccountForm(UserChangeForm):
    """An account, with its role in one choice."""

    role = forms.ChoiceField(choices=User.Role, widget=UnfoldAdminRadioSelectWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["role"] = self.instance.role
        self.fields["groups"].help_text = "Hold Ctrl, or ⌘, to choose several."
        self.fields[
            "is_active"
        ].help_text = "Else it can't sign in, and all that it has made stays."

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
    Departing,
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
    filter_horizontal = ()  # Wider than a phone.
    readonly_fields = ["last_login", "date_joined"]
    actions = ["deactivate", "reactivate"]
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

    @action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        number = queryset.filter(is_active=True).update(is_active=False)
        accounts = count_of(number, "account")
        self.message_user(request, f"{accounts} signed out everywhere; all they have made stays.")

    @action(description="Let sign in again", permissions=["change"])
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        number = queryset.filter(is_active=False, departure=None).update(is_active=True)
        self.message_user(request, f"{count_of(number, 'account')} may sign in again.")

    def objections(self, rows: Rows, count: int) -> list[SafeString | str]:
        pks = [row.pk for row in rows]
        if User.objects.filter(pk__in=pks).without_administrator():
            return [NO_ADMINISTRATOR]
        owners = User.objects.filter(pk__in=pks).annotate(count=Count("assets")).filter(count__gt=0)
        waiting = Departure.objects.filter(heir__in=pks).select_related("person", "heir")
        sentences: list[SafeString | str] = [
            f"{row.heir} is to get everything of {row.person}: wait until that is done."
            for row in waiting[:MOST_ROWS]
        ]
        sentences += [owns_pictures(owner) for owner in owners.order_by("username")[:MOST_ROWS]]
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


def owns_pictures(owner: Any) -> SafeString:
    return format_html(
        '{} owns {}. <a href="{}">Hand them over</a> to another account first, then delete this '
        "one; or take “Active” away from it, and all stays as it is.",
        owner,
        count_of(owner.count, "asset"),
        reverse("admin:search_user_hand_over", args=[owner.pk]),
    )
