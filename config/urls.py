from django.urls import include, path

from search import admin

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("search.urls")),
]
