"""What tests of every folder may ask for."""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.helpdesks.real import running
from tests.support.postgres import own_database, run, running_server

# An example may take as long as it takes: a busy machine is no defect.
settings.register_profile("handrail", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("handrail")


@pytest.fixture(scope="session", autouse=True)
def real_systems() -> Iterator[None]:
    """Ticket systems that a test has started are kept for others; at the end they are stopped."""
    yield
    running.stop_all()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server: the URL of its first database, for the superuser."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """A database of this worker's own."""
    with own_database(postgres_server) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """An empty schema of this test's own, in that database."""
    name = f"s{uuid.uuid4().hex}"
    run(postgres_database, f"CREATE SCHEMA {name}")
    return f"{postgres_database}&search_path={name}"
