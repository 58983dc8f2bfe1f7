from search.models.asset import Asset
from search.models.audience import Audience
from search.models.calibration import Calibration
from search.models.change import Change
from search.models.claim_rule import ClaimedGroup, ClaimedRole, ClaimRule
from search.models.collection import Collection, CollectionAsset
from search.models.departure import Departure
from search.models.document import Document
from search.models.embedding import Embedding
from search.models.encoder import Encoder
from search.models.encoder_request import EncoderRequest
from search.models.evaluation import Evaluation
from search.models.grant import Grant
from search.models.group import Group, Membership
from search.models.invitation import Invitation
from search.models.judgement import JudgedQuery, Judgement, Preference
from search.models.label import AssetLabel, Label, LabelVector, Rejection
from search.models.not_duplicate import NotDuplicate
from search.models.old_name import OldName
from search.models.rendition import Rendition
from search.models.rights import Licence, Rights
from search.models.saved_search import SavedName, SavedPicture, SavedSearch, Visit
from search.models.session import Session
from search.models.term import Term
from search.models.training import TrainingRun
from search.models.trash import TrashedAsset, TrashedEmbedding
from search.models.user import User
from search.models.version import Version
from search.models.words import AssetWords, Word

__all__ = [
    "Asset",
    "AssetLabel",
    "AssetWords",
    "Audience",
    "Calibration",
    "Change",
    "ClaimRule",
    "ClaimedGroup",
    "ClaimedRole",
    "Collection",
    "CollectionAsset",
    "NotDuplicate",
    "Document",
    "Membership",
    "Departure",
    "Embedding",
    "Encoder",
    "EncoderRequest",
    "Evaluation",
    "Grant",
    "Group",
    "Invitation",
    "JudgedQuery",
    "Judgement",
    "Label",
    "LabelVector",
    "Licence",
    "OldName",
    "Preference",
    "Rejection",
    "Rendition",
    "Rights",
    "SavedName",
    "SavedPicture",
    "SavedSearch",
    "Term",
    "Session",
    "TrainingRun",
    "TrashedAsset",
    "TrashedEmbedding",
    "User",
    "Version",
    "Visit",
    "Word",
]
