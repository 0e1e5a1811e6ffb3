"""The bench's chart: time lost a job, this system beside what a user could pick."""

from typing import Any

import pygal
from pygal.style import Style

CALM = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#505357",
    foreground_strong="#17181a",
    foreground_subtle="#85888c",
    colors=("#0f5e6b", "#a3a6aa", "#d0a253"),
    font_family="sans-serif",
)
NAMES = {
    "this one": "this system",
    "docs": "the documentation's loop",
    "celery": "Celery behind a first-in-first-out limiter",
}


def time_lost(found: dict[str, dict[str, dict[str, Any]]]) -> bytes:
    """SVG bars, by row and system: mean seconds that a job waits to be sent and seen.

    Without the backlogs, where all that counts is the jobs a minute.
    """
    rows = [row for row in found if len(found[row]) > 1 and "backlog" not in row]
    picture = pygal.Bar(
        style=CALM,
        js=[],
        legend_at_bottom=True,
        title="Seconds lost a job: waiting to be sent, and to be noticed (mean)",
        x_labels=rows,
        print_values=True,
        width=900,
        height=420,
    )
    for system, name in NAMES.items():
        lost = [found[row].get(system, {}).get("lost_mean") for row in rows]
        picture.add(name, lost)
    svg: bytes = picture.render()
    return svg
