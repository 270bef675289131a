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
