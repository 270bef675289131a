"""How the drawings of the results page are drawn: their paper, their colors, and their bytes."""

import re
from io import StringIO

import matplotlib
import numpy as np
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Two colors that can be read on white and on black
TEAL, AMBER = "#0d9488", "#d97706"
# What matplotlib draws in this color takes the color of the page.
PAGE = "#010203"
STYLE = {
    # Text stays text, which can be read aloud and translated.
    "svg.fonttype": "none",
    # The same drawing has the same names inside each time it is made.
    "svg.hashsalt": "convmixer",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(
        [
            "text.color",
            "axes.labelcolor",
            "axes.edgecolor",
            "xtick.color",
            "ytick.color",
        ],
        PAGE,
    ),
}


def canvas(rows: int, columns: int, height: float, width: float = 7.2) -> tuple[Figure, np.ndarray]:
    """
    Paper to draw on

    By default as wide as the column of a page. Returns the figure and its axes.
    """
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(width, height), layout="constrained", squeeze=False
    )
    return figure, axes.flatten()


def mosaic(filters: np.ndarray) -> np.ndarray:
    """
    Filters side by side

    Takes `[N, k, k]`, returns an image with opacity, `[H, W, 4]`, of 8 filters in a
    row.
    """
    count, side, _ = filters.shape
    picture = np.zeros((-(-count // 8) * (side + 1) - 1, 8 * (side + 1) - 1, 4))
    positive, negative = (np.array(matplotlib.colors.to_rgb(color)) for color in (TEAL, AMBER))
    for number, one in enumerate(filters):
        top, left = (part * (side + 1) for part in divmod(number, 8))
        tile = picture[top : top + side, left : left + side]
        tile[..., :3] = np.where(one[..., None] > 0, positive, negative)
        tile[..., 3] = np.abs(one) / np.abs(one).max()
    return picture


def confusion(axis: Axes, matrix: np.ndarray) -> None:
    """
    Draw the confusion matrix

    Rows are what the images are, columns what they were taken for. Zeros are left out.
    """
    share = matrix / matrix.sum(axis=1, keepdims=True)
    shade = np.zeros((*matrix.shape, 4))
    right = np.eye(len(matrix), dtype=bool)[..., None]
    colors = [matplotlib.colors.to_rgb(color) for color in (TEAL, AMBER)]
    shade[..., :3] = np.where(right, *colors)
    shade[..., 3] = np.where(right[..., 0], 0.35 * share, 0.25 * (matrix > 0) + share)
    axis.imshow(shade, interpolation="none")
    for (row, place), count in np.ndenumerate(matrix):
        if count:
            style = {"ha": "center", "va": "center", "fontsize": 9}
            axis.text(place, row, str(count), gid=f"count-{row}-{place}", **style)
    axis.set_xticks(range(10))
    axis.set_yticks(range(10))


def svg(figure: Figure, name: str) -> str:
    """
    Write a drawing

    * `name` is a word that no other drawing of the page has

    What has no color of its own takes the page's, or by itself the one that the reader
    prefers. Numbers are marked as nothing to translate.
    """
    figure.patch.set_alpha(0)
    for axis in figure.axes:
        axis.patch.set_alpha(0)
    file = StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    text = file.getvalue()
    text = text[text.index("<svg") :].replace(PAGE, "currentColor")
    text = text.replace("xlink:href", "href")
    text = numbered(text, name)
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<text (?=[^>]*>[-−→\d.,\s]+</text>)", '<text translate="no" ', text)
    rule = f"svg.{name}-figure:root {{ color: %s; }}"
    style = (
        f"<style>{rule % '#24292f'} @media (prefers-color-scheme: dark) "
        f"{{ {rule % '#e6edf3'} }} .{name}-figure text {{ fill: currentColor; }}</style>"
    )
    text = text.replace("<svg ", f'<svg class="{name}-figure" ', 1)
    opening = text.index(">") + 1
    return f"{text[:opening]}\n {style}{text[opening:]}"


def numbered(text: str, name: str) -> str:
    """
    Number what a drawing refers to

    Matplotlib makes ids of positions, whose last digits differ from one layout to the
    next. Numbers in the order of the drawing give the same bytes each time.
    """
    ids: dict[str, str] = {}
    return re.sub(
        r'(?<=[#"])[a-z]*[0-9a-f]{10}(?=[")])',
        lambda match: ids.setdefault(match[0], f"{name}-{len(ids)}"),
        text,
    )
