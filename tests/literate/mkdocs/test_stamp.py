"""What remembers the last build is believed only where a build of this user's has written it."""

import json

from literate.mkdocs.up_to_date import Stamp


def test_a_stamp_of_a_stranger_leads_nowhere(tmp_path):
    (tmp_path / "site").mkdir()
    # Walking through all of the disk would never end.
    (tmp_path / "inputs.json").write_text(json.dumps(["/", "/dev/zero"]))
    (tmp_path / "built.json").write_text(
        json.dumps({"site": str(tmp_path / "site"), "in": "", "out": "", "summary": "all is well"})
    )
    stamp = Stamp(tmp_path)
    assert stamp.built() is None
    stamp.write(tmp_path / "site", "a site", started=0.0)
    assert stamp.built() is None


def test_a_damaged_stamp_is_no_stamp(tmp_path):
    stamp = Stamp(tmp_path)
    source = tmp_path / "source.py"
    source.write_text("x = 1")
    (tmp_path / "site").mkdir()
    stamp.note_inputs([source])
    stamp.write(tmp_path / "site", "a site", started=source.stat().st_mtime + 2)
    assert stamp.built() == (tmp_path / "site", "a site")
    whole = (tmp_path / "built.json").read_bytes()
    for damaged in (b"", whole[:-1], whole[:50] + b"!" + whole[51:]):
        (tmp_path / "built.json").write_bytes(damaged)
        assert stamp.built() is None
