from .access import PictureAccess
from .accounts import Consent, DeletionReceipt, Shop, User
from .claims import ClaimLost
from .doomed import DoomedFile
from .export import Export
from .fitting import Fitting
from .handoff import Handoff
from .imports import CatalogueImport
from .ledger import ApiRequest, Key, Planner
from .result import Report, Result, ReviewDecision
from .sharing import Share, Vote
from .try_on import (
    FailureCode,
    InvalidMove,
    StaleMove,
    Status,
    TryOn,
    TryOnEvent,
)
from .uploads import SLOTS, Garment, GarmentKind, Photo

__all__ = [
    "SLOTS",
    "ApiRequest",
    "CatalogueImport",
    "ClaimLost",
    "Consent",
    "DeletionReceipt",
    "DoomedFile",
    "Export",
    "FailureCode",
    "Fitting",
    "Garment",
    "GarmentKind",
    "Handoff",
    "InvalidMove",
    "Key",
    "Photo",
    "PictureAccess",
    "Planner",
    "Report",
    "Result",
    "ReviewDecision",
    "Share",
    "Shop",
    "StaleMove",
    "Status",
    "TryOn",
    "TryOnEvent",
    "User",
    "Vote",
]
