"""Every page says what may run in it: the site's own files, and the theme's scripts by their hash."""

import re
from base64 import b64encode
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import DictLoader, Environment
from selectolax.lexbor import LexborHTMLParser
from support import served

from literate.base.cache import Cache
from literate.base.errors import LiterateError
from literate.mkdocs.config import load, read_project
from literate.mkdocs.templates import Policy, prepare_templates


def policy_of(page: str) -> dict[str, list[str]]:
    (meta,) = LexborHTMLParser(page).css('meta[http-equiv="Content-Security-Policy"]')
    rules = (rule.split() for rule in (meta.attributes["content"] or "").split(";"))
    return {name: sources for name, *sources in rules}


def hashed(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def test_every_page_of_a_built_site_has_one(built):
    pages = {
        name: data.decode()
        for name, data in built.project.files().items()
        if name.endswith(".html")
    }
    assert {
        "index.html",
        "net/index.html",
        "zh/net/index.html",
        "404.html",
        "zh/404.html",
    } <= pages.keys()
    for page in pages.values():
        policy = policy_of(page)
        assert policy["default-src"] == ["'self'"]
        assert policy["object-src"] == policy["base-uri"] == ["'none'"]
        scripts = [
            node.text()
            for node in LexborHTMLParser(page).css("script:not([src])")
            if "json" not in (node.attributes.get("type") or "")
        ]
        assert scripts and policy["script-src"] == ["'self'", *dict.fromkeys(map(hashed, scripts))]
        assert "'unsafe-inline'" not in policy["style-src"]
        head = page.index("Content-Security-Policy")
        assert head < page.index("<script") and head < page.index("<link")
        assert not re.search(r"\sdata-[0-9a-f]{32}", page)


def settings(*scripts: str, **theme: object) -> Any:
    """As much of a configuration as a policy reads."""
    return SimpleNamespace(
        extra_javascript=list(scripts),
        extra_css=[],
        theme={"font": False, **theme},
        repo_url=None,
    )


def rendered(tmp_path, template: str, **words: str) -> str:
    env = Environment(loader=DictLoader({"a.html": template}))
    prepare_templates(env, Cache(tmp_path))
    return Policy(settings()).put(env.get_template("a.html").render(words))


def test_a_script_in_words_is_not_the_themes(tmp_path):
    page = rendered(
        tmp_path,
        "<head></head><script>own({{ n }})</script><script type=module>own()</script>{{ words }}",
        words="<script>theirs()</script><script data-x>theirs()</script>",
        n="1",
    )
    scripts = policy_of(page)["script-src"]
    assert scripts == ["'self'", hashed("own(1)"), hashed("own()")]
    assert "<script>own(1)</script>" in page


def test_tags_are_taken_away_without_decoding_what_was_escaped(tmp_path):
    page = rendered(
        tmp_path, "<title>{{ t | striptags }}</title>", t="<b>a</b> &lt;img src=x&gt; &#34;"
    )
    assert "<title>a &lt;img src=x&gt; &quot;</title>" in page


def test_pictures_of_sites_that_are_named_may_be_shown(project):
    text = (
        project.read("mkdocs.yml")
        + '      pictures_from: ["https://a.example", "http://b.example:8"]\n'
    )
    project.write("mkdocs.yml", text)
    config = load(project.root / "mkdocs.yml")
    policy = policy_of(
        Policy(config, read_project(project.root / "mkdocs.yml").pictures_from).put("<head>")
    )
    allowed = ["'self'", "data:", "https://a.example", "http://b.example:8"]
    assert policy["img-src"] == policy["media-src"] == allowed
    assert policy["default-src"] == ["'self'"]
    for wrong in ("https://a.example/b.png", "*", "https://a b", "https://a;script-src *"):
        project.write("mkdocs.yml", text.replace("https://a.example", wrong))
        with pytest.raises(LiterateError, match="the option `pictures_from` .* holds"):
            load(project.root / "mkdocs.yml")


def test_what_the_configuration_names_may_be_fetched(project):
    text = project.read("mkdocs.yml").replace("  font: false\n", "")
    project.write(
        "mkdocs.yml",
        text
        + "repo_url: https://github.com/a/b\nextra_javascript: [https://cdn.example/a.js, own.js]\n"
        "extra_css: ['//style.example/a.css']\n",
    )
    policy = policy_of(Policy(load(project.root / "mkdocs.yml")).put("<head></head>"))
    assert policy["script-src"] == ["'self'", "https://cdn.example"]
    # What the author's scripts bring in is not known.
    assert policy["style-src"] == [
        "'self'", "https://style.example", "https://fonts.googleapis.com", "'unsafe-inline'",
    ]  # fmt: skip
    assert policy["font-src"][-1] == "https://fonts.gstatic.com"
    assert "https://api.github.com" in policy["connect-src"]


@pytest.mark.parametrize("name", ["https://a b; script-src *", "https://'unsafe-inline'", "x.js"])
def test_no_setting_widens_it_by_its_spelling(name):
    assert policy_of(Policy(settings(name)).put("<head></head>"))["script-src"] == ["'self'"]


STYLED = """<html><head><meta charset="utf-8"><style>#sheet { color: rgb(1, 2, 3) }</style></head><body>
<p id="sheet">a</p><p id="attribute" style="font-family: &quot;b&quot;; color: rgb(1, 2, 3)">a</p>
<svg><style>g &gt; #drawn { color: rgb(1, 2, 3) }</style><g><text id="drawn">a</text></g></svg>
<math><mi id="math" style="color: rgb(1, 2, 3)">x</mi></math>
<template><p id="kept" style="color:rgb(1,2,3)">a</p></template><p id="set">a</p></body></html>"""


def test_a_page_has_the_styles_that_it_was_built_with_and_no_others(tmp_path, browser):
    (tmp_path / "index.html").write_text(Policy(settings()).put(STYLED))
    with served(tmp_path) as address:
        page = browser.new_page()
        page.goto(address)
        colours = page.evaluate(
            """() => {
                const { body } = document;
                body.append(document.querySelector("template").content.cloneNode(true));
                document.getElementById("set").style.color = "rgb(1, 2, 3)";
                body.insertAdjacentHTML("beforeend", '<p class="new" style="color:rgb(1, 2, 3)">a</p>');
                const sheet = document.createElement("style");
                sheet.textContent = ".new { color: rgb(1, 2, 3) !important }";
                body.append(sheet);
                return Object.fromEntries([...document.querySelectorAll("[id], .new")].map(
                    (element) => [element.id || element.className, getComputedStyle(element).color]));
            }"""
        )
        page.close()
    names = ("sheet", "attribute", "drawn", "math", "kept", "set")
    assert colours == {**dict.fromkeys(names, "rgb(1, 2, 3)"), "new": "rgb(0, 0, 0)"}


def test_styles_that_come_while_the_page_is_open_need_leave():
    for config in (settings("own.js"), settings(features=["navigation.instant"])):
        assert policy_of(Policy(config).put(STYLED))["style-src"] == ["'self'", "'unsafe-inline'"]


def test_a_page_that_leads_to_another_has_it_and_an_authors_own_is_left_alone(tmp_path):
    page = "<head><meta charset=utf-8><script>go()</script><meta http-equiv='refresh' content='0'></head>"
    for folder in ("site/old", "site/own", "docs/own"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "index.html").write_text(page)
    for _ in range(2):
        Policy(settings()).put_on_redirects(tmp_path / "site", tmp_path / "docs")
    policy = policy_of((tmp_path / "site/old/index.html").read_text())
    assert policy["script-src"] == ["'self'", hashed("go()")]
    assert (tmp_path / "site/own/index.html").read_text() == page
