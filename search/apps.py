from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Library"

    def ready(self) -> None:
        from search import checks, files  # noqa: F401
