"""What WeChat Pay may do with a request, at any time while it is at work on it, or never.

What it answers to the repeat of a cancellation that it has carried out is not documented: the same
SUCCESS or a refusal, so the model has both.
"""

from collections.abc import Iterator

from wechat_subsidies.outcomes import INVALID_REQUEST, RATE_LIMITED, RESULT_SUCCESS

from .search import Step
from .world import Phase, World


def steps(world: World) -> Iterator[Step]:
    """What the gateway may do now with the request that it is at work on."""
    if not world.at_work:
        return
    is_repeat = world.done
    if is_repeat:
        yield Step(
            "the gateway answers the repeat with SUCCESS", heard(world, RESULT_SUCCESS.reason)
        )
        yield Step("the gateway refuses the repeat", heard(world, INVALID_REQUEST.reason))
    else:
        done = world._replace(done=True)
        yield Step("the gateway does it and answers SUCCESS", heard(done, RESULT_SUCCESS.reason))
        yield Step("the gateway does it, and its answer is lost", unheard(done))
        yield Step("the gateway refuses it", heard(world, INVALID_REQUEST.reason))
    yield Step("the gateway answers 429", heard(world, RATE_LIMITED.reason))


def heard(world: World, reason: str) -> World:
    """The request is over, and who sent it hears what became of it, if it still listens."""
    listener = next((worker for worker in world.workers if worker.is_heard), None)
    if listener is None:
        return unheard(world)
    told = listener._replace(phase=Phase.ENDED, is_heard=False, reason=reason)
    return world.with_worker(listener, told, at_work=0)


def unheard(world: World) -> World:
    """The request is over, and nobody hears of it."""
    return world.with_all(is_heard=False)._replace(at_work=0)
