from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = "Library"

    def ready(self) -> None:
        from search import checks  # noqa: F401
        from search.library import originals  # noqa: F401
