"""A name that many files define."""

import pytest

from literate.base.errors import LiterateError


def test_of_the_many_things_that_a_name_may_stand_for_few_are_listed(project):
    for number in range(40):
        project.write(f"src/paper/m{number}.py", f'"""\n# M{number}\n"""\nx = 1\n')
    project.write("docs/index.md", "# A\n\nNot `torchscript`: head[:-1](x)\n")
    with pytest.raises(LiterateError) as error:
        project.load()
    said = str(error.value)
    assert said.startswith("docs/index.md:3: the name 'x' stands for ") and len(said) < 300
    assert "and 37 more. Write the one that you mean" in said
    assert "backticks" in said and "`dead_links: report`" in said


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("kind['a']", "kind['a']"),
        ("x{1}|y^2", "x{1}|y^2"),
        ("né", "né"),
        ("a%23b.md", "a%23b.md"),
        ("a%25.md", "a%25.md"),
    ],
)
def test_a_link_that_leads_nowhere_is_shown_as_it_is_written(project, link, shown):
    project.write("docs/index.md", f"# A\n\nSee f[0]({link}).\n")
    with pytest.raises(LiterateError) as error:
        project.load()
    assert f"docs/index.md:3: the link {shown!r} leads nowhere" in str(error.value)
