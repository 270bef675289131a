"""A cache can do nothing: what this user's builds have not written is no entry."""

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment

from literate.base import seal as sealing
from literate.base.cache import Cache
from literate.base.seal import seal, unseal


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def another_user(monkeypatch, tmp_path):
    """From here on, the key is another one's."""

    def become(name):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))
        sealing._key.cache_clear()

    yield become
    monkeypatch.undo()
    sealing._key.cache_clear()


@given(st.text(), st.binary(), st.integers(0, 10_000))
def test_what_was_sealed_comes_back_and_what_was_changed_does_not(name, content, place):
    sealed = seal(name, content)
    assert unseal(name, sealed) == content
    assert unseal(name + "x", sealed) is None
    at = place % len(sealed)
    assert unseal(name, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]) is None
    assert unseal(name, sealed[:at]) is None


def test_the_key_is_the_users_own_and_outside_of_projects(another_user, tmp_path):
    another_user("one")
    sealed = seal("a", b"b")
    key = tmp_path / "one/literate/key"
    assert key.stat().st_mode & 0o777 == 0o600 and len(key.read_bytes()) == 32
    assert [path.name for path in key.parent.iterdir()] == ["key"]
    another_user("two")
    assert unseal("a", sealed) is None
    another_user("one")
    assert unseal("a", sealed) == b"b"


def test_what_a_killed_first_build_left_beside_the_key_is_cleared_away(another_user, tmp_path):
    for name, held in (("one", []), ("two", [("key", b"k" * 32)])):
        folder = tmp_path / name / "literate"
        folder.mkdir(parents=True)
        for file, data in [*held, ("key.0123", b"half")]:
            (folder / file).write_bytes(data)
        another_user(name)
        seal("a", b"b")
        assert [path.name for path in folder.iterdir()] == ["key"]


def test_without_a_place_for_the_key_there_is_one_for_the_process(another_user, tmp_path):
    (tmp_path / "file").write_text("in the way")
    another_user("file")
    assert unseal("a", seal("a", b"b")) == b"b"


def test_without_a_home_there_is_one_for_the_process(another_user, monkeypatch):
    another_user("one")
    monkeypatch.setattr(
        Path, "expanduser", lambda path: (_ for _ in ()).throw(RuntimeError("none"))
    )
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    sealing._key.cache_clear()
    assert unseal("a", seal("a", b"b")) == b"b"


def test_an_entry_of_a_stranger_runs_nothing(another_user, tmp_path):
    ran, folder = tmp_path / "ran", tmp_path / "cache"
    another_user("stranger")
    Cache(folder).put("key", Bomb(ran))
    another_user("victim")
    cache = Cache(folder)
    assert cache.get("key") is None and not ran.exists()
    assert len(cache.complaints) == 1 and "is made again" in cache.complaints[0]
    (entry,) = folder.glob("??/*")
    for data in (pickle.dumps(Bomb(ran)), b"", b"x" * 64):
        entry.write_bytes(data)
        assert cache.get("key") is None and not ran.exists()
    cache.put("key", "made again")
    assert cache.get("key") == "made again"


def test_an_entry_does_not_serve_under_another_key(tmp_path):
    cache = Cache(tmp_path)
    cache.put("one", 1)
    cache.put("two", 2)
    entries = list(tmp_path.glob("??/*"))
    assert len(entries) == 2
    contents = [entry.read_bytes() for entry in entries]
    for entry, content in zip(entries, reversed(contents), strict=True):
        entry.write_bytes(content)
    assert cache.get("two") is None and cache.get("one") is None


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_no_entry(tmp_path, make):
    """A pipe would be waited for, and a device be read for ever."""
    cache = Cache(tmp_path)
    cache.put("key", 1)
    (entry,) = tmp_path.glob("??/*")
    entry.unlink()
    make(entry)
    assert cache.get("key") is None


def test_a_template_of_a_stranger_is_compiled_anew(another_user, tmp_path):
    source = {"a.html": "{{ 6 * 7 }}"}

    def rendered() -> str:
        cache = Cache(tmp_path / "cache")
        env = Environment(loader=DictLoader(source), bytecode_cache=cache.templates())
        return env.get_template("a.html").render()

    another_user("stranger")
    assert rendered() == "42"
    (entry,) = (tmp_path / "cache/templates").iterdir()
    theirs = entry.read_bytes()
    another_user("victim")
    assert rendered() == "42" and entry.read_bytes() != theirs
    ours = entry.read_bytes()
    assert rendered() == "42" and entry.read_bytes() == ours
    for damaged in (b"", theirs, ours[:-1], ours[:40] + b"\0" + ours[41:]):
        entry.write_bytes(damaged)
        assert rendered() == "42" and entry.read_bytes() == ours
