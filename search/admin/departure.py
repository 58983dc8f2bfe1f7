"""An account that leaves: what another one gets of it, and what becomes of it then."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from search.access.requests import leaving_nothing
from search.admin.deletion import count_of
from search.library import ownership
from search.models import Departure, User
from workers.bell import ring

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
            with transaction.atomic():
                return _leaving(request, view(self, request, *args, **options))
        except IntegrityError as error:
            refusal: Any = error.__cause__
            if refusal.diag.constraint_name != "there_is_an_administrator":
                raise
            self.message_user(request, NO_ADMINISTRATOR, messages.ERROR)
            return redirect(request.get_full_path())

    return guarded


def _leaving(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer, or the way out for administrators who have deleted or deactivated themselves:
    their session is gone, and could not be written to."""
    stays = User.objects.filter(pk=request.user.pk, is_active=True).exists()
    if request.method != "POST" or stays:
        return response
    logout(request)
    return leaving_nothing(redirect(settings.LOGIN_URL))


class HeirForm(forms.Form):
    """Whose all of an account's becomes, and what becomes of the account."""

    to = forms.ModelChoiceField(
        User.objects.none(), label="New owner", empty_label=None, widget=UnfoldAdminSelectWidget
    )
    then = forms.ChoiceField(
        label="The account then",
        choices=Departure.Then,
        initial=Departure.Then.STAYS,
        required=False,
        widget=UnfoldAdminRadioSelectWidget,
    )

    def __init__(self, data: Any, person: User) -> None:
        super().__init__(data)
        others = User.objects.exclude(pk=person.pk).filter(is_active=True)
        self.fields["to"].queryset = others.order_by("username")  # type: ignore[attr-defined]

    def departure(self, person: User) -> Departure:
        then = self.cleaned_data["then"] or Departure.Then.STAYS
        return Departure(person=person, heir=self.cleaned_data["to"], then=then)


class Departing:
    """The page on which an account is handed over, and what it says while that is under way."""

    admin_site: Any
    opts: Any
    message_user: Any
    get_object: Any

    @action(
        description="Hand over, deactivate or delete",
        permissions=["delete"],
        url_path="hand-over",
    )
    @keeping_an_administrator
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404("There is no such account.")
        form = HeirForm(request.POST if request.method == "POST" else None, person)
        if form.is_valid() and self._begin(request, form, form.departure(person)):
            gone = not User.objects.filter(pk=person.pk).exists()
            return redirect(*_list() if gone else ("admin:search_user_change", person.pk))
        context = self.admin_site.each_context(request)
        context |= {"title": f"Hand over everything of {person}", "opts": self.opts}
        context |= {"form": form, "person": person, "has": ownership.belongings(person)}
        context["departure"] = Departure.objects.filter(person=person).first()
        return TemplateResponse(request, "admin/search/user/hand_over.html", context)

    def _begin(self, request: HttpRequest, form: HeirForm, departure: Departure) -> bool:
        """Whether it is under way or over; else the form says why not."""
        person, heir = departure.person, departure.heir
        before = ownership.belongings(person).assets
        name = str(person)
        try:
            is_over = ownership.begin(departure)
        except ownership.BothHave as refusal:
            form.add_error("then", str(refusal))
            return False
        if not is_over:
            transaction.on_commit(ring, robust=True)
            self.message_user(request, f"A worker hands {before:,} assets over to {heir}.")
            return True
        left = ownership.both_have(person, heir) if departure.then != "deleted" else 0
        verb = "is" if before - left == 1 else "are"
        self.message_user(
            request, f"{count_of(before - left, 'asset')} of {name} {verb} {heir}’s now."
        )
        if left:
            self.message_user(request, both_have(person, heir, left), messages.WARNING)
        return True


def _list() -> tuple[str]:
    return ("admin:search_user_changelist",)


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
