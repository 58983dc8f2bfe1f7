"""One's own account: name and address, role and groups, and what they mean."""

from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.models import Group as PlainGroup
from django.core import signing
from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from search.access import new_address
from search.access.requests import StaffRequest as PersonRequest
from search.account_forms import ProfileForm
from search.models import Collection, Grant, Group, Membership, User

# Maximum of people of a group whose names its page lists; of more it says how many there are.
MOST_NAMES = 100


class Circle(NamedTuple):
    """A group as those see it who are in it."""

    group: PlainGroup
    grants: list[Grant]
    people: list[User]
    number: int  # Of the others in it.


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    form = ProfileForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        if not form.new_address:
            messages.success(request, "Your account is changed.")
            return redirect("profile")
        if new_address.mail(form.new_address, request):
            messages.success(request, new_address.ON_ITS_WAY.format(form.new_address))
            return redirect("profile")
        form.add_error("email", new_address.NOT_MAILED)
    page = {"form": form, "groups": request.user.groups.order_by("name")}
    page |= request.user.assets.aggregate(assets=Count("pk"), bytes=Sum("bytes"))
    return render(request, "account/profile.html", page, status=400 if form.errors else 200)


@require_safe
def address(request: PersonRequest, token: str) -> HttpResponse:
    """The link of a mail to somebody's new address, opened by them: it is theirs."""
    try:
        new = new_address.confirm(token, request.user)
    except signing.BadSignature:
        raise Http404("This link is none of this account, or too old.") from None
    messages.success(request, f"Your address is {new} now.")
    return redirect("profile")


@require_safe
def groups(request: PersonRequest) -> HttpResponse:
    """What one sees by way of groups and by name, and who else is in these groups."""
    mine = Grant.objects.filter(person=request.user).select_related("collection")
    page = {
        "circles": circles(request.user),
        "mine": mine.order_by("collection__name"),
        "open": Collection.objects.filter(is_open=True).count(),
    }
    return render(request, "account/groups.html", page)


def circles(person: User) -> list[Circle]:
    theirs = Membership.objects.filter(user=person)
    rows = Group.objects.filter(pk__in=theirs.values("group")).order_by("name")
    others = Q(user__is_active=True) & ~Q(user=person)
    numbers = dict(rows.annotate(number=Count("user", filter=others)).values_list("pk", "number"))
    grants = Grant.objects.filter(group__in=list(numbers)).select_related("collection")
    by_group: dict[int | None, list[Grant]] = {}
    for grant in grants.order_by("collection__name"):
        by_group.setdefault(grant.group_id, []).append(grant)
    small = [pk for pk, number in numbers.items() if number <= MOST_NAMES]
    people = _people(person, small)
    return [
        Circle(row, by_group.get(row.pk, []), people.get(row.pk, []), numbers[row.pk])
        for row in rows
    ]


def _people(person: User, groups: list[int]) -> dict[int, list[User]]:
    """The others in each of these groups who may sign in."""
    links: QuerySet[Membership] = Membership.objects.filter(group__in=groups, user__is_active=True)
    by_group: dict[int, list[User]] = {}
    for link in links.exclude(user=person).select_related("user").order_by("user__username"):
        by_group.setdefault(link.group_id, []).append(link.user)
    return by_group
