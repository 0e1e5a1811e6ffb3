"""The verbs of the fitting room: keyword-only, one transaction each.

Views, tasks, commands and the admin call these and nothing below them. `services`
never wakes the dispatcher: a queued row is the order, and the caller adds the
courtesy of `tasks.wake_up` on commit.
"""

from .accounts import claim_guest
from .composing import Composition, NewGarment, compose, keep_uploads
from .deletion import (
    clear_api_records,
    clear_sessions,
    delete_all_pictures,
    delete_expired,
    delete_expired_guests,
    delete_garment,
    delete_old_pictures,
    delete_owner,
    delete_photo,
    delete_tombstones,
    delete_try_on,
    delete_try_ons,
)
from .handoffs import find_handoff, open_handoff, use_handoff
from .ledger import prune_requests
from .outfits import Outfit, OutfitError, check_slot, check_slots
from .pictures import (
    TooManyUploads,
    add_garment,
    add_photo,
    bring_garment_back,
    find_changes,
    make_renditions,
    make_searchable,
    next_without_renditions,
    repair_photo,
    replace_garment_picture,
    retire_garment,
    set_favourite_garment,
    try_renditions,
)
from .sharing import create_share, end_share, report_problem, vote
from .try_ons import (
    cancel,
    create_fitting,
    create_try_on,
    derive_again_token,
    mark_seen,
    retry,
    send_again,
    set_favourite,
)

__all__ = [
    "Composition",
    "NewGarment",
    "Outfit",
    "OutfitError",
    "TooManyUploads",
    "add_garment",
    "add_photo",
    "bring_garment_back",
    "cancel",
    "check_slot",
    "check_slots",
    "claim_guest",
    "clear_api_records",
    "clear_sessions",
    "compose",
    "create_fitting",
    "create_share",
    "create_try_on",
    "delete_all_pictures",
    "delete_expired",
    "delete_expired_guests",
    "delete_garment",
    "delete_old_pictures",
    "delete_owner",
    "delete_photo",
    "delete_tombstones",
    "delete_try_on",
    "delete_try_ons",
    "derive_again_token",
    "end_share",
    "find_changes",
    "find_handoff",
    "keep_uploads",
    "make_renditions",
    "make_searchable",
    "mark_seen",
    "next_without_renditions",
    "open_handoff",
    "prune_requests",
    "repair_photo",
    "replace_garment_picture",
    "report_problem",
    "retire_garment",
    "retry",
    "send_again",
    "set_favourite",
    "set_favourite_garment",
    "try_renditions",
    "use_handoff",
    "vote",
]
