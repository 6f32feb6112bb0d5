"""What starting models gain over the default on the same test images, as a forest plot."""

from matplotlib.figure import Figure

from task2vec.messages.comparisons import Comparison
from task2vec.plots.axes import Room
from task2vec.plots.backtest import Gain, draw_gains
from task2vec.plots.figure import MARGIN, Sheet, pixels

_WIDTH = 1800
_ROW = pixels(30)
_NAMES = pixels(140)


def compose_comparison(comparison: Comparison) -> Figure:
    """Return the picture; the names of models have the gid ``"label"``.

    The default is at 0, and what is surely better or worse stands out.
    """
    default, *others = comparison.rows
    rows = [
        Gain(default.model, 0.0, (0.0, 0.0)),
        *(
            Gain(row.model, row.gain, row.gain_interval, stressed=row.better is not None)
            for row in others
            if row.gain is not None and row.gain_interval is not None
        ),
    ]
    bottom = pixels(62)
    sheet = Sheet(width=_WIDTH, height=round(bottom + _ROW * (len(rows) + 1) + 2 * MARGIN))
    top = sheet.below_heading(f"Starting models fine-tuned on {comparison.task}")
    room: Room = (MARGIN + _NAMES, bottom, sheet.width - MARGIN, top)
    draw_gains(sheet, rows, room=room)
    sheet.remark(
        f"The first row is the default. Lines: on {comparison.test_images:,} test images, all hold "
        "together with 90 % certainty."
    )
    return sheet.figure
