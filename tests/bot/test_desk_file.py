"""The file of further ticket desks: what it may say, and how each mistake is told."""

from pathlib import Path

import pytest

from bot.config import Settings, examine, shown
from bot.errors import ConfigError

JIRA = """
[security]
cases = ["security", "AADSTS53003", "sign-in/de"]
system = "jira"
url = "https://acme.atlassian.net"
user = "handrail@acme.example"
token = "canary-token"
project = "3/25"
"""

MISTAKES = {
    "no TOML": ("[security\n", "HANDRAIL_TICKETS_FILE is", "at line 1"),
    "nothing": ("# later\n", "HANDRAIL_TICKETS_FILE is", "names no ticket desk"),
    "too deep": (f"a = {'[' * 20_000}", "HANDRAIL_TICKETS_FILE is", "not TOML|too deeply"),
    "a key before any table": (f'system = "jira"\n{JIRA}', "'system'", "in no table"),
    "a name that is none": (JIRA.replace("[security]", '["../x"]'), "['../x']", "no name for a desk"),
    "the environment's name": (JIRA.replace("[security]", "[default]"), "[default]", "another name"),
    "a key with a slip": (
        JIRA + 'projekt = "x"\n',
        "[security] 'projekt'",
        "there is no such key; did you mean project",
    ),
    "a key of something else": (JIRA + 'zzz = "x"\n', "[security] 'zzz'", "write cases, system, url"),
    "a table in a table": (f"{JIRA}[security.more]\n", "[security] 'more'", "no such key"),
    "no cases": (JIRA.replace("cases", "# "), "[security] cases:", "it is not set; write"),
    "cases that are no list": (
        JIRA.replace('["security", "AADSTS53003", "sign-in/de"]', '"de"'),
        "[security] cases:",
        "no list",
    ),
    "cases that are no words": (
        JIRA.replace('"AADSTS53003"', '"all of them"'),
        "[security] cases is 'all of them'",
        "no word for",
    ),
    "cases that are named twice": (
        JIRA.replace('"AADSTS53003"', '"security"'),
        "[security] cases is 'security'",
        "[security] has these",
    ),
    "no system": (
        JIRA.replace("system", "# "),
        "[security] system:",
        "it is not set; write builtin, webhook",
    ),
    "a system that is not there": (
        JIRA.replace('"jira"', '"jura"'),
        "[security] system is 'jura'",
        "write b",
    ),
    "what the system needs": (
        JIRA.replace("project", "# "),
        "[security] project:",
        "it is not set, but system is jira; give the ids",
    ),
    "what the system does not use": (
        JIRA + f'secret = "{"canary" * 5}"\n',
        "[security] secret",
        "jira does not use",
    ),
    "an address in plain http": (
        JIRA.replace("https", "http"),
        "[security] url is 'http://acme",
        "use https",
    ),
    "a number": (JIRA.replace('"3/25"', "3"), "[security] project:", "quotation marks"),
    "a secret with a line break": (
        JIRA.replace("canary-token", "canary\\n"),
        "[security] token is set (not shown)",
        "white space",
    ),
    "the secret in the wrong place": (
        JIRA.replace("https://acme.atlassian.net", "canary-token"),
        "[security] url is set (not shown)",
        "URL",
    ),
    "a token and its file": (JIRA + 'token_file = "t"\n', "[security] token_file is 't'", "remove one of"),
    "a token's file that is not there": (
        JIRA.replace('token = "canary-token"', 'token_file = "t"'),
        "[security] token_file is 't'",
        "No such",
    ),
    "things of builtin": (
        '[de]\ncases = ["de"]\nsystem = "builtin"\nurl = "https://x.example"\n',
        "[de] system is 'builtin'",
        "builtin sends nothing, but url is set",
    ),
}


def written(tmp_path: Path, text: str) -> dict[str, str]:
    """The environment that names a file with this text."""
    path = tmp_path / "desks.toml"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return {"HANDRAIL_TICKETS_FILE": str(path)}


def test_a_desk_is_read_with_all_that_its_system_needs(tmp_path: Path) -> None:
    """Named as in the environment; the secret stays one."""
    read = Settings.read(written(tmp_path, JIRA))
    [desk] = read.ticket_desks

    assert (desk.name, desk.tickets, desk.tickets_project) == ("security", "jira", "3/25")
    assert desk.cases == ("security", "AADSTS53003", "sign-in/de")
    assert desk.tickets_token.reveal() == "canary-token"
    assert "canary" not in repr(read)
    assert read.warnings == ()


def test_without_a_file_there_is_one_desk() -> None:
    """As it always was."""
    assert Settings.read({}).ticket_desks == ()


def test_a_desk_may_get_no_new_cases(tmp_path: Path) -> None:
    """It keeps the tickets that it has."""
    text = JIRA.replace('"security", "AADSTS53003", "sign-in/de"', "")
    [desk] = Settings.read(written(tmp_path, text)).ticket_desks

    assert desk.cases == ()


def test_a_token_may_stand_in_a_file_beside_it(tmp_path: Path) -> None:
    """As secrets are mounted, with the line break that editors leave."""
    (tmp_path / "jira").write_text("canary-token\n")
    (tmp_path / "jira").chmod(0o640)
    text = JIRA.replace('token = "canary-token"', 'token_file = "jira"')
    [desk] = Settings.read(written(tmp_path, text)).ticket_desks

    assert desk.tickets_token.reveal() == "canary-token"


def test_a_file_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    """Both the desks' and a token's."""
    (tmp_path / "jira").write_text("canary-token")
    environ = written(tmp_path, JIRA.replace('token = "canary-token"', 'token_file = "jira"'))
    for name in ("desks.toml", "jira"):
        (tmp_path / name).chmod(0o644)

    warned = Settings.read(environ).warnings
    assert [each.split(" can be read by everybody")[0] for each in warned] == [
        str(tmp_path / "desks.toml"),
        str(tmp_path / "jira"),
    ]


@pytest.mark.parametrize(("text", "where", "says"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_its_place_and_its_remedy(
    tmp_path: Path, text: str, where: str, says: str
) -> None:
    """In one line, and never with a secret."""
    with pytest.raises(ConfigError) as caught:
        Settings.read(written(tmp_path, text))

    first, *lines = str(caught.value).splitlines()
    assert first == "A setting is wrong; nothing was started."
    [line] = lines
    assert where in line
    assert any(each in line for each in says.split("|"))
    assert str(tmp_path)[:40] in line  # a path of any length is shown as far as it fits
    assert "canary" not in line


def test_all_mistakes_of_all_desks_are_told_at_once(tmp_path: Path) -> None:
    """Together with those of the environment; cases that two desks want are one of them."""
    other = '[germany]\ncases = ["de", "security"]\nsystem = "smtp"\nurl = "https://mail.example"\n'
    with pytest.raises(ConfigError) as caught:
        Settings.read({**written(tmp_path, JIRA + other), "HANDRAIL_PORT": "y"})

    told = str(caught.value).replace(str(tmp_path), "")
    assert told.startswith("5 settings are wrong")
    for place in (
        "HANDRAIL_PORT is 'y'",
        "/desks.toml [germany] cases is 'security': [security] has these cases already",
        "/desks.toml [germany] user", "/desks.toml [germany] project", "/desks.toml [germany] url is",
    ):  # fmt: skip
        assert place in told


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    """And so is one that this user cannot read, or that is no text."""
    with pytest.raises(ConfigError, match=r"HANDRAIL_TICKETS_FILE is .* there is no such file"):
        Settings.read({"HANDRAIL_TICKETS_FILE": str(tmp_path / "none.toml")})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"HANDRAIL_TICKETS_FILE is .* not text in UTF-8"):
        Settings.read({"HANDRAIL_TICKETS_FILE": str(tmp_path / "binary.toml")})


def test_the_doctor_shows_where_the_file_is_and_nothing_of_it(tmp_path: Path) -> None:
    """Its secrets have no place in a report."""
    environ = written(tmp_path, JIRA)
    values, problems, _ = examine(environ)
    rows = {setting.name: value for setting, value, _ in shown(values, problems)}

    assert rows["HANDRAIL_TICKETS_FILE"] == environ["HANDRAIL_TICKETS_FILE"]
    assert "canary" not in str(rows)
