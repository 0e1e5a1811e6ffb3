"""Texts that people type or send in files: made safe to show, to find and to keep."""

import re
import unicodedata

# Not to be seen, or turning round what is: nothing that a name needs.
INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
BLANKS = "\t\n\v\f\r\x85\u2028\u2029"
NO_SIGNS = ("Cc", "Cs")
# Marks from here on are accents and points; those below are letters of their own to
# who reads them (the dots of kana, the nukta and virama of India).
FIRST_ACCENT = 10
# What people type for letters that are not put together from a letter and a mark.
TYPED = str.maketrans(
    {
        "ı": "i",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        **dict.fromkeys("’‘ʼ`´", "'"),
        **dict.fromkeys("‐–—−", "-"),
    }
)
MOST_BYTES = 160  # of a file's name; a system takes 255


def keep_visible(text: str) -> str:
    """Without what no database takes, what nobody sees and what turns texts round."""
    return "".join(
        " " if sign in BLANKS else sign
        for sign in INVISIBLE.sub("", text)
        if sign in BLANKS or unicodedata.category(sign) not in NO_SIGNS
    ).strip()


def clean_line(text: str) -> str:
    """A name or another line, as it is kept: visible, composed, single spaces."""
    return " ".join(unicodedata.normalize("NFC", keep_visible(text)).split())


def clean_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(clean_line(part) for part in text.splitlines()).strip()


def make_searchable(text: str) -> str:
    """Equal for what people take for the same word.

    In any case and composition, with or without its accents.
    """
    letters = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", keep_visible(text))
        if unicodedata.combining(sign) < FIRST_ACCENT
    )
    return " ".join(letters.casefold().translate(TYPED).split())


def make_file_stem(text: str) -> str:
    """For a file's name on any system: letters and numbers of every script."""
    kept = "".join(
        sign if unicodedata.category(sign)[0] in "LMN" else "-"
        for sign in clean_line(text.lower())
    )
    short = kept.encode()[:MOST_BYTES].decode(errors="ignore")
    return "-".join(part for part in short.split("-") if part)
