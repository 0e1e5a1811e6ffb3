"""API keys never show in logs, errors or the database, nor secret addresses in logs."""

import logging
import re

# `sk_live_` and 43 URL-safe characters; anything longer that begins so, too.
KEY = re.compile(r"(sk_)(?:live|test)_[A-Za-z0-9_-]{6,}")
# The shop's own keys, and what its webhooks are signed with.
SHOP_KEY = re.compile(r"\b(fr_)[A-Za-z0-9_-]{43}|(whsec_)[A-Za-z0-9+/]{20,}=*")

# Whoever has the address of a share or a hand-off may use it.
SECRET_ADDRESS = re.compile(r"(/[sp]/)[A-Za-z0-9_-]+")


def redact(text: str) -> str:
    text = SHOP_KEY.sub(lambda found: f"{found[1] or found[2]}…", text)
    return SECRET_ADDRESS.sub(r"\1…", KEY.sub(r"\1…", text))


class RedactKeys(logging.Filter):
    """Cuts them out of a log record, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True
