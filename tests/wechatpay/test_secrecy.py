"""Frames are emptied where a secret may be in them, and not where they are the host's."""

from collections.abc import Callable, Iterator

import pytest

from wechat_subsidies.wechatpay import NotSent, load_private_key
from wechat_subsidies.wechatpay.keys import LazyKey, key_file
from wechat_subsidies.wechatpay.secrecy import SecretText, forget_variables
from wechat_subsidies.wechatpay.transport import Transport

Fail = Callable[[], object]


class Interruption(BaseException):
    """What may come at any moment, also while a key is read."""


def interrupted() -> str:
    number = 1
    raise Interruption(number)


READERS = {
    "a key": LazyKey(interrupted, parse=load_private_key).load,
    "a key's file": lambda: key_file(interrupted),
}


@pytest.fixture(params=["a call", *READERS])
def fail(
    request: pytest.FixtureRequest, transport_to: Callable[..., Transport], refusing_url: str
) -> Fail:
    """Fail where secrets are, so that variables are forgotten."""
    transport = transport_to(refusing_url)
    if request.param == "a call":
        return lambda: transport.send(method="GET", path="/", headers={})
    return READERS[request.param]


def fail_while_handling(error: BaseException, *, fail: Fail) -> None:
    """Fail in the handler of an error of the host's."""
    try:
        raise error
    except KeyError:
        with pytest.raises((NotSent, Interruption)):
            fail()


def variables_below(error: BaseException) -> dict[str, object]:
    """Those of the frame that raised it first."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return dict(place.tb_frame.f_locals) if place else {}


def hosts_error() -> KeyError:
    def raise_with_a_variable() -> None:
        number = 1
        raise KeyError(number)

    with pytest.raises(KeyError) as raised:
        raise_with_a_variable()
    return raised.value


def test_a_secret_text_is_sent_as_it_is_and_not_shown() -> None:
    authorization = SecretText("signature")
    assert (f"{authorization}", f"{authorization!r}") == ("signature", "<secret>")


def test_an_error_and_all_that_caused_it_are_forgotten() -> None:
    error, cause, context = hosts_error(), hosts_error(), hosts_error()
    error.__cause__, error.__context__, cause.__context__ = cause, context, error
    forget_variables(error, but_of=None)
    assert [variables_below(each) for each in (error, cause, context)] == [{}, {}, {}]


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_what_fails_while_a_key_is_read_shows_no_variables(read: Fail) -> None:
    with pytest.raises(Interruption) as raised:
        read()
    assert variables_below(raised.value) == {}


def test_what_the_host_is_handling_keeps_its_variables(fail: Fail) -> None:
    error = hosts_error()
    fail_while_handling(error, fail=fail)
    assert variables_below(error) == {"number": 1}


def test_a_generator_of_the_hosts_that_waits_is_not_ended(fail: Fail) -> None:
    def generator() -> Iterator[object]:
        try:
            raise KeyError
        except KeyError as error:
            yield error
        yield "alive"

    waiting = generator()
    fail_while_handling(next(waiting), fail=fail)
    assert next(waiting) == "alive"
