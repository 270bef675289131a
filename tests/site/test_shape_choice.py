"""Shapes at the ends of lines, switched from configuration to configuration without a script."""

import pytest
from accessible import faults_in_both_schemes
from playwright.sync_api import expect

LAYER = ("[B, 256, 16, 16]", "[B, 1536, 32, 32]", "[B, 64, 8, 8]", "[B, h, H/p, W/p]")


def shapes(page):
    return page.locator(".code .shape").evaluate_all(
        "all => all.map(it => getComputedStyle(it, '::after').content.slice(1, -1))"
    )


@pytest.mark.parametrize(
    ("prefix", "labels"),
    [
        ("", ["ConvMixer-256/8, CIFAR-10", "ConvMixer-1536/20, ImageNet", "ConvMixer-64/4, digits", "in symbols"]),
        ("zh/", ["ConvMixer-256/8，CIFAR-10", "ConvMixer-1536/20，ImageNet", "ConvMixer-64/4，手写数字", "用符号表示"]),
    ],
)  # fmt: skip
def test_the_keyboard_switches_all_shapes_of_a_page(open_page, prefix, labels):
    page = open_page(f"{prefix}model/", java_script_enabled=False)
    radios = page.locator(".shape-choice input")
    assert [
        text.strip() for text in page.locator(".shape-choice label").all_text_contents()
    ] == labels
    expect(radios.first).to_be_checked()
    radios.first.focus()
    seen = [shapes(page)]
    for _ in range(3):
        page.keyboard.press("ArrowDown")
        seen.append(shapes(page))
    expect(radios.last).to_be_checked()
    assert [each[0] for each in seen] == list(LAYER)
    assert [each[-1] for each in seen] == ["[B, 10]", "[B, 1000]", "[B, 10]", "[B, n]"]


def test_a_shape_is_in_symbols_under_the_pointer_and_where_its_line_has_the_focus(open_page):
    page = open_page("model/")
    assert shapes(page)[0] == LAYER[0]
    page.locator(".code .shape").first.hover()
    assert shapes(page)[:2] == [LAYER[3], LAYER[0]]
    page = open_page("augment/")
    line = page.locator("[data-n]:has(.shape)", has_text="rows = interpolation(").first
    line.locator("a[href='#interpolation']").focus()
    focused = line.locator(".shape").evaluate("it => getComputedStyle(it, '::after').content")
    assert focused == '"[B, S, S]"'


def test_shapes_are_no_part_of_the_code(open_page, site):
    page = open_page("model/")
    shown = page.locator(".code pre").evaluate_all("all => all.map(it => it.textContent).join('')")
    assert "[B, 256" not in shown
    assert page.locator(".code .shape").count() >= 8
    html = (site / "data/index.html").read_text(encoding="utf-8")
    assert "shape-choice" not in html and "shapes.css" not in html


def test_axe_finds_nothing_in_the_choice(open_page):
    page = open_page("model/", width=390)
    assert page.locator(".shape-choice").is_visible()
    assert faults_in_both_schemes(page, ".shape-choice") == []
