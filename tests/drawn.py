"""What tests of figures share: the budgets that are drawn, and all that is written in a figure."""

from matplotlib.figure import Figure
from matplotlib.text import Text

BUDGETS = "32M:5.12B:9"


def words(figure: Figure) -> list[str]:
    """All that is written in a figure, tick labels and titles included."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]
