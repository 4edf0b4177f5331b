"""Files nobody would write on purpose: they yield problems with positions, never an exception."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dialogs.language import compile as compile_content
from dialogs.language.diagnostics import Diagnostic, lines_of, printed
from dialogs.language.load import NoContent, load, read_folder
from dialogs.language.source import LARGEST, read
from dialogs.paths import paths, prompts_to_come

GOOD = (Path(__file__).parent / "good" / "everything.yaml").read_text("utf-8")
BASE, _ = read_folder(Path(__file__).parent / "base")
_PATHS = "guides/a.yaml guides/a.de.yaml fixes/a.yaml fixes/a.de.yaml codes.yaml texts/en.yaml texts/de.yaml"
_WORDS = """
guide title start nodes ask say go to when try fix check end limit covers solved a b yes codes any topics
fixes texts en de words source escalate collect pattern hint text AADSTS50076 {code} hints outcomes otherwise
several alone translates language
"""
PATHS = st.sampled_from(_PATHS.split())
WORDS = st.sampled_from(_WORDS.split())
TREES = st.recursive(
    WORDS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=6),
    max_leaves=25,
)


def written(tree: object, indent: str = "") -> str:
    """A tree as YAML in block style."""
    if isinstance(tree, dict):
        return (
            "".join(f"\n{indent}{key}: {written(value, indent + '  ')}" for key, value in tree.items())
            or "''"
        )
    if isinstance(tree, list):
        return "".join(f"\n{indent}- {written(value, indent + '  ')}" for value in tree) or "[]"
    return f"'{tree}'"


def check_positions(files: dict[str, str], found: tuple[Diagnostic, ...]) -> None:
    """Every problem stands at a place that exists, and can be printed."""
    for each in found:
        lines = lines_of(files[each.path])
        assert 1 <= each.line <= len(lines)
        assert 1 <= each.col <= len(lines[each.line - 1]) + 1
        assert each.length >= 1
        assert str(each) in printed(each, files[each.path])


@settings(max_examples=150)
@given(PATHS, st.text(max_size=300))
@example("texts/en.yaml", "?")
def test_any_text_is_told_what_is_wrong_with_it(path: str, text: str) -> None:
    """Whatever stands in a file, compiling it comes back."""
    _, found = compile_content({path: text})

    check_positions({path: text}, found)


@settings(max_examples=150)
@given(st.dictionaries(PATHS, TREES, min_size=1, max_size=3))
def test_any_tree_of_our_own_words_is_told_what_is_wrong_with_it(trees: dict[str, object]) -> None:
    """Known words in the wrong places are the mistakes that get far into the compiler."""
    files = {path: written(tree).lstrip("\n") + "\n" for path, tree in trees.items()}
    _, found = compile_content(files)

    check_positions(files, found)


@settings(max_examples=100)
@given(st.data())
def test_a_guide_with_lines_missing_moved_or_doubled_is_told_so(data: st.DataObject) -> None:
    """A slip of the hand never breaks the compiler; a guide left in the library can be walked to its end."""
    lines = GOOD.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(["missing", "moved", "doubled", "indented"])):
            case "missing":
                del lines[place]
            case "moved":
                lines[place], lines[other] = lines[other], lines[place]
            case "doubled":
                lines.insert(other, lines[place])
            case _:
                lines[place] = "  " + lines[place]
    files = {**BASE, "guides/everything.yaml": "\n".join(lines)}
    library, found = compile_content(files)

    check_positions(files, found)
    for guide in library.guides.values():
        assert paths(guide, library.codes, limit=50).conversations > 0
        assert prompts_to_come(guide, guide.start, {}) >= 0
        for node in guide.nodes.values():
            assert not node.say or library.has(node.say)


def test_a_file_too_large_is_not_read() -> None:
    """The cap comes before the parser."""
    _, found = read("big.yaml", "a" * (LARGEST + 1))

    assert [each.code for each in found] == ["G002"]


def test_an_invisible_character_is_named() -> None:
    """A zero-width mark from a pasted page shows its number and its place."""
    _, found = read("a.yaml", "say: Press\ufeff Continue\n")

    assert [(each.code, each.line, each.col) for each in found] == [("G004", 1, 11)]
    assert "U+FEFF" in found[0].message


@pytest.mark.parametrize("sign", ["[", "{", "- ", "? "])
def test_deep_nesting_ends_early(sign: str) -> None:
    """A hundred thousand brackets are one problem, at once."""
    _, found = read("deep.yaml", sign * 100_000)

    assert "G014" in {each.code for each in found}


def test_a_guide_with_too_many_nodes_is_refused() -> None:
    """The limits of what is looked at come first."""
    nodes = "".join(f"  n{n}:\n    say: A\n    end: solved\n" for n in range(301))
    _, found = compile_content({"guides/a.yaml": f"guide: a\ntitle: A\nstart: n0\nnodes:\n{nodes}"})

    assert [each.code for each in found] == ["G114"]


def test_conditions_that_combine_without_end_are_refused() -> None:
    """A guide nobody could survey is an error in time."""
    asks = "".join(
        f"  q{n}:\n    say: A\n    ask:\n      a: A\n      b: B\n    go: q{n + 1}\n" for n in range(40)
    )
    ways = "".join(f"      - to: end\n        when:\n          q{n}: [a]\n" for n in range(40))
    end = "      - to: end\n  end:\n    say: B\n    end: solved\n"
    last = f"  q40:\n    say: A\n    collect: text\n    go:\n{ways}{end}"
    library, found = compile_content(
        {"guides/a.yaml": f"guide: a\ntitle: A\nstart: q0\nnodes:\n{asks}{last}"}
    )

    assert [each.code for each in found] == ["G220"]
    assert "a" not in library.guides


def test_a_file_that_is_not_utf_8_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    """One bad file does not hide the others; the place of the first bad letter is told."""
    (tmp_path / "guides").mkdir()
    (tmp_path / "guides" / "everything.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "codes.yaml").write_bytes(b"topics:\n  - caf\xe9\n")
    library, found = load(tmp_path)

    assert [(each.path, each.line, each.col) for each in found if each.code == "G001"] == [
        ("codes.yaml", 2, 8)
    ]
    assert "everything" not in library.guides  # its fixes are not there
    assert "G203" in {each.code for each in found}


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    """A wrong setting is told with its path, not with a stack trace."""
    with pytest.raises(NoContent, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(NoContent, match="no YAML file"):
        load(tmp_path)


def test_the_version_names_exactly_this_content() -> None:
    """Any change of a letter or a name is another version; the order of files is not."""
    first, _ = compile_content({"a.yaml": "x", "b.yaml": "y"})
    again, _ = compile_content({"b.yaml": "y", "a.yaml": "x"})
    other, _ = compile_content({"a.yaml": "xb", "b.yaml": "y"})

    assert first.version == again.version != other.version
    assert len(first.version) == 12
