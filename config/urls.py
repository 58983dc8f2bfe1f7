from django.urls import include, path

from search import admin

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("search.urls")),
]

handler400 = "search.views.errors.bad_request"
handler403 = "search.views.errors.forbidden"
handler404 = "search.views.errors.not_found"
handler500 = "search.views.errors.server_error"
