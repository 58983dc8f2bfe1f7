"""Invitations: who may make an account, by mail or by a link that is handed over."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RadioFilter
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from search.access import invitations
from search.admin.site import CheckedActions, site
from search.models import Invitation, User

STATE_COLOURS = {"open": "info", "accepted": "success", "expired": "warning", "revoked": "danger"}


class InvitationForm(forms.Form):
    """Whom to invite, and what they may then."""

    people = forms.CharField(
        label="People",
        max_length=20_000,
        widget=UnfoldAdminTextareaWidget({"rows": 6}),
        help_text="One on each line: an address, as ann@example.org or Ann Smith"
        " <ann@example.org>, or a name alone, for whom you hand over the link yourself.",
    )
    role = forms.ChoiceField(
        choices=User.Role, initial=User.Role.VIEWER, widget=UnfoldAdminRadioSelectWidget
    )
    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
        help_text="Hold Ctrl, or ⌘, to choose several.",
    )

    def clean_people(self) -> list[invitations.Invitee]:
        people, sentences = invitations.read(self.cleaned_data["people"])
        if sentences:
            raise forms.ValidationError([*sentences, "Nobody has been invited yet."])
        return people


class StateFilter(RadioFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state.capitalize()) for state in Invitation.State.values]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        state = self.value()
        return queryset.in_state(state) if state in Invitation.State.values else queryset


def _person(request: Any) -> User:
    return request.user


@admin.register(Invitation, site=site)
class InvitationAdmin(CheckedActions, ModelAdmin):
    """For administrators; links are stored nowhere, and shown once."""

    list_display = [
        "who",
        "current_state",
        "role_of",
        "groups_of",
        "invited_by",
        "expires",
        "account",
    ]
    list_display_links = None
    list_filter = [StateFilter]
    list_filter_submit = True
    search_fields = ["name", "email"]
    empty = "Nobody has been invited yet."
    actions = ["send_again", "revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        rows = super().get_queryset(request).select_related("invited_by", "account")
        return rows.prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and obj is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied("Only administrators may invite people; ask one of them.")
        form = InvitationForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            tokens = invitations.invite(**form.cleaned_data, by=_person(request))
            return self._links(request, "Invited", tokens)
        return self._page(request, "add", {"title": "Invite people", "form": form})

    @action(description="Send again, with a new link", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> Any:
        rows = list(queryset.filter(accepted=None)[: invitations.MOST_AT_ONCE + 1])
        if not rows or len(rows) > invitations.MOST_AT_ONCE:
            sentence = f"Choose up to {invitations.MOST_AT_ONCE} that nobody has accepted."
            self.message_user(request, sentence, messages.ERROR)
            return None
        return self._links(request, "Sent again", [row.renew(_person(request)) for row in rows])

    @action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        rows = queryset.model.objects.filter(pk__in=queryset.values("pk")).open()
        number = rows.update(revoked=timezone.now())
        self.message_user(request, f"{number:,} of them are revoked; their links lead nowhere.")

    def _links(self, request: HttpRequest, title: str, tokens: Sequence[str]) -> HttpResponse:
        """The only page that ever shows them."""
        paths = [reverse("invitation", args=[token]) for token in tokens]
        letters = invitations.letters(tokens, [request.build_absolute_uri(path) for path in paths])
        response = self._page(request, "links", {"title": title, "letters": letters})
        response["Cache-Control"] = "no-store"
        return response

    def _page(self, request: HttpRequest, name: str, page: dict[str, Any]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {"opts": self.opts} | page
        return TemplateResponse(request, f"admin/search/invitation/{name}.html", context)

    @display(description="who")
    def who(self, invitation: Invitation) -> str:
        return str(invitation)

    @display(description="state", label=STATE_COLOURS)
    def current_state(self, invitation: Invitation) -> str:
        return str(invitation.state)

    @display(description="role", ordering="role")
    def role_of(self, invitation: Invitation) -> str:
        return invitation.role.capitalize()

    @display(description="groups")
    def groups_of(self, invitation: Invitation) -> str:
        return ", ".join(group.name for group in invitation.groups.all())
