from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from search.admin.site import CheckedActions, site
from search.models import User


@admin.register(User, site=site)
class UserAdmin(CheckedActions, PlainUserAdmin, ModelAdmin):  # type: ignore[misc]
    """Accounts, for superusers: staff may upload and curate, everyone else may search."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "is_active", "is_staff", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["username", "email"]
    fieldsets = [
        (None, {"fields": ["username", "password", "email"]}),
        ("May", {"fields": ["is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
