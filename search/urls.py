from django.urls import path

from search.views import (
    accounts,
    assets,
    compare,
    health,
    judgements,
    labels,
    query_pictures,
    quick_look,
    search,
    uploads,
)

urlpatterns = [
    path("", search.search, name="search"),
    path("waiting/", search.waiting, name="waiting"),
    path("query-pictures/", query_pictures.remember, name="query_pictures"),
    path("query-pictures/<slug:token>/", query_pictures.query_picture, name="query_picture"),
    path("assets/<uuid:pk>/", assets.asset, name="asset"),
    path("assets/<uuid:pk>/thumbnail/", assets.rendition, {"spec": "thumbnail"}, name="thumbnail"),
    path("assets/<uuid:pk>/preview/", assets.rendition, {"spec": "preview"}, name="preview"),
    path("assets/<uuid:pk>/original/", assets.original, name="original"),
    path("assets/<uuid:pk>/picture/<slug:spec>/", assets.picture, name="picture"),
    path("assets/<uuid:pk>/suggestion/", labels.suggestion, name="suggestion"),
    path("assets/<uuid:pk>/look/", quick_look.look, name="look"),
    path("suggest/", search.waiting, name="suggest"),  # placeholder: replaced by its author
    path("saved/", search.waiting, name="saved_searches"),  # placeholder: replaced by its author
    path("compare/", compare.compare, name="compare"),
    path("compare/judgements/", judgements.judgement, name="judgements"),
    path("compare/preferences/", judgements.preference, name="preferences"),
    path("compare/pictures/<int:pk>/", judgements.judged_picture, name="judged_picture"),
    path("upload/", uploads.upload, name="upload"),
    path("upload/status/", uploads.status, name="upload_status"),
    path("sign-in/", accounts.sign_in, name="sign_in"),
    path("sign-out/", accounts.sign_out, name="sign_out"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
