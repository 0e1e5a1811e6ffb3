"""One table of all figures, whatever the benchmarks themselves print."""

import json
from collections.abc import Iterator
from typing import Any

HEAD = "| what | which | figures | verdict |\n|---|---|---|---|"


def line(what: str, which: str, figures: dict[str, Any], verdict: str) -> str:
    told = ", ".join(
        f"{name} {value}" for name, value in figures.items() if value not in ("", None)
    )
    return f"| {what} | {which} | {told} | {verdict} |"


def rows(printed: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and figures: of tables by their heads, and of objects behind a name."""
    head: list[str] = []
    for text in printed.splitlines():
        name, _, rest = text.partition(": ")
        if text.startswith("|"):
            cells = [cell.strip() for cell in text.strip("|").split("|")]
            if set(text) <= set("|-"):
                continue
            if head:
                yield cells[0], dict(zip(head[1:], cells[1:], strict=True))
            else:
                head = cells
            continue
        head = []
        if text.startswith("{"):
            yield "", json.loads(text)
        elif rest.startswith("{"):
            yield name, json.loads(rest)
        elif text:
            yield text, {}
