"""A real Request Tracker 5 in a Debian 12 of its own, below `var/helpdesks/rt`.

    python -m tests.support.helpdesks.real.request_tracker     # makes it; needs root, debootstrap, a minute

Each server that is started works on its own copy of the database and of the configuration, so tests may run
side by side.
Must not know: what the tests do with it.
"""

import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.support.helpdesks.real.running import Running

ROOT: Final = Path(__file__).parents[4] / "var" / "helpdesks" / "rt"
_DONE: Final = ROOT / "handrail-ready"
_PRISTINE: Final = ROOT / "var" / "lib" / "dbconfig-common" / "sqlite3" / "request-tracker5" / "rtdb"
_SITE: Final = ROOT / "etc" / "request-tracker5" / "RT_SiteConfig.d"
_PACKAGES: Final = ("request-tracker5", "rt5-db-sqlite", "rt5-standalone")
_LIBEXEC: Final = "/usr/share/request-tracker5/libexec"
_DATA: Final = 33  # the user www-data

_CONFIG: Final = """\
Set($WebDomain, '127.0.0.1'); Set($WebPort, $ENV{HANDRAIL_RT_PORT} || 80);
Set($DatabaseName, $ENV{HANDRAIL_RT_DB}) if $ENV{HANDRAIL_RT_DB};
Set($MailCommand, 'testfile'); Set($LogToSyslog, undef); Set($LogToSTDERR, 'error');
1;
"""
_QUICK: Final = "Set($BcryptCost, 4);\n1;\n"
_PEOPLE: Final = """\
@Users = map {
    { Name => $_, EmailAddress => "$_\\@localhost", Password => "${_}s-canary-4711", Privileged => 1 }
} qw(handrail ada);
@ACL = map { { UserId => $_, Right => 'SuperUser' } } qw(handrail ada);
1;
"""
_NAMES: Final = ("handrail", "ada")


def prepare() -> None:
    """Make it.

    Raises:
        subprocess.SubprocessError, OSError: It could not be made.
    """
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(ROOT)], check=True)
    policy = ROOT / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n", "utf-8")  # nothing is started while it is installed
    policy.chmod(0o755)
    _inside("apt-get", "install", "-y", "-qq", "--no-install-recommends", *_PACKAGES)
    (_SITE / "99-handrail.pm").write_text(_CONFIG, "utf-8")
    (ROOT / "tmp/people.pl").write_text(_PEOPLE, "utf-8")
    setup = "/usr/sbin/rt-setup-database-5"
    setup = setup if (ROOT / setup[1:]).exists() else "/usr/sbin/rt-setup-database"
    _inside(setup, "--action", "insert", "--datafile", "/tmp/people.pl", "--skip-create")
    _DONE.touch()


def _inside(*command: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["chroot", str(ROOT), *command], check=True, env=environ)


@contextmanager
def running(_home: Path) -> Iterator[Running]:
    """An RT without tickets; it is stopped at the end. Its home is inside its own Debian."""
    if not _DONE.exists() or os.geteuid() != 0:
        pytest.skip(
            "no Request Tracker here: python -m tests.support.helpdesks.real.request_tracker, as root"
        )
    home = ROOT / "tmp" / f"handrail-{uuid.uuid4().hex}"
    home.mkdir()
    database, config = home / "rtdb", home / "config"
    shutil.copy(_PRISTINE, database)
    _cheap_passwords(database)
    shutil.copytree(_SITE, config)
    (config / "99-quick.pm").write_text(_QUICK, "utf-8")
    for each in (home, *home.rglob("*")):
        os.chown(each, _DATA, _DATA)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inside = f"/tmp/{home.name}"
    environ = {
        **os.environ,
        "HANDRAIL_RT_DB": f"{inside}/rtdb",
        "HANDRAIL_RT_PORT": str(port),
        "RT_SITE_CONFIG_DIR": f"{inside}/config",
    }
    user = ("setpriv", f"--reuid={_DATA}", f"--regid={_DATA}", "--clear-groups")
    server = (f"{_LIBEXEC}/rt-server", "--port", str(port), "--host", "127.0.0.1")
    with subprocess.Popen(
        ["chroot", str(ROOT), *user, *server], env=environ, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield Running(url=url, databases=(database,))
        finally:
            os.killpg(process.pid, 15)
            process.wait()
            shutil.rmtree(home, ignore_errors=True)


def _password(name: str) -> str:
    return f"{name}s-canary-4711"


def _cheap_passwords(database: Path) -> None:
    """Each request brings a password, which RT makes slow to check: an old kind of hash, and the least cost.

    RT itself turns the old kind into its own at the first sign-in, with the cost of its configuration.
    """
    with closing(sqlite3.connect(database)) as db, db:
        for name in _NAMES:
            digest = hashlib.md5(_password(name).encode(), usedforsecurity=False).hexdigest()
            db.execute("UPDATE Users SET Password = ? WHERE Name = ?", (digest, name))


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers; a Perl program of this size takes seconds to start."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/REST/2.0/rt", timeout=10):
                return
        except urllib.error.HTTPError:
            return  # it wants to know who we are
        except OSError:
            assert process.poll() is None, "Request Tracker did not start"
            time.sleep(0.1)
    raise AssertionError("Request Tracker does not answer")


if __name__ == "__main__":
    if not _DONE.exists():
        prepare()
    print(f"Request Tracker: {ROOT}")
