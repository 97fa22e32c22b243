"""What a developer is told of a database that is not there."""

import socket

import pytest

from . import reachable


def test_a_database_that_answers_is_nothing_to_talk_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql://postgres@127.0.0.1:{server.getsockname()[1]}/test"
        assert reachable.main(url) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("scheme", "name"), [("postgresql", "POSTGRESQL"), ("mysql", "MARIADB")])
def test_what_is_not_tested_is_said_loudly_with_the_remedy(
    capsys: pytest.CaptureFixture[str], scheme: str, name: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert reachable.main(f"{scheme}://root@127.0.0.1:{port}/test") == 1
    words = capsys.readouterr().out
    assert f"NOT TESTED ON {name}: NOTHING ANSWERS AT 127.0.0.1:{port}." in words
    assert "docker run" in words
    assert f"make test-databases {name}_URL={scheme}://" in words


@pytest.mark.parametrize(("scheme", "variable"), [("amqp", "AMQP_URL"), ("redis", "REDIS_URL")])
def test_so_it_is_of_a_broker(
    capsys: pytest.CaptureFixture[str], scheme: str, variable: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert reachable.main(f"{scheme}://127.0.0.1:{port}") == 1
    assert f"make test-brokers {variable}={scheme}://" in capsys.readouterr().out


def test_an_address_of_something_else_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert reachable.main("smtp://127.0.0.1") == 1
    assert "begins with postgresql, mysql, amqp, redis://" in capsys.readouterr().out
