"""The built site of this repository: its code, its links, its translations."""

import json
import shutil
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import EXAMPLES, ROOT, Project, copy_of_site

from literate.source.python import read_python
from literate.translation.lookup import Lookup, coverage_of
from literate.translation.segment import identity_of

PACKAGE = ROOT / "src/convmixer"
SOURCES = sorted(p for p in PACKAGE.rglob("*.py") if not p.name.startswith("__"))


def code_lines(html):
    """Line number -> line, as the page shows them."""
    nodes = LexborHTMLParser(html).css(".annotated .code [data-n]")
    lines = {int(node.attributes["data-n"]): node.text(deep=True) for node in nodes}
    assert len(lines) == len(nodes), "a line stands on the page twice"
    return lines


@pytest.mark.parametrize("language", ["", "zh/"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_code_of_a_page_is_the_source_byte_for_byte(site, source, language):
    name = source.relative_to(PACKAGE).with_suffix("")
    html = (site / language / name / "index.html").read_text(encoding="utf-8")
    shown = code_lines(html)
    assert list(shown) == sorted(shown)
    notes = {
        line.number: line.text
        for section in read_python(source.read_bytes(), source.name).sections
        for line in section.note
    }
    assert not shown.keys() & notes.keys()
    together = shown | notes
    assert "".join(together[n] for n in sorted(together)).encode() == source.read_bytes()


def test_every_link_of_the_site_leads_somewhere(site):
    pages = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    ids, links = {}, []
    for name, path in pages.items():
        root = LexborHTMLParser(path.read_text(encoding="utf-8"))
        ids[name] = {node.attributes["id"] for node in root.css("[id]")}
        duplicates = len(root.css("[id]")) - len(ids[name])
        assert not duplicates, f"{name} has {duplicates} ids twice"
        for attribute in ("href", "src"):
            links += [(name, n.attributes[attribute]) for n in root.css(f"[{attribute}]")]
    assert len(links) > 1000
    for name, link in links:
        address = urlsplit(urljoin(f"http://site/{name}", link))
        if address.netloc not in ("site", "127.0.0.1:8000"):
            continue
        target = unquote(address.path).lstrip("/")
        target += "index.html" if target.endswith("/") or not target else ""
        assert (site / target).is_file(), f"{name} links to {link}"
        anchor = unquote(address.fragment)
        if anchor and target in ids:
            assert anchor in ids[target] or anchor == "__toc", f"{name} links to {link}"


def test_nothing_comes_from_another_host(site):
    pages = [*site.rglob("*.html")]
    assert pages
    for path in pages:
        root = LexborHTMLParser(path.read_text(encoding="utf-8"))
        for node in root.css("script[src], img[src], link[rel=stylesheet], link[rel=icon]"):
            source = node.attributes.get("src") or node.attributes.get("href") or ""
            assert not urlsplit(source).netloc, f"{path} loads {source}"


def test_every_page_exists_in_every_language(site):
    names = {path.parent.relative_to(site).as_posix() for path in site.rglob("index.html")}
    english = {name for name in names if not name.startswith("zh")}
    assert {".", "model", "data", "experiment"} <= english
    assert {name for name in names if name.startswith("zh")} == {
        "zh" if name == "." else f"zh/{name}" for name in english
    }


def test_chinese_is_complete_and_clean():
    result = Project(ROOT).run("check")
    assert result.returncode == 0, result.stdout
    first, *rest = result.stdout.strip().split("\n")
    assert first.startswith("中文 (zh): ")
    assert "(100 %), 0 missing, 0 stale, 0 faulty" in first, result.stdout
    assert not rest


@pytest.fixture
def with_supplied_map(tmp_path):
    """This repository with the map that it was given, as it was given, for its overview."""
    project = copy_of_site(tmp_path)
    supplied = ROOT / "tests/data/readme.zh.json"
    shutil.copy(supplied, tmp_path / "translations/zh/index.json")
    return project


def test_the_supplied_map_translates_the_paragraphs_that_have_not_changed(with_supplied_map):
    result = with_supplied_map.run()
    assert result.returncode == 0, result.stderr
    html = with_supplied_map.read("site/zh/index.html")
    article = LexborHTMLParser(html).css_first("article")
    text = " ".join(article.text(deep=True).split())
    for words in (
        "补丁是你所需要的吗？",
        "这是 PayTorch 实现的纸质补丁是你所需要的吗？。",
        "MLP-Mixer 将空间维度和信道维度的混合分开",
        "本文建议移除通道混音中的残余连接",
        "这是一个在 CIFAR-10 上训练 ConvMixer 的实验",
    ):
        assert words in text
    assert "附近的批次" not in text, "the paragraph whose English was corrected is not his any more"
    assert "it mixes only the nearby patches" in text
    # The map's links lead to pages of the site that it was made for; ours lead to ours.
    assert article.css_first("h1 a").attributes["href"] == "model/"
    experiment = next(a for a in article.css("p a") if "CIFAR-10" in a.text())
    assert experiment.attributes["href"] == "experiment/"


def test_the_faults_of_the_supplied_map_are_reported(with_supplied_map):
    result = with_supplied_map.run("check", "zh")
    assert result.returncode == 1
    for words in (
        "the word 'PayTorch' is not in the source. Is it 'PyTorch'?",
        "the text 'C@@' stands outside any tag",
        "the word 'onvMixer' is not in the source. Is it 'ConvMixer'?",
        "'纸质' is a word to avoid. Write '论文'.",
        "'混音器' is a word to avoid. Write 'Mixer'.",
        "'信道' is a word to avoid. Write '通道'.",
        "'残余' is a word to avoid. Write '残差'.",
        "'剩余' is a word to avoid. Write '残差'.",
        "'图层' is a word to avoid. Write '层'.",
        "'规范化' is a word to avoid. Write '归一化'.",
        "stale: <p>ConvMixer uses a 1x1 convolution for channel mixing",
    ):
        assert words in result.stdout, words


@pytest.mark.parametrize("folder", [ROOT, *EXAMPLES], ids=lambda path: path.name)
def test_translations_keep_the_order_of_their_page(folder):
    site = Project(folder).load()
    looked_at = 0
    for language in site.languages:
        for name in site.pages:
            lookup = Lookup(site.catalog(language, name))
            coverage_of(site.passages(name), lookup)
            keys = [identity_of(entry.source) for entry in lookup.catalog.entries]
            assert keys == list(lookup.requested), f"{language}/{name}.json"
            path = site.project.catalog_path(language, name)
            written = json.dumps(json.loads(path.read_bytes()), ensure_ascii=False, indent=2) + "\n"
            assert path.read_text(encoding="utf-8") == written, path
            looked_at += len(keys)
    assert looked_at > 10
