from .access import PictureAccess
from .accounts import Consent, DeletionReceipt, OwnerGone, Shop, User
from .catalogue_import import CatalogueImport
from .claims import ClaimLost
from .embed import EmbedCount, EmbedStep, EmbedToken
from .export import Export
from .feeds import Feed, FeedItem, KindRule
from .fitting import Fitting
from .handoff import Handoff
from .idempotency import IdempotentRequest
from .ledger import ApiRequest, Key, Planner
from .pending_deletion import PendingDeletion
from .request_tally import RequestTally
from .result import Report, Result, ReviewDecision
from .sharing import Share, Vote
from .shop_keys import Scope, ShopKey
from .states import FailureCode, InvalidMove, Source, StaleMove, Status
from .token_bucket import TokenBucket
from .try_on import TryOn
from .try_on_event import TryOnEvent
from .unfinished import Unfinished
from .uploads import SLOTS, Garment, GarmentKind, Photo
from .webhooks import EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "SLOTS",
    "ApiRequest",
    "CatalogueImport",
    "ClaimLost",
    "Consent",
    "DeletionReceipt",
    "EmbedCount",
    "EmbedStep",
    "EmbedToken",
    "EventType",
    "Export",
    "FailureCode",
    "Feed",
    "FeedItem",
    "Fitting",
    "Garment",
    "GarmentKind",
    "Handoff",
    "IdempotentRequest",
    "InvalidMove",
    "Key",
    "KindRule",
    "OwnerGone",
    "PendingDeletion",
    "Photo",
    "PictureAccess",
    "Planner",
    "Report",
    "RequestTally",
    "Result",
    "ReviewDecision",
    "Scope",
    "Share",
    "Shop",
    "ShopKey",
    "Source",
    "StaleMove",
    "Status",
    "TokenBucket",
    "TryOn",
    "TryOnEvent",
    "Unfinished",
    "User",
    "Vote",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
