"""How the admin looks and what its sidebar leads to."""

from django.templatetags.static import static
from django.urls import reverse_lazy


def admin_link(title: str, icon: str, model: str) -> dict[str, object]:
    """For curators."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:search_{model}_changelist"),
        "permission": lambda request: request.user.is_staff,
    }


def open_link(title: str, icon: str, model: str) -> dict[str, object]:
    """For contributors too, who find there what is theirs."""
    return admin_link(title, icon, model) | {"permission": lambda request: True}


UNFOLD = {
    "SITE_TITLE": "Sightline",
    "SITE_HEADER": "Sightline",
    "SITE_URL": reverse_lazy("search"),
    "SITE_SYMBOL": "image_search",
    "SITE_FAVICONS": [{"rel": "icon", "href": lambda request: static("search/favicon.svg")}],
    "STYLES": [lambda request, n=n: static(f"search/{n}.css") for n in ("tokens", "admin")],
    "SCRIPTS": [lambda request: static("search/admin_theme.js")],
    # The colours of the pages (tokens.css) on Unfold's scales: of the greys light pages take the
    # first and dark ones the last; the accent, lighter and darker.
    "COLORS": {
        "base": {
            "50": "#faf9f7",
            "100": "#eeece8",
            "200": "#e0ddd7",
            "300": "#c6c2bb",
            "400": "#a9a59d",
            "500": "#7f7b74",
            "600": "#65615a",
            "700": "#4a4743",
            "800": "#383633",
            "900": "#161514",
            "950": "#0e0d0c",
        },
        "font": {
            "subtle-light": "#65615a",
            "subtle-dark": "#a9a59d",
            "default-light": "#4a4743",
            "default-dark": "#c6c2bb",
            "important-light": "#1e1d1a",
            "important-dark": "#eeece8",
        },
        "primary": {
            "50": "#eef3fc",
            "100": "#dbe5f9",
            "200": "#bcd0f4",
            "300": "#8fb1ff",
            "400": "#6b93ea",
            "500": "#4c7ae0",
            "600": "#2a57c4",
            "700": "#2347a1",
            "800": "#1f3c82",
            "900": "#1d3469",
            "950": "#142142",
        },
    },
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Library",
                "items": [
                    open_link("Assets", "photo_library", "asset"),
                    admin_link("Collections", "folder", "collection"),
                    admin_link("Labels", "sell", "label"),
                    admin_link("Suggestions", "new_label", "assetlabel"),
                    admin_link("Use terms", "policy", "term"),
                    admin_link("Licences", "article", "licence"),
                    open_link("Trash", "delete", "trashedasset"),
                ],
            },
            {
                "title": "Comparison",
                "items": [
                    {
                        "title": "Compare encoders",
                        "icon": "view_column",
                        "link": reverse_lazy("compare"),
                        "permission": lambda request: request.user.is_staff,
                    },
                    admin_link("Preferences", "balance", "preference"),
                    admin_link("Judgements", "thumbs_up_down", "judgement"),
                ],
            },
            {
                "title": "Workers",
                "items": [
                    admin_link("Encoders", "neurology", "encoder"),
                    admin_link("Training", "model_training", "trainingrun"),
                    admin_link("Evaluations", "monitoring", "evaluation"),
                    admin_link("Failed embeddings", "error", "embedding"),
                    admin_link("Failed renditions", "broken_image", "rendition"),
                ],
            },
            {
                "title": "Accounts",
                "items": [
                    admin_link(*link) | {"permission": lambda request: request.user.is_superuser}
                    for link in (
                        ("Users", "person", "user"),
                        ("Groups", "group", "group"),
                        ("Invitations", "mail", "invitation"),
                        ("Claims of single sign-on", "key", "claimrule"),
                    )
                ],
            },
        ]
    },
}
