"""What a student asks is answered, in the section that is named for it, in both languages."""

import tomllib

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import ROOT

QUESTIONS = tomllib.loads((ROOT / "tests/site/questions.toml").read_text(encoding="utf-8"))


def words_of(page, section):
    """The notes of a section, in the page's language alone; those of the opening without a section."""
    root = LexborHTMLParser(page.read_text(encoding="utf-8")).root
    part = root.css_first(f"section.def[id='{section}']" if section else ".annotated .lead")
    assert part, f"{page} has no section {section}"
    for other in part.css(".code, .gloss, details.original"):
        other.decompose()
    return " ".join(part.text(deep=True).split())


@pytest.mark.parametrize(("language", "prefix"), [("en", ""), ("zh", "zh/")])
@pytest.mark.parametrize("question", QUESTIONS["question"], ids=lambda question: question["asks"])
def test_the_named_section_answers_the_question(site, question, language, prefix):
    page = site / prefix / question.get("page", "model") / "index.html"
    said = words_of(page, question["section"])
    assert question[language]
    for words in question[language]:
        assert words in said


def test_the_model_page_answers_most_questions_itself():
    pages = [question.get("page", "model") for question in QUESTIONS["question"]]
    assert len(pages) == 10
    assert pages.count("model") >= 9
