"""Words within formulas, and those between HTML that an author wrote, in another language."""

import json

from literate.site.layout import lay_out
from literate.translation.lookup import Lookup
from literate.translation.message import Kind

NOTE = r"""# A net

$$\underbrace{k^2}_{\text{kernel size}} + \mathrm{BN}(k) \text{ if }$$

<div>
<p><span>One.</span> <span>Two.</span></p>

Three.

</div>
"""


def in_chinese(project, words):
    project.write("docs/index.md", NOTE)
    project.write("translations/zh/index.json", json.dumps(words))
    site = project.load()
    lookup = Lookup(site.catalog("zh", "index"))
    return lay_out(site.localise(site.pages["index"], lambda name: f"{name}/", lookup))


def test_words_of_a_formula_are_texts_of_the_page_and_its_names_are_none(project):
    project.write("docs/index.md", NOTE)
    found = project.load().messages("index")
    assert [(it.key, it.line) for it in found if it.kind == Kind.FORMULA] == [
        ("kernel size", 3),
        ("if", 3),
    ]


def test_a_formula_says_its_words_in_the_language_of_the_page(project):
    html = in_chinese(project, {"kernel size": "核 <大小>"})
    assert "<mtext>核 &lt;大小&gt;</mtext>" in html
    assert "<mtext>\u00a0if\u00a0</mtext>" in html or "<mtext> if </mtext>" in html
    assert "BN" in html


def test_a_full_width_sign_needs_no_blank_after_it(project):
    html = in_chinese(project, {"One.": "一。", "Two.": "二。"})
    assert "<span>一。</span><span>二。</span>" in html
    assert "<span>One.</span> <span>二。</span>" in in_chinese(project, {"Two.": "二。"})
