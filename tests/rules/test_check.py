"""What is wrong with a catalog is told: everything, with file and line, before it is in force."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DefinitionError
from rules import catalog_digest, load_catalog, read_catalog

Find = Callable[[dict[str, str]], list[str]]
Edit = Callable[[str, str, str], dict[str, str]]


def test_all_problems_of_all_files_come_at_once(files: dict[str, str], problems: Find) -> None:
    """Nobody mends a catalog one error at a time."""
    edits = {
        "fit.yaml": ("points: 20", "pionts: 20"),
        "intent.yaml": ("fact: pricing_views_7d, op: at", "fact: pricing_view_7d, op: at"),
        "priority.yaml": ("fit: 0.25", "fit: 0.35"),
    }
    broken = files | {name: files[name].replace(*change) for name, change in edits.items()}
    del broken["routing.yaml"]
    found = problems(broken)
    assert {"routing.yaml: is missing from the catalog"} <= set(found)
    assert sum("unknown key `pionts`; did you mean `points`?" in one for one in found) == 2
    assert any("did you mean `pricing_views_7d`?" in one for one in found)
    assert any("have to add up to 1" in one for one in found)


def test_a_problem_names_the_line_it_is_on(
    files: dict[str, str], edit: Edit, problems: Find
) -> None:
    """The place can be clicked on."""
    line = files["fit.yaml"].split("op: is, value: work")[0].count("\n") + 1
    found = problems(edit("fit.yaml", "op: is, value: work", "op: iss, value: work"))
    assert found == [f"fit.yaml:{line}: unknown op `iss`; did you mean `is`?"]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("fit.yaml", "op: is, value: work", "op: '>=', value: work", "did you mean `at_least`"),
        ("fit.yaml", "op: is, value: work", "op: above, value: 1", "`email_kind`: it is a word"),
        ("fit.yaml", "op: is, value: work", "op: is, value: 1", "has to be a word"),
        ("fit.yaml", "op: is, value: work", "op: is", "`is` lacks its `value`"),
        ("fit.yaml", "op: is, value: work", "op: is_missing, value: work", "takes no value"),
        ("fit.yaml", "{fact: email_kind, op: is, value: work}", "{}", "exactly one of `all"),
        ("fit.yaml", "{fact: email_kind, op: is, value: work}", "{all: []}", "not an empty list"),
        ("fit.yaml", "id: work_email", "id: target_region", "is used already, at fit.yaml:"),
        ("fit.yaml", "id: work_email", "id: Work Email", "lower case letters"),
        ("fit.yaml", "miss: [{region: FR}, {}]", "miss: []", "`miss` has to be a list"),
        ("fit.yaml", "hit: [{region: UK}]", "hit: [{regoin: UK}]", "did you mean `region`"),
        ("fit.yaml", "hit: [{region: UK}]", "hit: [{region: 4}]", "has to be a word"),
        ("fit.yaml", "in {region},", "in {regin},", "unknown fact `regin`"),
        ("fit.yaml", "in {region},", "in {region|x|y},", "write {number|one|many}"),
        ("fit.yaml", "in {region},", "in {region,", "a brace without its other half"),
        ("fit.yaml", "group: person", "group: persons", "`groups` declares `company`, `person`"),
        ("fit.yaml", "person: 40", "person: 4.5", "has to be a whole number from 1 to 100"),
        ("fit.yaml", "points: 10", "points: -10", "has to be a whole number from 1 to 100"),
        ("fit.yaml", "A: 90", "A: 10", "A has to ask for more points than B"),
        ("fit.yaml", "fact: region,", "fact: band,", "only routing.yaml may read it"),
        ("fit.yaml", "finance|accounts", "(finance|accounts", "cannot use this pattern"),
        ("negative.yaml", "points: -15", "points: 15", "from -100 to -1"),
        ("intent.yaml", "value: [1, 2]", "value: [2, 1]", "takes [lowest, highest]"),
        ("priority.yaml", "chance: 0.05", "chance: 0.50", "worth may never fall"),
        ("priority.yaml", "suppressed_at_most: 10", "suppressed_at_most: 60", "is never hot"),
        ("priority.yaml", "leave: 45", "leave: 65", "may not lie above `enter`"),
        ("priority.yaml", "enter: 30", "enter: 50", "has to lie below `hot.leave`"),
        ("priority.yaml", "lead.hot: 24h", "lead.hto: 24h", "did you mean `lead.hot`?"),
        ("priority.yaml", "lead.hot: 24h", "lead.hot: 24", "has to be a duration"),
        ("routing.yaml", "\ndefault:", "\nfallback:", "routing.yaml lacks `default`"),
        ("routing.yaml", '"webhook:crm"', "crm", "`crm` is no destination"),
        ("routing.yaml", "fact: owner, else", "fact: onwer, else", "did you mean `owner`?"),
    ],
)
def test_a_mistake_is_refused_with_its_reason(
    edit: Edit, problems: Find, file: str, old: str, new: str, told: str
) -> None:
    """Each kind of mistake an author can make, in the words that they read."""
    found = problems(edit(file, old, new))
    assert any(one.startswith(f"{file}:") and told in one for one in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("mqa: [\n", "is not YAML"),
        ("mqa: \x00", "is not YAML"),
        ("mqa: &all [1]\nother: *all", "anchor `&all`"),
        ("mqa: !!python/object/apply:os.system [ls]", "tag `tag:yaml.org,2002:python"),
        ("mqa: 1\nmqa: 2", "stands here already, at line 1"),
        ("mqa: 1\n---\nmqa: 2", "a second document"),
        ("? [a]\n: 1", "a key has to be one word"),
        ("[" * 100 + "]" * 100, "nested deeper than 40"),
        ("#" + "x" * 1_000_001, "larger than 1 MB"),
        ("just a word", "has to be a mapping"),
    ],
)
def test_a_hostile_file_is_refused(
    files: dict[str, str], problems: Find, text: str, told: str
) -> None:
    """Bombs, tags and broken text end in a sentence, quickly, and run nothing."""
    assert any(told in one for one in problems({**files, "account.yaml": text}))


@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="surrogateescape")))
def test_no_text_gets_past_the_check_by_surprise(text: str) -> None:
    """Whatever is written into a file, the answer is one DefinitionError and nothing else."""
    with pytest.raises(DefinitionError) as wrong:
        load_catalog({"account.yaml": text})
    assert any(problem.path.startswith("account.yaml:") for problem in wrong.value.problems)


def test_a_file_with_another_name_is_not_silently_left_out(
    files: dict[str, str], problems: Find
) -> None:
    """`fit.yml` beside the real one would look published and never count."""
    assert problems({**files, "fit.yml": ""}) == [
        "fit.yml: is no file of a catalog; did you mean `fit.yaml`?"
    ]


def test_a_folder_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A wrong path and a file that is no text are the operator's to mend."""
    with pytest.raises(DefinitionError, match="is not a folder of rules"):
        read_catalog(tmp_path / "none")
    (tmp_path / "fit.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(DefinitionError) as wrong:
        read_catalog(tmp_path)
    assert wrong.value.problems[0].path == "fit.yaml"


def test_what_is_no_file_is_refused_and_not_waited_for(
    tmp_path: Path, files: dict[str, str]
) -> None:
    """A named pipe would hang `check` in CI; advice on encodings is for texts alone."""
    for name in ("account.yaml", "priority.yaml"):
        (tmp_path / name).write_text(files[name])
    os.mkfifo(tmp_path / "fit.yaml")
    (tmp_path / "intent.yaml").mkdir()
    (tmp_path / "negative.yaml").symlink_to("nowhere")
    (tmp_path / "routing.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "segments.yaml").symlink_to("/dev/zero")
    with pytest.raises(DefinitionError) as wrong:
        read_catalog(tmp_path)
    told = {problem.path: problem.message for problem in wrong.value.problems}
    assert told.pop("routing.yaml").endswith("; save it as UTF-8")
    assert told == {
        "fit.yaml": "cannot be read: it is no ordinary file",
        "intent.yaml": "cannot be read: it is a folder",
        "negative.yaml": "cannot be read: No such file or directory",
        "segments.yaml": "cannot be read: it is no ordinary file",
    }


def test_a_folder_in_a_draft_is_not_silently_left_out(
    tmp_path: Path, files: dict[str, str]
) -> None:
    """Like a file with another name: whoever put rules there thinks that they count."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for name in (".git", "emea", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "fit.yaml").write_text(files["fit.yaml"])
    with pytest.raises(DefinitionError) as wrong:
        read_catalog(tmp_path)
    assert [problem.path for problem in wrong.value.problems] == ["emea/", "old/"]
    assert "move it away" in wrong.value.problems[0].message


def test_the_digest_knows_content_and_not_order(files: dict[str, str], edit: Edit) -> None:
    """The same catalog is the same version, however its files were listed."""
    assert catalog_digest(dict(reversed(files.items()))) == catalog_digest(files)
    assert catalog_digest(edit("fit.yaml", "points: 20", "points: 21")) != catalog_digest(files)
