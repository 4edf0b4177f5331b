"""Which attempts count: failures do, what is put off or parked does not; no word at all, ten in a row."""

from bot.errors import DeliveryFailed, DeliveryParked, DeliveryPostponed
from bot.outbox.retry import ATTEMPTS, SCHEDULE
from bot.store.sqlite import SqliteStore
from tests.support.keeping import Clock, claim, send, to_send
from tests.support.post import Post, over, state_of

LONGEST_LEASE = 60 + 2 * 64 + 1.0  # seconds


async def test_what_is_put_off_comes_again_and_costs_no_try(store: SqliteStore, clock: Clock) -> None:
    """However often within three days: the schedule of failures begins after it, where it would have."""
    await send(store, to_send("m"), to_send("next"))
    post = Post(
        *(DeliveryPostponed("this chat's window is full", 60) for _ in range(100)), DeliveryFailed("503")
    )
    dispatcher = over(store, clock, post)

    for _ in range(100):
        await dispatcher.drain()
        assert await state_of(store, "m") == ("ready", "this chat's window is full")
        assert await store.next_due() == clock.now + 60
        clock.now += 60
    await dispatcher.drain()
    assert await state_of(store, "m") == ("ready", "503")
    assert await store.next_due() == clock.now + SCHEDULE[0] / 2
    clock.now += SCHEDULE[0]
    await dispatcher.drain()

    assert post.sent == ["m", "next"]
    assert (dispatcher.postponed, dispatcher.failed, dispatcher.dead) == (100, 1, 0)


async def test_putting_off_has_an_end(store: SqliteStore, clock: Clock) -> None:
    """After three days it is dead, with the reason, and its lane goes on."""
    await send(store, to_send("m"), to_send("next"))
    post = Post(*(DeliveryPostponed("429", 3600) for _ in range(74)))

    while not post.sent:
        await over(store, clock, post).drain()
        clock.now = max(clock.now, await store.next_due() or 0.0)

    assert await state_of(store, "m") == ("dead", "put off for more than 72 hours: 429")
    assert post.sent == ["next"]
    assert post.tried.count("m") == 74


async def test_a_park_and_a_return_cost_no_try(store: SqliteStore, clock: Clock) -> None:
    """Somebody who blocks the bot and comes back, again and again, gets the message in the end."""
    await send(store, to_send("m"))
    post = Post(*(DeliveryParked("403") for _ in range(ATTEMPTS + 5)))
    dispatcher = over(store, clock, post)

    for _ in range(ATTEMPTS + 5):
        await dispatcher.drain()
        await store.unpark("c", now=clock())
    await dispatcher.drain()

    message = await store.message("m")
    assert message is not None
    assert (message.state, message.tries) == ("done", 1)


async def test_a_message_that_takes_the_process_down_is_not_tried_for_ever(
    store: SqliteStore, clock: Clock
) -> None:
    """Sixteen attempts that ended without a word are enough; it dies untried."""
    await send(store, to_send("poison"), to_send("next"))
    for _ in range(16):
        await claim(store, now=clock.now, lease=60)
        clock.now += LONGEST_LEASE
    post = Post()

    await over(store, clock, post).drain()

    assert post.tried == ["next"]
    state, error = await state_of(store, "poison")
    assert state == "dead"
    assert "without a word" in error


async def test_it_is_recognised_also_when_it_once_failed_or_was_put_off(
    store: SqliteStore, clock: Clock
) -> None:
    """What was said about an earlier attempt does not hide that sixteen in a row ended without a word."""
    await send(store, to_send("poison"))
    post = Post(DeliveryFailed("503"), DeliveryPostponed("429", 60))
    for _ in range(2):
        await over(store, clock, post).drain()
        clock.now += 60
    for _ in range(16):
        await claim(store, now=clock.now, lease=60)
        clock.now += LONGEST_LEASE

    await over(store, clock, post).drain()

    assert post.tried == ["poison", "poison"]
    state, error = await state_of(store, "poison")
    assert state == "dead"
    assert "16 attempts in a row ended without a word" in error


async def test_being_put_off_often_is_not_mistaken_for_it(store: SqliteStore, clock: Clock) -> None:
    """Fifteen attempts without a word, then one with: the count begins anew."""
    await send(store, to_send("m"))
    post = Post(*(DeliveryPostponed("429", 1) for _ in range(3)))
    for _ in range(3):
        for _ in range(15):
            await claim(store, now=clock.now, lease=60)
            clock.now += LONGEST_LEASE
        await over(store, clock, post).drain()
        clock.now += 1
    await over(store, clock, post).drain()

    assert post.sent == ["m"]
