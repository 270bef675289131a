"""Where the names in code and notes lead."""

import posixpath


def check_links(site):
    """Follow the links of all names; returns how many lead to pages, and how many away."""
    names = {
        name: site.names_of(page, lambda name: f"{name}/") for name, page in site.pages.items()
    }
    addresses = {entry.url for entry in site.documented.values()}
    ids = {name: ids_of(site.pages[name], names[name]) for name in site.pages}
    inside = outside = 0
    for name, found in names.items():
        for link in [*filter(None, found.links), *found.inline.values()]:
            path, _, anchor = link.href.partition("#")
            if link.documentation:
                assert link.href in addresses
                outside += 1
            elif link.href:
                there = posixpath.normpath(posixpath.join(name, path))
                assert there in site.pages, link
                assert not anchor or anchor in ids[there], (name, link)
                inside += 1
        spelled = {}
        for token in (token for line in found.code for token in line):
            if not isinstance(token, str) and token.binding is not None:
                spelled.setdefault(token.binding, []).append(token.text)
        assert all(len(set(texts)) == 1 < len(texts) for texts in spelled.values()), name
    return inside, outside


def ids_of(page, names):
    """The ids of a page's lines, identifiers and definitions; none stands twice."""
    tokens = [token for line in names.code for token in line if not isinstance(token, str)]
    documented = {section.definition for section in page.document.sections} - {None}
    ids = [*(token.id for token in tokens if token.id), *documented]
    assert len(ids) == len(set(ids)), page.name
    return {*ids, *(f"L{line.number}" for line in page.document.lines)}
