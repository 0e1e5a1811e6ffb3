"""What can be wrong: with a feed, with a picture, or only for now."""


class FeedError(Exception):
    """It cannot be read; the message is a sentence. Nothing was changed."""


class PictureUnusable(Exception):
    """There is no picture that we take; the message is a sentence."""


class TryLater(Exception):
    """Its server or ours is busy or away: with the next sync."""
