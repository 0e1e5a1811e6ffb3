"""The fields of Google's product data that are read, by its names for them.

https://support.google.com/merchants/answer/7052112
"""

from dataclasses import dataclass, field

ONE = (
    "id",
    "title",
    "link",
    "image_link",
    "item_group_id",
    "availability",
    "google_product_category",
    "gender",
    "age_group",
)
SEVERAL = ("additional_image_link", "product_type")
ALL = frozenset((*ONE, *SEVERAL))
MOST_SIGNS = 3000  # of a field that are read; addresses are the longest
MOST_OF_ONE = 10  # times that a field is read


@dataclass(slots=True)
class Raw:
    """One item as the feed has it; `broken`: why its line cannot be read."""

    line: int
    fields: dict[str, str]
    several: dict[str, list[str]] = field(default_factory=dict)
    broken: str = ""
