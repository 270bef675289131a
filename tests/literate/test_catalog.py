"""Maps: what they match, what they fill in, and how they fail."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from literate.base.errors import LiterateError
from literate.notes.render import render_note
from literate.source.document import Prose
from literate.translation.catalog import Catalog, Message
from literate.translation.catalog_file import load_catalog, read_messages
from literate.translation.checks import check_message
from literate.translation.language import Language, load_language
from literate.translation.sanitise import sanitise
from literate.translation.segment import note_segments, parse


def catalog(**entries):
    return Catalog("map.json", tuple(Message(k, v, 1) for k, v in entries.items()))


def of(mapping):
    return Catalog("map.json", tuple(Message(k, v, 1) for k, v in mapping.items()))


def fragments(text):
    prose = Prose(text, tuple(range(1, text.count("\n") + 2)))
    return note_segments(render_note(prose, "page.md"))


HELD = "<span translate=no>_^_{}_^_</span>"


def test_a_whole_note_is_looked_up_first():
    maps = of({"<p>One</p><p>Two</p>": "<p>一</p><p>二</p>", "<p>One</p>": "<p>壹</p>"})
    assert maps.note(fragments("One\n\nTwo")) == ("<p>一</p>", "<p>二</p>")
    assert maps.block(fragments("One")[0]) == "<p>壹</p>"


def test_a_whole_note_serves_block_by_block():
    maps = of({"<h1>T</h1>\n<p>One</p>\n<p>Two</p>": "<h1>题</h1><p>一</p><p>二</p>"})
    blocks = fragments("# T\n\nOne changed\n\nTwo")
    assert maps.note(blocks) is None
    assert [maps.block(block) for block in blocks] == ["<h1>题</h1>", None, "<p>二</p>"]
    ((entry, block),) = maps.obsolete()
    assert block.text == "One"
    assert entry.line == 1


def test_a_translation_with_other_blocks_serves_the_whole_note_only():
    maps = of({"<p>One</p><p>Two</p>": "<p>一二</p>"})
    assert maps.note(fragments("One\n\nTwo")) == ("<p>一二</p>",)
    assert maps.block(fragments("One")[0]) is None


def test_placeholders_get_the_numbers_of_the_note():
    key = f"<p>Take {HELD.format(0)} and {HELD.format(1)}.</p>"
    maps = of({key: f"<p>取 {HELD.format(1)} 与 {HELD.format(0)}。</p>"})
    blocks = fragments("`first`\n\nTake `x` and $y$.")
    assert maps.block(blocks[1]) == f"<p>取 {HELD.format(2)} 与 {HELD.format(1)}。</p>"


@given(st.permutations(range(4)), st.integers(0, 3))
def test_every_placeholder_comes_back_once(order, before):
    words = " w ".join(HELD.format(i) for i in range(4))
    maps = of({f"<p>{words}</p>": f"<p>{' '.join(HELD.format(i) for i in order)}</p>"})
    text = "`a` " * before + "\n\n" + " w ".join(f"`{i}`" for i in range(4))
    block = fragments(text)[-1]
    assert maps.block(block) == "<p>" + " ".join(HELD.format(before + i) for i in order) + "</p>"


def test_a_moved_link_orphans_nothing():
    key = '<p>See <a href="old.html">a</a> and <a href="two.html">b</a>.</p>'
    maps = of({key: '<p>见 <a href="two.html">乙</a>、<a href="old.html">甲</a>。</p>'})
    block = fragments("See [a](new.md#x) and [b](c.md).")[0]
    assert maps.block(block) == '<p>见 <a href="c.md">乙</a>、<a href="new.md#x">甲</a>。</p>'


def test_links_with_one_target_are_told_apart_by_their_order():
    key = '<p><a href="x">a</a> <a href="x">b</a></p>'
    maps = of({key: '<p><a href="x">甲</a> <a href="x">乙</a></p>'})
    block = fragments("[a](1.md) [b](2.md)")[0]
    assert maps.block(block) == '<p><a href="1.md">甲</a> <a href="2.md">乙</a></p>'


def test_a_translation_brings_in_no_target_of_its_own():
    maps = of({"<p>Words</p>": '<p><a href="https://elsewhere.example">词</a></p>'})
    assert "href" not in maps.block(fragments("Words")[0])


def test_a_list_that_another_renderer_left_as_text_is_found():
    maps = of({"<p>One two</p>": "<p>一 二</p>"})
    assert maps.block(parse("<ul><li>One two</li></ul>")[0]) == "<p>一 二</p>"
    assert maps.block(parse("<h2>One two</h2>")[0]) is None


def test_plain_texts():
    maps = of({" A title & more ": " 标题 "})
    assert maps.text("A title  & more") == "标题"
    assert maps.text("Another") is None


def test_an_empty_translation_is_missing(tmp_path):
    (tmp_path / "m.json").write_text('{"a": "", "b": "乙"}', encoding="utf-8")
    loaded = load_catalog(tmp_path / "m.json", "m.json")
    assert loaded.text("a") is None
    assert loaded.text("b") == "乙"


@given(
    st.dictionaries(st.text(max_size=20), st.text(min_size=1, max_size=20), max_size=6),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_any_spelling_of_json_is_read(entries, indent, ascii_only):
    text = json.dumps(entries, indent=indent, ensure_ascii=ascii_only)
    assert {e.source: e.translation for e in read_messages(text, "m.json")} == entries


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{\n"a": "1",\n"a": "2"\n}', 3, "stands here and on line 2"),
        ('{\n"a": 1\n}', 2, "is a int"),
        ('{\n"a": {"b": "c"}\n}', 2, "is a dict"),
        ('{\n"a": "b",\n}', 3, "not JSON"),
        ('{\n"a": "b"\n"c": "d"}', 3, "not JSON"),
        ('{\n"a": "b', 2, "not JSON"),
        ('{"a": "b"', 1, "not JSON"),
        ("[]", 1, "not JSON"),
        ("", 1, "not JSON"),
        ('{}\n{"a": "b"}', 2, "goes on"),
        ("{\n'a': 'b'}", 2, "not JSON"),
    ],
)
def test_a_map_that_does_not_parse_names_the_line(text, line, words):
    with pytest.raises(LiterateError) as error:
        list(read_messages(text, "zh/m.json"))
    assert str(error.value).startswith(f"zh/m.json:{line}: ")
    assert words in str(error.value)


def test_a_map_that_is_not_utf8_names_the_line(tmp_path):
    (tmp_path / "m.json").write_bytes(b'{\n"a": "\xff"}')
    with pytest.raises(LiterateError, match="m.json:2: the map is not UTF-8"):
        load_catalog(tmp_path / "m.json", "m.json")


@pytest.fixture
def chinese(tmp_path):
    folder = tmp_path / "zh"
    folder.mkdir()
    (folder / "language.toml").write_text(
        'name = "中文"\nnames = ["token"]\n[glossary]\n"residual connection" = ["残差连接"]\n'
        '[avoid]\n"信道" = "通道"\n',
        encoding="utf-8",
    )
    return load_language(folder, "zh")


@pytest.mark.parametrize(
    ("source", "translation", "words"),
    [
        (f"<p>{HELD.format(0)} a</p>", "<p>甲</p>", "_^_0_^_ is lost"),
        (f"<p>{HELD.format(0)}</p>", f"<p>{HELD.format(0) * 2}</p>", "_^_0_^_ is doubled"),
        ("<p>a</p>", f"<p>{HELD.format(3)}</p>", "_^_3_^_ is not in the source"),
        (f"<p>{HELD.format(0)}</p>", "<p>_^_0_^_</p>", "has lost its span"),
        ("<p>a</p>", '<p><a href="http://x">甲</a></p>', "is not in the source"),
        ('<p><a href="b">a</a></p>', "<p>甲</p>", "the link to 'b' is lost"),
        ("<p>a</p>", "<p>甲</p><script>x</script>", "<script> may not stand"),
        ("<p>a</p>", "<p>甲</p>。", "stands outside any tag"),
        ("<p>a</p><p>b</p>", "<p>甲乙</p>", "the translation has p"),
        (
            "<p>PyTorch</p>",
            "<p>PayTorch 的</p>",
            "'PayTorch' is not in the source. Is it 'PyTorch'?",
        ),
        ("<p>the residual connection</p>", "<p>剩余连接</p>", "残差连接"),
        ("<p>a channel</p>", "<p>信道</p>", "Write '通道'"),
    ],
)
def test_faults_of_a_translation(chinese, source, translation, words):
    faults = check_message(Message(source, translation, 7), chinese)
    assert any(words in f"{fault.problem}. {fault.fix}" for fault in faults), faults


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("<p>A PyTorch model</p>", "<p>一个 PyTorch 模型</p>"),
        ("<p>Tokens</p>", "<p>token</p>"),
        (
            f"<p>{HELD.format(0)} of {HELD.format(1)}</p>",
            f"<p>{HELD.format(1)}的{HELD.format(0)}</p>",
        ),
        ("<p>Both residual connections</p>", "<p>两个残差连接</p>"),
        ("Plain title", "标题"),
    ],
)
def test_a_good_translation_has_no_fault(chinese, source, translation):
    assert check_message(Message(source, translation, 1), chinese) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("", "language.toml:1: the entry 'name' is ''"),
        ('name = "x"\ndirection = "up"', "language.toml:2: the entry 'direction' is 'up'"),
        (
            'name = "x"\nrevieved = true',
            "language.toml:2: unknown entry 'revieved'. Did you mean 'reviewed'?",
        ),
        ("name = ", "language.toml:1: this is not TOML"),
    ],
)
def test_a_language_file_with_an_error_names_the_line(tmp_path, settings, words):
    (tmp_path / "language.toml").write_text(settings, encoding="utf-8")
    with pytest.raises(LiterateError) as error:
        load_language(tmp_path, "zh")
    assert str(error.value).startswith(f"zh/{words}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"a": "\\ud800"}', "m.json:2: the entry 'a' holds half a character, \\ud800"),
        ('{\n"\\udc00": "a"}', "m.json:2: the entry '\\udc00' holds half a character"),
        ('{\n"a": ' + "[" * 100_000, "m.json:2: the map nests too deep"),
        ('{\n"a": "' + "<b>" * 5000 + '"}', "m.json:2: the entry 'a' is nested over"),
        ('{\n"a": "_^_' + "9" * 5000 + '_^_"}', "m.json:2: the entry 'a' has a placeholder"),
    ],
)
def test_an_entry_that_no_page_could_show(tmp_path, text, message):
    (tmp_path / "m.json").write_text(text, encoding="utf-8")
    with pytest.raises(LiterateError) as error:
        load_catalog(tmp_path / "m.json", "m.json")
    assert str(error.value).startswith(message)
    assert str(error.value).encode()


def test_both_halves_of_a_character_are_one(tmp_path):
    (tmp_path / "m.json").write_text('{"a": "\\ud83d\\ude00"}', encoding="utf-8")
    assert load_catalog(tmp_path / "m.json", "m.json").text("a") == "\N{GRINNING FACE}"


def test_a_map_that_is_a_folder(tmp_path):
    (tmp_path / "m.json").mkdir()
    with pytest.raises(LiterateError, match=r"m.json: the map cannot be read: is a directory\. "):
        load_catalog(tmp_path / "m.json", "m.json")


def test_the_line_of_a_wrong_entry_is_not_that_of_a_comment(tmp_path):
    text = '\ufeff# direction, reviewed: see below\nname = "x"\n\n[glossary]\n"avoid" = ["y"]\n[avoid]\na = 1\n'
    (tmp_path / "language.toml").write_text(text, encoding="utf-8")
    with pytest.raises(LiterateError, match="zh/language.toml:6: the entry 'avoid' is"):
        load_language(tmp_path, "zh")


@pytest.mark.parametrize(("code", "direction"), [("ar", "rtl"), ("he", "rtl"), ("de", "ltr")])
def test_the_direction_of_a_language_is_known(tmp_path, code, direction):
    folder = tmp_path / code
    folder.mkdir()
    (folder / "language.toml").write_text('name = "x"')
    assert load_language(folder, code).direction == direction


@pytest.mark.parametrize("key", ["The <x> & <p> tags", "The &lt;x&gt; &amp; &lt;p&gt; tags"])
def test_a_plain_text_may_speak_of_tags(chinese, key):
    entry = Message(key, key.replace("tags", "标签").replace("The", ""), 1)
    assert Catalog("m.json", (entry,)).text("The <x> & <p> tags") == "<x> & <p> 标签"
    assert check_message(entry, chinese) == []


def test_a_plain_text_brings_in_no_tags():
    assert of({"A title": "<b onclick=x()>题</b>&lt;b&gt;"}).text("A title") == "题<b>"


PIECES = st.sampled_from(
    ["words", "`code`", "$x$", "*em*", "[a](b.md)", "[a](tel:+1)", "[a](ftp://x.example)", "<br>",
     '<img src="x.png" alt="a">', '<video controls src="a.mp4"></video>', "<q>a</q>",
     '<button type="button" disabled>b</button>', "<input type=checkbox checked>", "&lt;", "<u>a</u>",
     '<a href="https://x.example/?a=1&b=2">a</a>', '<a href="tel:1">a</a>', "H~2~O", "a < b"]
)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=6), st.sampled_from(["", "* ", "## ", "> ", "1. "]))
def test_what_stays_as_it_is_has_no_fault(pieces, start):
    for block in fragments(start + " ".join(pieces)):
        entry = Message(block.html, block.html, 1)
        assert check_message(entry, Language("de", "Deutsch")) == []
        (served,) = Catalog("m.json", (entry,)).note([block])
        assert parse(served)[0].key == block.key


@pytest.mark.parametrize(
    ("translation", "served"),
    [
        ('<p><video src="a.mp4" title="词"></video></p>', '<p><video src="a.mp4" title="词"></video></p>'),
        ('<p><video src="b.mp4" onplay="x()"></video></p>', "<p><video></video></p>"),
        ('<p><video src="a.mp4"></video><img src="x"></p>', '<p><video src="a.mp4"></video></p>'),
    ],
)  # fmt: skip
def test_a_tag_of_the_source_comes_with_nothing_but_its_own(translation, served):
    source = '<p><video src="a.mp4" title="word"></video></p>'
    assert Catalog("m.json", (Message(source, translation, 1),)).note(parse(source)) == (served,)


def test_a_script_is_never_taken_from_a_translation():
    assert sanitise("<p>a<script>x</script></p>", "<p>a<script>x</script></p>") == "<p>a</p>"
