"""What is said of a stranger's file cannot command the terminal."""

from literate.base.errors import LiterateError, ManyErrors, printable


def test_what_a_terminal_obeys_is_written_out():
    error = LiterateError("it is \x1b[2J\r\u202e", file="docs/\x9b.md", line=1, fix="Mend \x07")
    assert str(error) == "docs/\\x9b.md:1: it is \\x1b[2J\\r\\u202e. Mend \\x07."
    assert str(ManyErrors([error, error])) == f"{error}\n{error}"


def test_words_stay_as_they_are():
    words = "输入\u3000加倍 é a\u00a0b\n\tc"
    assert printable(words) == words
