"""BibTeX files: what is read of them, how papers are cited, and how a file fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CONFIG

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.mkdocs.config import read_project
from literate.notes.bibliography import Author, Paper, labels, load_bibliography, paper_html
from literate.site.load import load_site


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "refs.bib"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_bibliography(SourceFile(path, "refs.bib"))

    return load


def test_accents_braces_equations_and_commands_are_decoded(load):
    text = r"""
@string{tmlr = "Transactions on {ML} Research"}
@article{a,
  author = "M{\"u}ller, J{\'e}r{\^o}me and {Open AI Team} and Ludwig van Beethoven and \v{S}imek, Jan",
  title = {{Patches} of $O(n^2)$ \& a {\ss} --- \emph{all} <},
  journal = tmlr, year = 2022, doi = {https://doi.org/10.1/x_y},
}"""
    (paper,) = load(text.replace("\n", "\r\n")).values()
    assert paper.authors == (
        Author("Jérôme", "Müller"),
        Author("", "Open AI Team"),
        Author("Ludwig", "van Beethoven"),
        Author("Jan", "Šimek"),
    )
    assert paper.title.startswith("Patches of <math>") and paper.title.endswith(
        "&amp; a ß — all &lt;"
    )
    assert (paper.venue, paper.year) == ("Transactions on ML Research", "2022")
    assert paper.links == (("doi:10.1/x_y", "https://doi.org/10.1/x_y"),)


@pytest.mark.parametrize(
    ("fields", "links"),
    [
        (
            "eprint={2201.09792}, url={https://arxiv.org/abs/2201.09792}",
            ["https://arxiv.org/abs/2201.09792"],
        ),
        ("doi={10.1/a}, url={https://doi.org/10.1/a}", ["https://doi.org/10.1/a"]),
        (r"url={https://a.example/b\_c}", ["https://a.example/b_c"]),
        ("url={javascript:alert(1)}", []),
        ("eprint={123}, archiveprefix={jstor}", []),
    ],
)
def test_each_place_to_read_a_paper_is_linked_once(load, fields, links):
    (paper,) = load(f"@misc{{a, title={{T}}, {fields}}}").values()
    assert [address for _, address in paper.links] == links


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("Trockman, Asher", "Trockman"),
        ("Trockman, Asher and Kolter, J. Zico", "Trockman & Kolter"),
        ("A, B and C, D and E, F", "A et al."),
        ("A, B and others", "A et al."),
        ("", "T"),
    ],
)
def test_citations_name_authors_as_papers_do(load, authors, names):
    (paper,) = load(f"@misc{{a, title={{T}}, year={{2022}}, author={{{authors}}}}}").values()
    assert labels([paper]) == {"a": f"{names}, 2022"}


def test_an_entry_is_written_out(load):
    (paper,) = load(
        "@article{a, author={Trockman, Asher and Kolter, J. Zico}, title={Patches Are All You Need?},"
        "year=2022, eprint={2201.09792}}"
    ).values()
    assert paper_html(paper, "Trockman & Kolter, 2022b") == (
        "Asher Trockman, J. Zico Kolter (2022b). <cite>Patches Are All You Need?</cite> "
        '<a href="https://arxiv.org/abs/2201.09792">arXiv:2201.09792</a>.'
    )


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["", "2020", "2021"])), max_size=40)
)
def test_no_two_papers_are_cited_alike(papers):
    references = [
        Paper(f"k{i}", (Author("", name),), False, f"T{i}", "", year, ())
        for i, (name, year) in enumerate(papers)
    ]
    given_labels = labels(references)
    assert len(set(given_labels.values())) == len(references)
    for reference in references:
        assert given_labels[reference.key].startswith(
            f"{reference.names}, {reference.year or 'n.d.'}"
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "@misc{a, title={x}}\n@misc{a, title={y}}",
            "refs.bib:2: the key 'a' stands here and on line 1",
        ),
        ("\n@misc{a, title={x}, title={y}}", "refs.bib:2: the entry has more than one title"),
        ("@misc{a,\n title={x\n}\n@misc{b, title={y}}", "refs.bib:1: this entry is not BibTeX"),
        ('@misc{a, title="x', "refs.bib:1: this entry is not BibTeX"),
        ("\n\n@misc{a, year=2020}", "refs.bib:3: the entry 'a' has no title"),
        (r"@misc{a, title={$\frac{1}$}}", "refs.bib:1: the entry 'a' cannot be read"),
        (b"@misc{a,\n title={\xff}}", "refs.bib:2: the bibliography is not UTF-8"),
    ],
)
def test_a_file_that_is_wrong_names_its_line(load, text, message, caplog):
    with pytest.raises(LiterateError) as error:
        load(text)
    assert str(error.value).startswith(message)
    assert not caplog.records


def test_a_file_that_is_not_there(project):
    project.write("mkdocs.yml", CONFIG + "      bibliography: x.bib\n")
    message = r"mkdocs\.yml:12: the bibliography x\.bib does not exist"
    with pytest.raises(LiterateError, match=message):
        load_site(read_project(project.root / "mkdocs.yml"))
