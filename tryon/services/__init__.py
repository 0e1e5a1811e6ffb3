"""The verbs of the fitting room: keyword-only, one transaction each.

Views, tasks, commands and the admin call these and nothing below them. `services`
never wakes the dispatcher: a queued row is the order, and the caller adds the
courtesy of `tasks.wake_up` on commit.
"""

from .deletion import (
    delete_all_pictures,
    delete_garment,
    delete_owner,
    delete_photo,
    delete_try_on,
    delete_try_ons,
    purge,
)
from .handoffs import find_handoff, open_handoff, use_handoff
from .people import claim_guest
from .pictures import (
    add_garment,
    add_photo,
    make_renditions,
    next_without_renditions,
    repair_photo,
    replace_garment_picture,
    set_favourite_garment,
    without_renditions,
)
from .sharing import create_share, end_share, report_problem, vote
from .try_ons import (
    Outfit,
    OutfitError,
    cancel,
    create_fitting,
    create_try_on,
    retry,
    seen,
    send_again,
    set_favourite,
)

__all__ = [
    "Outfit",
    "OutfitError",
    "add_garment",
    "add_photo",
    "cancel",
    "claim_guest",
    "create_fitting",
    "create_share",
    "create_try_on",
    "delete_all_pictures",
    "delete_garment",
    "delete_owner",
    "delete_photo",
    "delete_try_on",
    "delete_try_ons",
    "end_share",
    "find_handoff",
    "make_renditions",
    "next_without_renditions",
    "open_handoff",
    "purge",
    "repair_photo",
    "replace_garment_picture",
    "report_problem",
    "retry",
    "seen",
    "send_again",
    "set_favourite",
    "set_favourite_garment",
    "use_handoff",
    "vote",
    "without_renditions",
]
