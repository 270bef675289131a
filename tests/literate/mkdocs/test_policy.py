"""Every page says what may run in it: the site's own files, and the theme's scripts by their hash."""

import re
from base64 import b64encode
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import DictLoader, Environment
from selectolax.lexbor import LexborHTMLParser

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
        head = page.index("Content-Security-Policy")
        assert head < page.index("<script") and head < page.index("<link")
        assert not re.search(r"\sdata-[0-9a-f]{32}", page)


def settings(*scripts: str) -> Any:
    """As much of a configuration as a policy reads."""
    return SimpleNamespace(
        extra_javascript=list(scripts), extra_css=[], theme={"font": False}, repo_url=None
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
    assert policy["style-src"] == [
        "'self'", "'unsafe-inline'", "https://style.example", "https://fonts.googleapis.com",
    ]  # fmt: skip
    assert policy["font-src"][-1] == "https://fonts.gstatic.com"
    assert "https://api.github.com" in policy["connect-src"]


@pytest.mark.parametrize("name", ["https://a b; script-src *", "https://'unsafe-inline'", "x.js"])
def test_no_setting_widens_it_by_its_spelling(name):
    assert policy_of(Policy(settings(name)).put("<head></head>"))["script-src"] == ["'self'"]
