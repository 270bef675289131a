"""What keeps a reader out of a page, as axe sees it."""

from axe_playwright_python.sync_playwright import Axe

DARK = (
    "(getComputedStyle(document.body).backgroundColor.match(/\\d+/g)"
    ".slice(0, 3).reduce((sum, part) => sum + +part, 0) < 3 * 128)"
)


def is_dark(page):
    settle(page)
    return page.evaluate(DARK)


def settle(page):
    """Wait until its fonts are there, and nothing moves or changes colour any more."""
    page.evaluate(
        """async () => {
            await document.fonts.ready;
            // One in a section that is not near the screen waits until it is.
            const ends = ({ effect }) => effect.getComputedTiming().endTime !== Infinity
                && effect.target.checkVisibility({ contentVisibilityAuto: true });
            const frame = () => new Promise(requestAnimationFrame);
            let before;
            do {
                before = scrollY;
                await frame(); await frame();
                await Promise.allSettled(document.getAnimations().filter(ends).map(a => a.finished));
            } while (scrollY !== before);
        }"""
    )


def faults(page, part=None):
    """What axe finds that keeps a reader out, of the whole page or of a part of it."""
    page.evaluate(
        """for (const part of document.querySelectorAll('.def, figure'))
            part.style.contentVisibility = 'visible'"""
    )
    settle(page)
    found = Axe().run(page, context=part).response["violations"]
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found]


def faults_in_both_schemes(page, part=None):
    """What it finds on a light system, and once the system is dark, on one load of the page."""
    found = []
    for scheme, dark in (("light", "false"), ("dark", "true")):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"{DARK} === {dark}")
        found += faults(page, part)
    return found
