"""Maps: what they match, what they fill in, and how they fail."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.notes.render import render_note
from literate.source.document import Prose
from literate.translation.catalog import Catalog, Entry
from literate.translation.catalog_file import load_catalog, read_entries
from literate.translation.checks import breaking_faults, check_entry
from literate.translation.language import Language, load_language
from literate.translation.lookup import Lookup
from literate.translation.sanitise import sanitise
from literate.translation.segment import identity_of, parse, segments_of


def of(mapping):
    return Lookup(Catalog("map.json", tuple(Entry(k, v, 1) for k, v in mapping.items())))


def fragments(text):
    prose = Prose(text, tuple(range(1, text.count("\n") + 2)))
    return segments_of(render_note(prose).blocks)


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
    maps = of({links("xxx", "abc"): links("xxx", "甲乙丙")})
    block = fragments("[a](1) [b](2) [c](3)")[0]
    assert maps.block(block) == links("123", "甲乙丙")


def links(targets, words):
    inner = (f'<a href="{target}">{word}</a>' for target, word in zip(targets, words, strict=True))
    return f"<p>{' '.join(inner)}</p>"


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
    loaded = Lookup(load_catalog(SourceFile(tmp_path / "m.json", "m.json")))
    assert loaded.text("a") is None
    assert loaded.text("b") == "乙"


@given(
    st.dictionaries(st.text(max_size=20), st.text(min_size=1, max_size=20), max_size=6),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_any_spelling_of_json_is_read(entries, indent, ascii_only):
    text = json.dumps(entries, indent=indent, ensure_ascii=ascii_only)
    assert {e.source: e.translation for e in read_entries(text, "m.json")} == entries


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{\n"a": "1",\n"a": "2"\n}', 3, "stands here and on line 2"),
        ('{\n"a": 1\n}', 2, "is a int"),
        ('\n{\n"a": 1\n}', 3, "is a int"),
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
        list(read_entries(text, "zh/m.json"))
    assert str(error.value).startswith(f"zh/m.json:{line}: ")
    assert words in str(error.value)


def test_a_map_that_is_not_utf8_names_the_line(tmp_path):
    (tmp_path / "m.json").write_bytes(b'{\n"a": "\xff"}')
    with pytest.raises(LiterateError, match="m.json:2: the map is not UTF-8"):
        load_catalog(SourceFile(tmp_path / "m.json", "m.json"))


@pytest.fixture
def chinese(tmp_path):
    folder = tmp_path / "zh"
    folder.mkdir()
    (folder / "language.toml").write_text(
        'name = "中文"\nnames = ["token"]\n[glossary]\n"residual connection" = ["残差连接"]\n'
        '[avoid]\n"信道" = "通道"\n',
        encoding="utf-8",
    )
    return load_language(SourceFile(folder / "language.toml", "zh/language.toml"))


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
    faults = check_entry(Entry(source, translation, 7), chinese)
    assert any(words in f"{fault.problem}. {fault.fix}" for fault in faults), faults


@pytest.mark.parametrize(
    ("source", "translation", "messages"),
    [
        # One slip is one fault.
        (f"<p>{HELD.format(0)} a</p>", "<p>甲</p>", ["the placeholder _^_0_^_ is lost"]),
        (f"<p>{HELD.format(0)}</p>", "<p>_^_0_^_</p>", ["a placeholder has lost its span"]),
        ("<p>a</p><p>b</p>", "<p>甲乙</p>", ["the source has p p, the translation has p"]),
        ("<p>a</p>", "<h2>甲</h2>", ["the source has p, the translation has h2"]),
        ("<p>a</p>", "<p>甲</p> 乙", ["the text '乙' stands outside any tag"]),
        ("<p>a</p>", "<script>x</script>", ["the tag <script> may not stand in a translation", "the source has p, the translation has nothing"]),
        ('<p><a href="b">a</a></p>', '<p><a href="b">甲</a><a href="b">乙</a></p>', ["the link to 'b' is not in the source"]),
        ("<p>Both RESIDUAL Connections</p>", "<p>两个连接</p>", ["the term 'RESIDUAL Connections' is not translated as the glossary says"]),
        # Several are told in the order of their numbers, of their tags and of the words.
        (
            "".join(f"<p>{HELD.format(number)}</p>" for number in (10, 9)),
            "<p>甲</p><p>乙</p>",
            ["the placeholder _^_9_^_ is lost", "the placeholder _^_10_^_ is lost"],
        ),
        (
            "<p>a</p>",
            "<p>甲<object></object><embed><canvas></canvas></p>",
            [f"the tag <{tag}> may not stand in a translation" for tag in ("canvas", "embed", "object")],
        ),
        ("<p>a</p>", "<p>甲 one two one</p>", ["the word 'one' is not in the source", "the word 'two' is not in the source"]),
        ('<p><a href="b">a</a> <a href="c">d</a></p>', '<p><a href="b">甲</a> <a href="e">丁</a></p>', ["the link to 'e' is not in the source", "the link to 'c' is lost"]),
    ],
)  # fmt: skip
def test_each_fault_is_told_once(chinese, source, translation, messages):
    assert [
        fault.problem for fault in check_entry(Entry(source, translation, 1), chinese)
    ] == messages


def test_what_breaks_a_page_is_no_matter_of_words():
    entry = Entry(f"<p>{HELD.format(0)} a</p>", "<p>PayTorch</p>。", 1)
    assert [fault.problem for fault in breaking_faults(entry)] == [
        "the placeholder _^_0_^_ is lost"
    ]
    assert not list(breaking_faults(Entry("<p>a</p>", "<p>甲</p>。", 1)))


@pytest.mark.parametrize("text", ["<p>Ein völlig anderes Wort</p>", "<p>Ça marche</p>", "<p>1</p>"])
def test_in_the_script_of_the_source_a_new_word_is_no_fault(text):
    assert check_entry(Entry("<p>Another word</p>", text, 1), Language("de", "Deutsch")) == []


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("<p>A PyTorch model</p>", "<p>一个 PyTorch 模型</p>"),
        ('<p><a href="b">a</a></p>', "<p><a href='b'>甲</a></p>"),
        ("<p>the RESIDUAL Connection</p>", "<p>残差连接</p>"),
        ("<p>a semiresidual connection</p>", "<p>某连接</p>"),
        ("<p>the PyTorch model</p>", "<p>pytorch 模型</p>"),
        ("<p>Tokens</p>", "<p>token</p>"),
        (
            f"<p>{HELD.format(0)} of {HELD.format(1)}</p>",
            f"<p>{HELD.format(1)}的{HELD.format(0)}</p>",
        ),
        ("<p>Both residual connections</p>", "<p>两个残差连接</p>"),
        ("<p>residual connectionism</p>", "<p>某主义</p>"),
        ("<p>A word</p>", "<p>一个 token</p>"),
        ("<p>A width</p>", "<p>宽度 h</p>"),
        # A tag that the source has may stay, where another differs.
        ("<p>a<canvas></canvas></p>", "<p><em>甲</em><canvas></canvas></p>"),
        ("Plain title", "标题"),
    ],
)
def test_a_good_translation_has_no_fault(chinese, source, translation):
    assert check_entry(Entry(source, translation, 1), chinese) == []


@pytest.mark.parametrize(
    ("text", "faults"), [("<p>标记</p>", 0), ("<p>TOKEN 甲</p>", 0), ("<p>甲</p>", 1)]
)
def test_one_of_the_words_of_the_glossary_is_enough(text, faults):
    language = Language("zh", "中文", glossary={"token": ("Token", "标记")})
    assert len(check_entry(Entry("<p>a token</p>", text, 1), language)) == faults


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
        load_language(SourceFile(tmp_path / "language.toml", "zh/language.toml"))
    assert str(error.value).startswith(f"zh/{words}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n"a": "b\\ud800"}', "m.json:2: the entry 'a' holds half a character, \\ud800"),
        ('{\n"\\udc00": "a"}', "m.json:2: the entry '\\udc00' holds half a character"),
        ('{\n"a": ' + "[" * 100_000, "m.json:2: the map nests too deep"),
        ('{\n"a": "' + "<b>" * 5000 + '"}', "m.json:2: the entry 'a' is nested over"),
        ('{\n"a": "_^_' + "9" * 5000 + '_^_"}', "m.json:2: the entry 'a' has a placeholder"),
    ],
)
def test_an_entry_that_no_page_could_show(tmp_path, text, message):
    (tmp_path / "m.json").write_text(text, encoding="utf-8")
    with pytest.raises(LiterateError) as error:
        load_catalog(SourceFile(tmp_path / "m.json", "m.json"))
    assert str(error.value).startswith(message)
    assert str(error.value).encode()


def test_both_halves_of_a_character_are_one(tmp_path):
    (tmp_path / "m.json").write_text('{"a": "\\ud83d\\ude00"}', encoding="utf-8")
    loaded = Lookup(load_catalog(SourceFile(tmp_path / "m.json", "m.json")))
    assert loaded.text("a") == "\N{GRINNING FACE}"


def test_a_map_that_is_a_folder(tmp_path):
    (tmp_path / "m.json").mkdir()
    with pytest.raises(LiterateError, match=r"m.json: the map cannot be read: is a directory\. "):
        load_catalog(SourceFile(tmp_path / "m.json", "m.json"))


def test_the_line_of_a_wrong_entry_is_not_that_of_a_comment(tmp_path):
    text = '\ufeff# direction, reviewed: see below\nname = "x"\n\n[glossary]\n"avoid" = ["y"]\n[avoid]\na = 1\n'
    (tmp_path / "language.toml").write_text(text, encoding="utf-8")
    with pytest.raises(LiterateError, match="zh/language.toml:6: the entry 'avoid' is"):
        load_language(SourceFile(tmp_path / "language.toml", "zh/language.toml"))


@pytest.mark.parametrize(("code", "direction"), [("ar", "rtl"), ("he", "rtl"), ("de", "ltr")])
def test_the_direction_of_a_language_is_known(tmp_path, code, direction):
    folder = tmp_path / code
    folder.mkdir()
    (folder / "language.toml").write_text('name = "x"')
    assert load_language(SourceFile(folder / "language.toml", code)).direction == direction


@pytest.mark.parametrize("key", ["The <x> & <p> tags", "The &lt;x&gt; &amp; &lt;p&gt; tags"])
def test_a_plain_text_may_speak_of_tags(chinese, key):
    entry = Entry(key, key.replace("tags", "标签").replace("The", ""), 1)
    assert Lookup(Catalog("m.json", (entry,))).text("The <x> & <p> tags") == "<x> & <p> 标签"
    assert check_entry(entry, chinese) == []


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
    blocks = fragments(start + " ".join(pieces))
    assert blocks
    for block in blocks:
        entry = Entry(block.html, block.html, 1)
        assert check_entry(entry, Language("de", "Deutsch")) == []
        (served,) = Lookup(Catalog("m.json", (entry,))).note((block,))
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
    assert Lookup(Catalog("m.json", (Entry(source, translation, 1),))).note(parse(source)) == (
        served,
    )


def test_a_script_is_never_taken_from_a_translation():
    assert sanitise("<p>a<script>x</script></p>", "<p>a<script>x</script></p>") == "<p>a</p>"


# --- the edges ---


def test_the_first_of_two_spellings_serves():
    maps = of({"<p>One</p>": "<p>一</p>", "<p> One </p>": "<p>壹</p>"})
    assert maps.note(fragments("One")) == ("<p>一</p>",)
    assert maps.block(fragments("One")[0]) == "<p>一</p>"
    assert [entry.translation for entry, _ in maps.obsolete()] == ["<p>壹</p>"]


def test_what_holds_no_words_is_never_stale():
    key = f"<p>{HELD.format(0)}</p>"
    assert list(of({key: key}).obsolete()) == []
    assert of({"": "无"}).text("") is None


def test_a_plain_text_may_speak_of_the_spelling_of_html():
    assert of({"a &amp;lt; b": "甲 &amp;lt; 乙"}).text("a &lt; b") == "甲 &lt; 乙"


def test_a_link_without_a_target_stays_as_it_is():
    maps = of({'<p><a href="x">a</a> b</p>': '<p><a href="x">甲</a> <a>乙</a></p>'})
    assert maps.note(fragments("[a](1.md) b")) == ('<p><a href="1.md">甲</a> <a>乙</a></p>',)


def test_a_placeholder_that_the_key_does_not_have_is_left_out():
    maps = of({f"<p>a {HELD.format(0)}</p>": f"<p>甲 {HELD.format(0)}{HELD.format(5)}</p>"})
    (served,) = maps.note(fragments("a `x`"))
    assert "_^_0_^_" in served and "_^_5_^_" not in served


def test_a_link_that_a_translation_says_twice_leads_to_the_same_place():
    maps = of({'<p><a href="x">a</a></p>': '<p><a href="x">甲</a>、<a href="x">乙</a></p>'})
    assert (
        maps.block(fragments("[a](1.md)")[0])
        == '<p><a href="1.md">甲</a>、<a href="1.md">乙</a></p>'
    )


def test_what_served_is_known_in_the_order_of_the_page():
    maps = of(
        {"<p>One</p>": "<p>一</p>", "<p>Two</p><p>Three</p>": "<p>二</p><p>三</p>", "T": "题"}
    )
    maps.text("T")
    maps.block(fragments("Three")[0])
    maps.note(fragments("One"))
    served = ("T", "<p>Two</p><p>Three</p>", "<p>One</p>")
    assert list(maps.requested) == [identity_of(source) for source in served]
    assert [block.text for _, block in maps.obsolete()] == ["Two"]


def test_blanks_are_no_translation_and_wait_for_one(tmp_path):
    (tmp_path / "m.json").write_text('{"a": " \\n", "b": "乙", "c": ""}', encoding="utf-8")
    loaded = load_catalog(SourceFile(tmp_path / "m.json", "m.json"))
    assert loaded.untranslated == ("a", "c")
    assert [entry.source for entry in loaded.entries] == ["b"]
    assert load_catalog(SourceFile(tmp_path / "none.json", "none.json")).entries == ()


def test_blanks_may_stand_wherever_json_has_them():
    text = '\r\n{\t"a"\r\n:\t"b" ,\n\n"c":"d"\t}\r\n '
    assert [(e.source, e.translation, e.line) for e in read_entries(text, "m.json")] == [
        ("a", "b", 2),
        ("c", "d", 5),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a" "b"}', "m.json:1: the map is not JSON: found '\"', expected ':'. A map is"),
        ('{\n"a": "b"\n', "m.json:2: the map is not JSON: found the end of the file, expected ','."),
        ('{"a": "b" "c"}', "m.json:1: the map is not JSON: found '\"', expected ','."),
        ('{"a": "b\nc"}', "m.json:1: the map is not JSON: invalid control character at."),
        ('{"' + "a " * 40 + '": 1}', f"m.json:1: the translation of '{('a ' * 40)[:59]}…' is a int."),
        ("{}\n\n x", "m.json:3: the map goes on after its closing brace. Remove the rest."),
    ],
)  # fmt: skip
def test_an_error_says_what_was_found(text, message):
    with pytest.raises(LiterateError) as error:
        list(read_entries(text, "m.json"))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(("depth", "is_read"), [(98, True), (102, False)])
def test_how_deep_an_entry_may_nest(tmp_path, depth, is_read):
    (tmp_path / "m.json").write_text(json.dumps({"a": "<i>" * depth + "</i>" * depth}))
    try:
        entries = load_catalog(SourceFile(tmp_path / "m.json", "m.json")).entries
    except LiterateError as error:
        assert not is_read and "is nested over 100 tags deep" in str(error)
    else:
        assert is_read and len(entries) == 1
