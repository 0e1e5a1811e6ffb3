"""The catalogue in bulk: a CSV and its pictures, from a folder or a zip.

Columns: sku, name, kind (upper_body, lower_body, full_body), file, and if wanted
product_url, as spreadsheets of all kinds write them. A dry run says what is wrong, by
line; a second run changes nothing.
"""

from .errors import CatalogueError
from .importing import Outcome, Problem, import_shop
from .shop import Shop, open_shop

__all__ = ["CatalogueError", "Outcome", "Problem", "Shop", "import_shop", "open_shop"]
