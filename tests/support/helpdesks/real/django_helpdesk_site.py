"""A real django-helpdesk: one queue, SQLite, served by wsgiref.

Run by an interpreter that has it: `python django_helpdesk_site.py HOME`. It prints its port when it listens.
"""

import shutil
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


class Threads(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def configure(home: Path) -> None:
    """What its manual asks for, and nothing that sends mail."""
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(home / "helpdesk.db")}},
        DATA_UPLOAD_MAX_MEMORY_SIZE=20 * 1024 * 1024,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_USE_CDN=False,
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.sites", "django.contrib.messages", "django.contrib.staticfiles",
            "django.contrib.admin", "django.contrib.humanize", "rest_framework", "bootstrap4form", "helpdesk",
        ],
        MEDIA_ROOT=str(home / "media"),
        MEDIA_URL="/media/",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # fast; nobody keeps these
        ROOT_URLCONF="__main__",
        SECRET_KEY="only for tests",
        SITE_ID=1,
        STATIC_URL="/static/",
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        USE_TZ=True,
    )  # fmt: skip
    try:
        import bootstrap4form  # noqa: F401
    except ImportError:
        settings.INSTALLED_APPS.remove("bootstrap4form")


def fill() -> None:
    """A queue, an agent and the bot."""
    from django.contrib.auth.models import User
    from helpdesk.models import Queue

    Queue.objects.create(title="Sign-in", slug="sign-in")
    for name in ("handrail@example.com", "agent"):
        User.objects.create_user(
            name, f"{name.split('@')[0]}@example.com", f"{name}s-canary-4711", is_staff=True
        )


def take(_request: object, number: int) -> object:
    """What its page for a ticket does when the agent takes it; the page itself needs a browser's session."""
    from django.contrib.auth.models import User
    from django.http import HttpResponse
    from helpdesk.models import Ticket
    from helpdesk.update_ticket import update_ticket

    agent = User.objects.get(username="agent")
    update_ticket(agent, Ticket.objects.get(id=number), owner=agent.id)
    return HttpResponse("taken")


if __name__ == "__main__":
    home = Path(sys.argv[1])
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    configure(home)
    django.setup()
    call_command("migrate", verbosity=0)
    from django.urls import include, path

    urlpatterns = [path("take/<int:number>", take), path("", include("helpdesk.urls"))]
    fill()
    with make_server(
        "127.0.0.1", 0, get_wsgi_application(), server_class=Threads, handler_class=Quiet
    ) as server:
        print(server.server_port, flush=True)
        server.serve_forever()
