"""Code is shown in the order in which it runs."""

import re
from html import unescape

import pytest

from literate.notes.highlight import highlight_fence, highlight_lines

# From the paper "Trojan Source": to a reader, the comment seems to end before the condition.
LINES = [
    "level = 'user'\n",
    "if level != 'user\u202e \u2066# Check if admin\u2069 \u2066':\n",
    "    pass  # \u202e begin admins only\n",
]


@pytest.mark.parametrize(
    "html",
    ["\n".join(highlight_lines(LINES, {})), highlight_fence("".join(LINES), "python")],
    ids=["file", "fence"],
)
def test_a_character_that_reorders_a_line_does_nothing_and_is_named(html):
    outside = re.sub(r'<bdi class="bidi" title="U\+(?:202E|206[69])">.</bdi>', "", html)
    assert html.count("<bdi") == 5 and outside.replace("\n", "").isprintable()
    # To be copied, it is as it was.
    assert "".join(LINES).strip() in unescape(re.sub("<[^>]*>", "", html))
