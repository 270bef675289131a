"""The explorer: its arithmetic is PyTorch's, and everybody can use it."""

import random
import re
from urllib.parse import parse_qsl

import pytest
import torch
from accessible import faults_in_both_schemes
from playwright.sync_api import expect
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from convmixer.model import ConvMixer

CHANCE = random.Random(0)
PUBLISHED = {
    "ConvMixer-1536/20": {"image": 224, "p": 7, "h": 1536, "d": 20, "k": 9, "n": 1000},
    "ConvMixer-768/32": {"image": 224, "p": 7, "h": 768, "d": 32, "k": 7, "n": 1000},
    "ConvMixer-1024/20": {"image": 224, "p": 14, "h": 1024, "d": 20, "k": 9, "n": 1000},
    "ConvMixer-256/8": {"image": 32, "p": 2, "h": 256, "d": 8, "k": 5, "n": 10},
    "ConvMixer-256/8, p = 1": {"image": 32, "p": 1, "h": 256, "d": 8, "k": 9, "n": 10},
}


def any_model():
    p = CHANCE.randint(1, 16)
    return {
        "image": p * CHANCE.randint(1, 12),
        "p": p,
        "h": CHANCE.randint(1, 96),
        "d": CHANCE.randint(1, 6),
        "k": CHANCE.randint(1, 10),
        "n": CHANCE.randint(1, 50),
    }


MODELS = [*PUBLISHED.values(), *(any_model() for _ in range(20))]


def build(state):
    return ConvMixer(state["h"], state["d"], state["k"], state["p"], state["n"]).eval()


PART = {"conv": "embedding", "linear": "head", "depthwise": "depthwise", "pointwise": "pointwise"}


def counted(state):
    """What PyTorch counts: parameters and multiply-adds of each part. No number is computed."""
    with torch.device("meta"):
        model = build(state)
        image = torch.empty(1, 3, state["image"], state["image"])
    costs = {part: [0, 0] for part in (*PART.values(), "normalization")}
    numbers = {}

    def count_numbers(module, _, output):
        numbers[module] = output.numel()

    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(count_numbers)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    flops = counter.get_flop_counts()
    for name, module in model.named_modules():
        if not list(module.parameters(recurse=False)):
            continue
        part = PART.get(name.rpartition(".")[2], "normalization")
        costs[part][0] += sum(parameter.numel() for parameter in module.parameters())
        # PyTorch counts a multiplication and an addition as two.
        costs[part][1] += numbers.get(module) or sum(flops[f"ConvMixer.{name}"].values()) // 2
    costs["all"] = [sum(cost[i] for cost in costs.values()) for i in (0, 1)]
    return costs


def test_the_counts_are_those_of_pytorch(call):
    found = call("arithmetic.js", "count", [[m] for m in MODELS])
    assert found == [counted(state) for state in MODELS]


def test_a_token_sees_what_its_gradient_reaches(call):
    cases = []
    for k, layers in [(1, 3), (2, 1), (2, 3), (3, 2), (4, 2), (5, 1), (8, 1), (9, 2)]:
        for x, y in [(0, 0), (5, 4), (10, 2)]:
            cases.append({"image": 22, "p": 2, "k": k, "l": layers, "d": layers, "x": x, "y": y})
    answers = call("arithmetic.js", "seen", [[c] for c in cases])
    assert len(answers) == len(cases) == 24
    for case, found in zip(cases, answers, strict=True):
        model = build({**case, "h": 1, "n": 1})
        for parameter in model.parameters():
            nn.init.ones_(parameter)
        tokens = torch.rand(1, 1, 11, 11, requires_grad=True)
        model.layers(tokens)[0, 0, case["y"], case["x"]].backward()
        rows, columns = (tokens.grad[0, 0] != 0).nonzero().T.tolist()
        assert found["rows"] == [min(rows), max(rows)], case
        assert found["columns"] == [min(columns), max(columns)], case
        assert found["share"] == pytest.approx(len(rows) / 121)


def test_whatever_is_asked_for_becomes_a_model(call):
    names = ["image", "p", "h", "d", "k", "n", "l", "x", "y"]
    values = [-5, 0, 1, 2, 2.5, 7, 30, 224, 511, 10**9, None]
    asked = [{name: CHANCE.choice(values) for name in names} for _ in range(200)]
    tidied = call("arithmetic.js", "tidy", [[one] for one in asked])
    assert len(tidied) == 200
    for state in tidied:
        assert state["image"] % state["p"] == 0 and 8 <= state["image"] <= 512
        assert 0 <= state["l"] <= state["d"]
        assert 0 <= state["x"] < state["image"] / state["p"]


def test_an_address_gives_its_state_back(call):
    states = call("arithmetic.js", "tidy", [[m] for m in MODELS])
    states += call("arithmetic.js", "tidy", [[{**m, "l": 1, "x": 0, "y": 1}] for m in MODELS])
    queries = call("arithmetic.js", "toQuery", [[state] for state in states])
    assert call("arithmetic.js", "fromQuery", [[query] for query in queries]) == states
    assert queries[0] == ""  # what the page begins with needs no words


@pytest.mark.parametrize("query", ["?p=x&h=&d=1e999", "?p=<b>&k=--", "?%", "?p=7&p=&h[]=1"])
def test_a_strange_address_shows_a_model_all_the_same(open_page, query):
    page = open_page(f"explorer/{query}")
    assert "NaN" not in page.locator("#explorer").inner_text()
    assert page.problems == []


def told(page):
    """What the address says of the model."""
    return dict(parse_qsl(page.evaluate("location.search.slice(1)")))


def values(page, part):
    texts = (
        page.locator(f".f-{part}-{kind}").first.inner_text() for kind in ("parameters", "products")
    )
    return [int(text.replace(",", "")) for text in texts]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_button_shows_a_published_model(open_page, name):
    page = open_page("explorer/?h=64&d=3&l=0")
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    for part, cost in counted(PUBLISHED[name]).items():
        assert values(page, part) == cost
    assert page.problems == []


def test_the_state_is_in_the_address_and_the_way_back_leads_through_it(open_page, server):
    page = open_page("explorer/")
    page.get_by_role("button", name="ConvMixer-256/8", exact=True).click()
    page.get_by_label("depth").first.focus()
    page.keyboard.press("ArrowRight")
    assert told(page) == {"image": "32", "p": "2", "h": "256", "d": "9", "k": "5", "n": "10"}
    page.reload()
    assert page.locator("#set-d").input_value() == "9"
    page.go_back()
    expect(page.locator("#set-d")).to_have_value("8")
    page.go_back()
    expect(page.locator("#set-h")).to_have_value("1536")
    assert page.url == f"{server}explorer/"
    page.go_forward()
    expect(page.locator(".f-name").first).to_have_text("ConvMixer-256/8")


def test_the_other_language_shows_the_same_model(open_page):
    page = open_page("explorer/?h=64&d=3")
    page.locator("#set-k").focus()
    page.keyboard.press("ArrowLeft")
    link = page.locator('.md-select__link[hreflang="zh"]')
    page.goto(link.evaluate("link => link.href"))
    assert page.locator("html").get_attribute("lang") == "zh"
    assert told(page) == {"h": "64", "d": "3", "k": "8"}
    assert page.locator(".f-name").first.inner_text() == "ConvMixer-64/3"


def test_the_keyboard_moves_the_token_and_the_layer(open_page):
    page = open_page("explorer/")
    page.locator(".stage").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    assert told(page) == {"x": "14", "y": "15"}
    page.locator("#set-l").focus()
    page.keyboard.press("Home")
    assert page.locator(".f-window").first.inner_text() == "1"
    page.keyboard.press("End")
    assert page.locator(".f-window").first.inner_text() == "161"
    assert page.locator(".f-share").inner_text() == "100%"


def test_the_pointer_moves_the_token(open_page):
    page = open_page("explorer/")
    box = page.locator(".stage canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.99, box["y"] + 2)
    assert told(page) == {"x": "31", "y": "0"}


def test_the_window_grows(open_page):
    page = open_page("explorer/?d=4", reduced_motion="reduce")
    page.get_by_role("button", name="Let it grow").click()
    assert page.locator("#set-l").input_value() == "4"
    page = open_page("explorer/?d=4&l=0")
    page.get_by_role("button", name="Let it grow").click()
    expect(page.locator("#set-l")).to_have_value("4", timeout=10000)
    assert page.locator(".stage .seen").count() == 4


def test_a_number_may_be_typed(open_page):
    page = open_page("explorer/")
    field = page.get_by_role("spinbutton", name="width")
    field.fill("300")
    field.press("Enter")
    assert page.locator(".f-h").first.inner_text() == "300"
    field.fill("999999")
    field.press("Tab")
    assert field.input_value() == "2048"


def test_a_patch_size_that_does_not_divide_the_image_changes_the_image(open_page):
    page = open_page("explorer/?p=5")
    assert page.locator("#set-image").input_value() == "225"
    assert page.locator(".f-grid").first.inner_text() == "45"


def test_without_script_the_page_tells_of_the_published_models(open_page):
    page = open_page("explorer/", java_script_enabled=False)
    assert page.locator("figure svg, .field-figure").is_visible()
    assert not page.locator("#explorer form").is_visible()
    for part, cost in counted(PUBLISHED["ConvMixer-1536/20"]).items():
        assert values(page, part) == cost
    rows = page.locator(".published tbody tr").all()[1:]
    for row, (name, state) in zip(rows, PUBLISHED.items(), strict=True):
        cells = row.locator("td").all_inner_texts()
        parameters, products = counted(state)["all"]
        assert cells[:4] == [
            re.sub(",.*", "", name),
            f"{state['k']} / {state['p']}",
            f"{parameters:,}",
            f"{products / 1e9:.2f} G",
        ]


def test_the_page_says_the_same_with_script_as_without(open_page):
    texts = [
        open_page("explorer/", java_script_enabled=on).locator(".telling").inner_text()
        for on in (True, False)
    ]
    assert texts[0].split() == texts[1].split()


def test_it_asks_for_nothing_from_elsewhere(open_page, server):
    page = open_page("explorer/")
    page.get_by_role("button", name="ConvMixer-256/8", exact=True).click()
    assert all(url.startswith(server) for url in page.requests)
    assert page.problems == []


def test_a_strict_policy_for_content_stops_nothing_of_it(open_page, server):
    policy = "default-src 'self'; object-src 'none'; base-uri 'none'"

    def with_policy(route):
        answer = route.fetch()
        route.fulfill(
            response=answer, headers={**answer.headers, "content-security-policy": policy}
        )

    page = open_page("404.html")
    page.context.route("**/", with_policy)  # the pages themselves
    for address in ("explorer/", "demo/"):
        page.goto(server + address)
        if address == "demo/":
            page.locator(".digit [data-index='236']").click()
            expect(page.locator(".digit .verdict")).to_contain_text("I read: 7", timeout=10000)
        else:
            page.get_by_role("button", name="ConvMixer-256/8", exact=True).click()
            assert page.locator(".f-name").first.inner_text() == "ConvMixer-256/8"
    # What is stopped are scripts that Material writes into each page, and what needs them.
    stopped = ("Executing inline script", "__md_get")
    assert any(said.startswith(stopped[0]) for said in page.problems)  # so the policy is in force
    assert [said for said in page.problems if not said.startswith(stopped)] == []


@pytest.mark.parametrize("address", ["explorer/", "zh/explorer/?p=2&h=256"])
def test_axe_finds_nothing(open_page, address):
    assert faults_in_both_schemes(open_page(address)) == []


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_nothing_scrolls_sideways(open_page, prefix):
    page = open_page(f"{prefix}explorer/?h=2048&d=40&k=15&p=1&image=512")
    for width in (390, 768, 1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert_nothing_scrolls(page, width)


def assert_nothing_scrolls(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """width => [...document.querySelectorAll('.lab :is(p, table, svg, canvas, input, button)')]
            .filter(element => element.getBoundingClientRect().right > width)
            .map(element => element.outerHTML.slice(0, 200))""",
        width,
    )
    assert outside == []
