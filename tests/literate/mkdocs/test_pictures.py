"""Pictures within drawings come in files of their own, one for all languages."""

from base64 import b64decode, b64encode

from selectolax.lexbor import LexborHTMLParser

from literate.mkdocs.pictures import set_apart

PICTURE = bytes(range(256)) * 3
INLINE = f"data:image/png;base64, {b64encode(PICTURE).decode()}"


def test_a_picture_that_pages_share_is_one_file_beside_them(tmp_path):
    drawing = f'<svg><image width="3" href="{INLINE}"/></svg>'
    small = f'<svg><image href="{INLINE[:200]}"/></svg>'
    script = INLINE.replace("image/png", "image/html")
    others = f'<img src="{INLINE}"><svg><image href="{script}"/><image href="{INLINE}A"/></svg>'
    pages = [tmp_path / name for name in ("results/index.html", "zh/results/index.html")]
    for page in pages:
        page.parent.mkdir(parents=True)
        page.write_text(drawing + small + others, encoding="utf-8")
    moved = list(set_apart(tmp_path))
    (file,) = tmp_path.rglob("*.png")
    assert file.read_bytes() == PICTURE == b64decode(INLINE.partition(",")[2])
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert html in moved
        large, *_ = LexborHTMLParser(html).css("image")
        assert (page.parent / large.attributes["href"]).resolve() == file.resolve()
        assert html.endswith(small + others)
