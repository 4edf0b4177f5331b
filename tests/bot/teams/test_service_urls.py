"""Where the bot's token may go: nowhere but the list, however the address is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.teams.service_urls import PUBLIC, ServiceUrls, is_loopback_host

PUBLIC_LIST = ServiceUrls()

GOOD = [
    "https://smba.trafficmanager.net/",
    "https://smba.trafficmanager.net",
    "https://smba.trafficmanager.net/teams/",
    "https://smba.trafficmanager.net/emea/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/",
    "https://smba.trafficmanager.net:443/de/",
    "HTTPS://SMBA.TrafficManager.net/amer/",
    "https://smba.infra.gcc.teams.microsoft.com/teams",
    "https://smba.infra.gov.teams.microsoft.us/teams",
    "https://smba.infra.dod.teams.microsoft.us/teams",
]

HOSTILE = [
    # other hosts that look like it
    "https://evil.trafficmanager.net/", "https://smba.trafficmanager.net.evil.example/",
    "https://smba.trafficmanager.netevil.example/", "https://evilsmba.trafficmanager.net/",
    "https://evil-smba.trafficmanager.net/", "https://smba-trafficmanager.net/",
    "https://smba.trafficmanager.com/", "https://trafficmanager.net/", "https://smba.trafficmanager.ne/",
    "https://smba.trafficmanager.net./", "https://.smba.trafficmanager.net/",
    "https://smba..trafficmanager.net/", "https://smba.trafficmanager.net../", "https://smba/",
    "https://a.smba.trafficmanager.net/", "https://smba.infra.teams.microsoft.com/",
    "https://smba.infra.gcc.teams.microsoft.com.evil.example/", "https://microsoft.com/",
    "https://evil.example/smba.trafficmanager.net/", "https://evil.example/https://smba.trafficmanager.net/",
    # user information
    "https://smba.trafficmanager.net@evil.example/", "https://evil.example@smba.trafficmanager.net/",
    "https://user:pw@smba.trafficmanager.net/", "https://:@smba.trafficmanager.net/",
    "https://@smba.trafficmanager.net/", "https://smba.trafficmanager.net:443@evil.example/",
    "https://smba.trafficmanager.net:x@evil.example/", "https://smba.trafficmanager.net%40evil.example/",
    # ports
    "https://smba.trafficmanager.net:8443/", "https://smba.trafficmanager.net:80/",
    "https://smba.trafficmanager.net:0/", "https://smba.trafficmanager.net:/",
    "https://smba.trafficmanager.net:0443/", "https://smba.trafficmanager.net:65979/",
    "https://smba.trafficmanager.net:443443/", "https://smba.trafficmanager.net:-443/",
    "https://smba.trafficmanager.net:４４３/", "https://smba.trafficmanager.net:443:443/",
    # schemes
    "http://smba.trafficmanager.net/", "ftp://smba.trafficmanager.net/", "file:///etc/passwd",
    "javascript:alert(1)", "data:text/plain,x", "ws://smba.trafficmanager.net/",
    "wss://smba.trafficmanager.net/", "httpss://smba.trafficmanager.net/", "https:smba.trafficmanager.net/",
    "https:/smba.trafficmanager.net/", "https:///smba.trafficmanager.net/", "//smba.trafficmanager.net/",
    "smba.trafficmanager.net", "://smba.trafficmanager.net/", "ｈttps://smba.trafficmanager.net/",
    "https+unix://smba.trafficmanager.net/",
    # separators that parsers read differently
    "https://evil.example\\@smba.trafficmanager.net/", "https://smba.trafficmanager.net\\@evil.example/",
    "https:\\\\smba.trafficmanager.net\\", "https://smba.trafficmanager.net\\.evil.example/",
    "https://smba.trafficmanager.net\\teams", "https://smba.trafficmanager.net;evil.example/",
    "https://smba.trafficmanager.net,evil.example/", "https://evil.example#@smba.trafficmanager.net/",
    "https://evil.example?@smba.trafficmanager.net/", "https://smba.trafficmanager.net#.evil.example/",
    "https://smba.trafficmanager.net?.evil.example/", "https://smba.trafficmanager.net/#x",
    "https://smba.trafficmanager.net/?x=1", "https://smba.trafficmanager.net/;@evil.example?",
    # percent-encoding
    "https://smba%2etrafficmanager.net/", "https://smba.trafficmanager.net%2eevil.example/",
    "https://smba.trafficmanager.net%00.evil.example/", "https://smba.trafficmanager.net%2f.evil.example/",
    "https://smba.trafficmanager.net/%2e%2e/", "https://smba.trafficmanager.net/%2E%2E/x",
    "https://smba.trafficmanager.net/%2f%2fevil.example", "https://smba.trafficmanager.net/a%5cb",
    "https://%73mba.trafficmanager.net/", "https://smba.trafficmanager.net/%c0%ae/",
    # dot segments and empty segments
    "https://smba.trafficmanager.net/..", "https://smba.trafficmanager.net/../x",
    "https://smba.trafficmanager.net/a/../../x", "https://smba.trafficmanager.net/.",
    "https://smba.trafficmanager.net/./x", "https://smba.trafficmanager.net//evil.example/",
    "https://smba.trafficmanager.net/a//b", "https://smba.trafficmanager.net//",
    # control characters and spaces
    " https://smba.trafficmanager.net/", "https://smba.trafficmanager.net/ ",
    "https://smba.trafficmanager.net /", "https:// smba.trafficmanager.net/",
    "https://smba.trafficmanager.net/\n", "https://smba.trafficmanager.net\n.evil.example/",
    "https://smba.trafficmanager.net\r\nHost: evil.example", "https://smba.traffic\tmanager.net/",
    "https://smba.trafficmanager.net\x00.evil.example/", "\x00https://smba.trafficmanager.net/",
    "https://smba.trafficmanager.net/\u2028", "https://smba.trafficmanager.net\u00a0/",
    "https://smba.trafficmanager.net/\ud800",
    # letters that look alike, and their encoded names
    "https://ѕmba.trafficmanager.net/", "https://smbа.trafficmanager.net/",
    "https://xn--mba-ced.trafficmanager.net/", "https://smba.trafficmanager.xn--nt-9ia/",
    "https://smba。trafficmanager。net/", "https://smba．trafficmanager．net/",
    "https://ſmba.trafficmanager.net/", "https://smba.traﬃcmanager.net/",
    "https://smba.trafficmanager.net\u200b/", "https://\u202esmba.trafficmanager.net/",
    "https://smba.trafficmanager.ℕet/", "https://smba.trafficmanager.net／",
    # addresses
    "https://127.0.0.1/", "http://127.0.0.1/", "http://localhost/", "https://[::1]/", "http://[::1]:3978/",
    "https://169.254.169.254/", "http://169.254.169.254/latest/meta-data/", "https://2130706433/",
    "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "http://0/", "http://0.0.0.0/",
    "https://[::ffff:127.0.0.1]/", "https://[::]/", "https://[fe80::1%25eth0]/",
    "https://[::1].smba.trafficmanager.net/", "https://[smba.trafficmanager.net]/",
    "https://smba.trafficmanager.net[::1]/", "https://[::1]@smba.trafficmanager.net/", "https://[/",
    "http://localhost.evil.example/", "http://127.0.0.1.evil.example/", "http://127.0.0.1@evil.example/",
    # nothing, and too much
    "", " ", "https://", "https:///", "https://:443/", "https://smba.trafficmanager.net/" + "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_microsofts_hosts_are_on_the_list(url: str) -> None:
    """What Teams really sends is allowed."""
    assert PUBLIC_LIST.allows(url)


@pytest.mark.parametrize("url", HOSTILE, ids=ascii)
def test_hostile_addresses_are_refused(url: str) -> None:
    """An address that is not exactly one of the list gets nothing."""
    assert not PUBLIC_LIST.allows(url)


def test_the_table_is_long_enough() -> None:
    """A table that shrinks by accident protects less."""
    assert len(set(HOSTILE)) >= 100


@pytest.mark.parametrize("url", [None, 1, True, [], {}, b"https://smba.trafficmanager.net/"], ids=repr)
def test_what_is_not_text_is_refused(url: object) -> None:
    """The address comes out of somebody's JSON, so it may be anything."""
    assert not PUBLIC_LIST.allows(url)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://bots.example/teams", True),
        ("https://bots.example/teams/", True),
        ("https://bots.example/teams/emea", True),
        ("https://bots.example/teamsevil", False),
        ("https://bots.example/Teams", False),
        ("https://bots.example/", False),
        ("http://127.0.0.1:9000/x", True),
        ("http://127.0.0.1:9001/x", False),
        ("https://127.0.0.1:9000/x", False),
        ("http://localhost:9000/x", False),
    ],
)
def test_prefixes_match_whole_segments_of_one_origin(url: str, allowed: bool) -> None:
    """A prefix means scheme, host, port and whole path segments; the path's case counts."""
    assert ServiceUrls("https://BOTS.example/teams/, http://127.0.0.1:9000").allows(url) is allowed


@pytest.mark.parametrize(
    "prefix",
    [
        "http://bots.example",
        "bots.example",
        "https://*.example",
        "https://a@b",
        "https://x/?y",
        "https://a..b",
        "x",
    ],
)
def test_a_bad_prefix_is_named(prefix: str) -> None:
    """An operator's mistake is refused at start, with the mistake in the message."""
    with pytest.raises(ValueError, match=r"is not a service URL prefix") as error:
        ServiceUrls(f"https://ok.example,{prefix}")
    assert prefix in str(error.value)


def test_an_empty_list_is_refused() -> None:
    """Nobody means a bot that can answer nowhere."""
    with pytest.raises(ValueError, match="empty"):
        ServiceUrls(" , ")


def test_local_mode_allows_this_machine_and_nothing_else() -> None:
    """The Agents Playground's address is allowed on any port, the world is not."""
    local = ServiceUrls.loopback_only()
    for url in (
        "http://localhost:56150/_connector",
        "http://127.0.0.1:9/x",
        "http://[::1]:5/",
        "https://localhost/",
    ):
        assert local.allows(url)
    for url in ("http://localhost.evil.example/", "http://10.0.0.1/", *GOOD):
        assert not local.allows(url)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("::ffff:127.0.0.1", True),
     ("LOCALHOST", True), ("localhost.", False), ("10.0.0.1", False), ("::ffff:10.0.0.1", False),
     ("0.0.0.0", False), ("", False), (None, False), ("127.1", False), ("0177.0.0.1", False)],
)  # fmt: skip
def test_loopback_means_this_machine(host: str | None, loopback: bool) -> None:
    """Only plain forms count; the short and octal ones mean different things to different parsers."""
    assert is_loopback_host(host) is loopback


@given(st.text(max_size=30), st.sampled_from(PUBLIC.split(",")), st.integers(0, 40))
def test_nothing_inserted_into_a_good_address_changes_its_host(noise: str, prefix: str, at: int) -> None:
    """If an address with something inserted is still allowed, it still begins with the very same origin."""
    url = prefix[:at] + noise + prefix[at:]
    if PUBLIC_LIST.allows(url):
        rest = url.lower().removeprefix(prefix)
        assert rest != url.lower() or url.lower() in PUBLIC
        assert rest == "" or rest.startswith(("/", ":443"))


@given(st.from_regex(r"https://[a-z0-9.@:\\%#?/\[\]-]{0,40}", fullmatch=True))
def test_only_the_listed_hosts_are_ever_allowed(url: str) -> None:
    """Whatever is made of dangerous characters, what is allowed has a listed host after the scheme."""
    if PUBLIC_LIST.allows(url):
        host = url.removeprefix("https://").split("/")[0].split(":")[0]
        assert f"https://{host}" in PUBLIC.split(",")
