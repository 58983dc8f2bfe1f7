from search.models.asset import Asset
from search.models.collection import Collection
from search.models.embedding import Embedding
from search.models.encoder import Encoder
from search.models.label import AssetLabel, Label
from search.models.rendition import Rendition
from search.models.user import User

__all__ = [
    "Asset",
    "AssetLabel",
    "Collection",
    "Embedding",
    "Encoder",
    "Label",
    "Rendition",
    "User",
]
