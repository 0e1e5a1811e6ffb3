"""Pages as text: how a template is broken into lines is of no matter to a test."""

import re


def flat(html: str) -> str:
    """In one line, with no whitespace beside tags."""
    return re.sub(r" ?([<>]) ?", r"\1", " ".join(html.split()))
