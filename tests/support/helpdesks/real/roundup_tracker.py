"""A real Roundup tracker: its "classic" template on SQLite, served through its own WSGI application.

Run by an interpreter that has Roundup: `python roundup_tracker.py HOME`. It prints its port when it listens.
"""

import shutil
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from roundup import init, instance, password
from roundup.cgi.wsgi_handler import RequestDispatcher
from roundup.configuration import CoreConfig


class Threads(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def tracker(home: Path, port: int) -> None:
    """Make a tracker with an agent and the bot in it."""
    init.copytree(str(Path(sys.prefix, "share/roundup/templates/classic")), str(home))
    (home / "db").mkdir(exist_ok=True)
    config = CoreConfig()
    config["TRACKER_WEB"] = f"http://127.0.0.1:{port}/"
    config["MAIL_DOMAIN"] = config["MAIL_HOST"] = "localhost"
    config.options["MAIL_DEBUG"].set(str(home / "mail.log"))
    config.options["RDBMS_BACKEND"].set("sqlite")
    config["PASSWORD_PBKDF2_DEFAULT_ROUNDS"] = 1000  # the least there is: each request brings a password
    config.save(str(home / "config.ini"))
    opened = instance.open(str(home))
    opened.init(password.Password("admins-canary-4711", config=opened.config))
    opened = instance.open(str(home))
    db = opened.open("admin")
    for name in ("handrail", "agent"):
        secret = password.Password(f"{name}s-canary-4711", config=opened.config)
        db.user.create(username=name, password=secret, roles="User", address=f"{name}@localhost")
    db.commit()
    db.getSessionManager(), db.getOTKManager()  # their databases are made by whoever asks first
    db.close()


if __name__ == "__main__":
    home = Path(sys.argv[1])
    shutil.rmtree(home, ignore_errors=True)
    with make_server("127.0.0.1", 0, lambda *_: [], server_class=Threads, handler_class=Quiet) as server:
        tracker(home, server.server_port)
        server.set_app(RequestDispatcher(str(home)))
        print(server.server_port, flush=True)
        server.serve_forever()
