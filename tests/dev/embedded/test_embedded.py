from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.embedded.postgres import postgres, running_postgres
from dev.embedded.server import (
    LOOPBACK,
    Server,
    ServerProblem,
    claimed,
    free_port,
    held_port,
    is_claimed,
    is_free,
    package_directory,
)
from dev.embedded.valkey import running_valkey


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        yield holder.getsockname()[1]


def value_of(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row
    return row[0]


def test_postgres_keeps_data_between_runs_whatever_an_earlier_run_left_behind(tmp_path: Path) -> None:
    unfinished = tmp_path / "unfinished-left"
    (unfinished / "data").mkdir(parents=True)
    with running_postgres(tmp_path, durable=False) as url:
        assert value_of(url, "SHOW server_version").__str__().startswith("18.")
        assert value_of(url, "SELECT current_database() || ' ' || current_user") == "wardbook wardbook"
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 41 + 1 AS n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cluster", "lock", "server.log"]
    # As after a kill, with the pid by now somebody else's (ours).
    (tmp_path / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path / 'cluster'}\n")
    with running_postgres(tmp_path, durable=False) as url:
        assert value_of(url, "SELECT n FROM kept") == 42


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with postgres(tmp_path_factory.mktemp("postgres"), durable=False) as started:
        yield started


def test_postgres_listens_on_loopback_only_and_asks_for_the_password(server: Server) -> None:
    assert value_of(server.url, "SHOW listen_addresses") == "127.0.0.1"
    assert value_of(server.url, "SHOW unix_socket_directories") == ""
    port = urlsplit(server.url).port
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgres://wardbook@{LOOPBACK}:{port}/wardbook")
    password = server.log.parent / "cluster" / "password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600


def test_postgres_sorts_by_code_point_whatever_the_systems_locale(server: Server) -> None:
    rows = value_of(server.url, "SELECT string_agg(w, ' ' ORDER BY w) FROM unnest('{b,A,a,ä,B}'::text[]) w")
    assert rows == "A B a b ä"


def test_a_data_directory_in_use_is_refused_with_its_owner(server: Server) -> None:
    with (
        pytest.raises(ServerProblem, match=f"is in use by process {os.getpid()}"),
        running_postgres(server.log.parent, durable=False),
    ):
        pass
    assert value_of(server.url, "SELECT 1") == 1


def test_a_given_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path, taken_port: int) -> None:
    message = f"^port {taken_port} of 127.0.0.1 is taken$"
    with pytest.raises(ServerProblem, match=message), running_postgres(tmp_path / "p", port=taken_port):
        pass
    with pytest.raises(ServerProblem, match=message), running_valkey(tmp_path / "v", port=taken_port):
        pass


def test_a_cluster_of_another_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServerProblem, match="made by PostgreSQL 16, this is 18"), running_postgres(tmp_path):
        pass


def test_valkey_asks_for_the_password_and_keeps_data_between_runs(tmp_path: Path) -> None:
    with running_valkey(tmp_path) as url, redis.Redis.from_url(url, decode_responses=True) as client:
        assert client.set("kept", "42")
        with (
            redis.Redis(host=LOOPBACK, port=urlsplit(url).port or 0, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("kept")
    with running_valkey(tmp_path) as url, redis.Redis.from_url(url, decode_responses=True) as client:
        assert client.get("kept") == "42"


def test_a_missing_package_is_named_with_the_way_out() -> None:
    with pytest.raises(ServerProblem, match=r"^DATABASE_URL is not set, .* Hint: set DATABASE_URL, or install"):
        package_directory("no_such_package", "DATABASE_URL")


def test_a_claim_ends_with_its_holder(tmp_path: Path) -> None:
    assert not is_claimed(tmp_path)
    with claimed(tmp_path):
        assert is_claimed(tmp_path)
    assert not is_claimed(tmp_path)


def test_a_taken_port_makes_way_for_one_nearby(taken_port: int) -> None:
    assert not is_free(taken_port)
    chosen = free_port(taken_port)
    assert taken_port < chosen <= taken_port + 100
    assert free_port(chosen) == chosen


def test_a_held_port_is_nobody_elses_and_our_server_can_take_it() -> None:
    with held_port(free_port()) as port:
        assert not is_free(port)
        with held_port(port) as other:
            assert other != port
        with socket.socket() as server, socket.socket() as client:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            server.bind((LOOPBACK, port))
            server.listen()
            client.connect((LOOPBACK, port))
    assert is_free(port)
