"""Pages as Markdown: read again by a Markdown parser, they say what the page says."""

import pytest
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from literate.notes.plain import code_fence, code_span
from literate.site.markdown import markdown_address, page_markdown, to_markdown
from literate.translation.lookup import Lookup

PARSER = MarkdownIt("commonmark").enable("table")

NOTE = """# A title

Words of *weight* and **more**, `a_b`, ``x`y``, $h_1$ and a [link](../src/paper/net.py#Net).

* one
* two, with

  a second paragraph

1. first
2. second

> Said *elsewhere*.

| a | b |
| --- | --- |
| `x` | y |

$$E = mc^2$$

```python
print("*")
```

![A net](net.png "Its caption.")

Five * six, and [brackets].[^1]

[^1]: At the foot.
"""


def plain(project, name, language="en"):
    site = project.load()
    lookup = Lookup(site.catalog(language, name)) if language != "en" else None
    folder = site.folder(language)
    return page_markdown(
        site.localise(
            site.pages[name], lambda other: markdown_address(folder, other), lookup, is_plain=True
        )
    )


def test_a_note_comes_out_as_its_author_wrote_it(project):
    project.write("docs/net.png", "")
    project.write("docs/index.md", NOTE)
    text = plain(project, "index")
    for line in (
        "# A title",
        "Words of *weight* and **more**, `a_b`, ``x`y``, $h_1$ and a [link](net.md#Net).",
        "* one\n\n* two, with\n\n  a second paragraph",
        "1. first\n2. second",
        "> Said *elsewhere*.",
        "| a | b |\n| --- | --- |\n| `x` | y |",
        "$$\nE = mc^2\n$$",
        '```python\nprint("*")\n```',
        "![A net](net.png)\n\nIts caption.",
        "Five \\* six, and \\[brackets].[^1]",
        "[^1]: At the foot.",
    ):
        assert f"\n{line}\n" in f"\n{text}", line


def test_an_annotated_page_has_its_code_in_every_language(project):
    english, chinese = plain(project, "net"), plain(project, "net", "zh")
    assert "Double the input.\n\n```python\n        return 2 * x\n```" in english
    assert "输入加倍。\n\n```python\n        return 2 * x\n```" in chinese
    assert "Words about $h$.\n\n```python\nimport math\n```" in english


@pytest.mark.parametrize(
    "html",
    [
        "<p>a <em>b</em> <strong>c</strong> <code>d`e</code></p>",
        "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
        "<ol start=3><li>a</li><li>b</li></ol>",
        "<blockquote><p>a</p><p>b</p></blockquote>",
        "<h2 id=x>A <a href='b.md'>b</a></h2><hr><p>1 * 2 * 3 &lt;b&gt; [c](d) \\ `e`</p>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
        "<pre>a\n```\nb</pre>",
    ],
)
def test_markdown_means_what_the_html_meant(html):
    again = PARSER.render(to_markdown(html))

    def words(text):
        return " ".join(LexborHTMLParser(text).body.text(separator=" ").split())

    def tags(text):
        kept = LexborHTMLParser(text).body.css("em,strong,code,li,ul,ol,blockquote,a,td,th,h2,pre")
        return [node.tag for node in kept if not (node.tag == "code" and node.parent.tag == "pre")]

    assert words(again) == words(html) and tags(again) == tags(html)


def test_what_readers_do_not_see_is_left_out():
    html = "<p>a</p><script>b</script><template>c</template><p hidden>d</p><button>e</button>"
    assert to_markdown(html) == "a\n"


@pytest.mark.parametrize("code", ["a", "`", "a``b", "```\nb\n```\n", "````"])
def test_code_keeps_its_own_marks(code):
    if "\n" not in code:
        (inline,) = PARSER.parseInline(code_span(code))
        assert [(it.type, it.content) for it in inline.children] == [("code_inline", code)]
    (fence,) = PARSER.parse(code_fence(code, "python"))
    assert fence.content.rstrip("\n") == code.rstrip("\n") and fence.info == "python"
