"""The catalogue from the shop's product feed, as Google Merchant Center takes it.

RSS 2.0, Atom or tab-separated text, by its address or as a file. The sibling of
`services.catalogue`, with pictures that are fetched:

    fetching            the shop's addresses, under the guard of result downloads
    reading xml table   bytes to raw items, whatever the bytes are
    kinds taxonomy      which kind an item is, by rules
    items staging       what is another than at the last reading; written as pending
    pictures taking     pending items become pieces
    retiring            what is gone, with a brake
    sync                all of it, in slices; `dry_run`: what it would do
"""

from .errors import FeedError
from .outcome import Outcome, Problem
from .sync import (
    Slice,
    begin_due,
    change,
    continue_sync,
    delete_feed,
    keep_file,
    look_at,
    request_sync,
)

__all__ = [
    "FeedError",
    "Outcome",
    "Problem",
    "Slice",
    "begin_due",
    "change",
    "continue_sync",
    "delete_feed",
    "keep_file",
    "look_at",
    "request_sync",
]
