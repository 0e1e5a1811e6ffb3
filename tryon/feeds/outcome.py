"""What a sync did, or would do: counts, problems by line, notes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MOST_PROBLEMS = 1000  # that are told one by one
COUNTS = (
    "new",
    "changed",
    "pictures_replaced",
    "unchanged",
    "retired",
    "back",
    "left_out",
)


@dataclass(frozen=True)
class Problem:
    line: int
    sku: str
    sentence: str


@dataclass
class Outcome:
    """`touched`: pieces that were made, changed or brought back; counted once each."""

    new: int = 0
    changed: int = 0
    pictures_replaced: int = 0
    unchanged: int = 0
    retired: int = 0
    back: int = 0
    left_out: int = 0
    touched: int = 0
    later: int = 0  # pictures that are tried again with the next sync
    # Of lines that are no items: without an SKU, or with one that is there already.
    unplaced: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self) -> dict[str, int]:
        """What a sync that is going on keeps."""
        return {name: getattr(self, name) for name in (*COUNTS, "touched", "later")}

    def report(self) -> dict[str, Any]:
        """For a person or a program."""
        problems = [asdict(problem) for problem in self.problems]
        counts = {name: getattr(self, name) for name in COUNTS}
        return {**counts, "problems": problems, "notes": self.notes}

    def add_unplaced(self, problem: Problem) -> None:
        if len(self.unplaced) < MOST_PROBLEMS:
            self.unplaced.append(problem)

    def tell_problems(self, of_items: Iterable[Problem]) -> None:
        told = sorted([*self.unplaced, *of_items], key=lambda one: (one.line, one.sku))
        self.problems = told[:MOST_PROBLEMS]
        if len(told) > MOST_PROBLEMS:
            sentence = _("More than %(n)d problems: the others are not listed.")
            self.notes.append(sentence % {"n": MOST_PROBLEMS})

    def tell_left_out(self, reasons: Counter[str]) -> None:
        self.left_out = sum(reasons.values())
        if reasons:
            counts = ", ".join(f"{n} {_(why)}" for why, n in reasons.most_common())
            self.notes.append(_("Left out: %(names)s.") % {"names": counts})

    def tell_shared(self, shared: int) -> None:
        if shared:
            sentence = ngettext(
                "%(n)d variant shares the picture of another.",
                "%(n)d variants share the pictures of others.",
                shared,
            )
            self.notes.append(sentence % {"n": shared})

    def tell_later(self) -> None:
        if self.later:
            sentence = ngettext(
                "%(n)d picture could not be fetched now; the next sync tries it again.",
                "%(n)d pictures could not be fetched now; the next sync tries them "
                "again.",
                self.later,
            )
            self.notes.append(sentence % {"n": self.later})
