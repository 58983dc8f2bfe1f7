"""Where an account is signed in and with what, and the end of it, for administrators."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.decorators import action

from search.access import sessions
from search.admin.deletion import count_of


class EndsSessions:
    """Part of the admin of accounts."""

    @action(description="Where they are signed in", permissions=["change"], url_path="sessions")
    def sessions(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404("There is no such account.")
        if request.method == "POST":
            number = sessions.of_person(person).delete()[0]
            text = f"{count_of(number, 'session')} of {person} ended."
            self.message_user(request, text, messages.SUCCESS)
            return redirect("admin:search_user_change", person.pk)
        context = self.admin_site.each_context(request)
        context |= {"title": f"Where {person} is signed in", "opts": self.opts, "person": person}
        context |= {"sessions": [_words(each) for each in sessions.of_person(person)]}
        return TemplateResponse(request, "admin/search/user/sessions.html", context)


class RemovesSecondFactors:
    """Part of the admin of accounts: for who has lost telephone and recovery codes."""

    @action(
        description="Remove the second factor", permissions=["change"], url_path="second-factor"
    )
    def second_factor(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404("There is no such account.")
        factors = Authenticator.objects.filter(user=person)
        if request.method == "POST":
            factors.delete()
            sessions.of_person(person).delete()
            self.message_user(request, f"{person} has no second factor now.", messages.SUCCESS)
            return redirect("admin:search_user_change", person.pk)
        context = self.admin_site.each_context(request)
        context |= {"title": f"Second factor of {person}", "opts": self.opts, "person": person}
        context |= {"factors": [each.get_type_display() for each in factors]}
        return TemplateResponse(request, "admin/search/user/second_factor.html", context)


def _words(session: Any) -> dict[str, Any]:
    # Its key is a secret, also from administrators.
    words = {"device": sessions.device(session.agent), "address": session.address}
    return words | {"last_use": session.last_use}
