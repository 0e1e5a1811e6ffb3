"""What can be wrong: with all of it, or with one line."""


class CatalogueError(Exception):
    """Nothing can be read; the message is a sentence."""


class LineError(Exception):
    """This line is not taken in, the others are; the message is a sentence."""
