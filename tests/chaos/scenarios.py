"""What is broken, one function each. Each gives (status, missing, doubled, remark)."""

import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import psutil

from tests.chaos.sink import BAD
from tests.chaos.world import LEASE, START, Readers, World
from tests.environment import free_port, wait_for_port

MODES = (
    "", "accept then hang", "accept then reset", "500 after accept", "500 before", "429",
    "one bad address", "slow",
)  # fmt: skip
Result = tuple[str, int, int, str]


def reset() -> None:
    """As if nothing had happened before: no address suppressed, nobody gone, full speed."""
    from newsroom.models import Suppression
    from subscriptions.models import Subscription, Throttle

    Suppression.objects.all().delete()
    Throttle.objects.all().delete()
    Subscription.objects.exclude(status="confirmed").update(status="confirmed")


def at_step(world: World, few: Readers, step: str, mode: str, action: str = "kill") -> Result:
    """A worker dies at one step while the provider answers one way."""
    reset()
    world.mode(mode, times=1 if mode else 0)
    world.arm(action, step)
    mailing = world.approve(few.newsletter)
    status = world.until_sent(mailing)
    remark = "" if world.disarm() else "step not reached"
    world.mode("", 0)
    bad = {BAD} if mode == "one bad address" else set()
    return status, *world.verdict(mailing, few.emails, bad), remark


def frozen(world: World, few: Readers, step: str) -> Result:
    """A worker is stopped at one step, past its lease and all probes, and goes on then."""
    reset()
    world.mode("accept then reset" if step == "while reconciling" else "slow", 1)
    world.arm("stop", step)
    mailing = world.approve(few.newsletter)
    thaw_at = time.monotonic() + LEASE + 6

    def thaw() -> None:
        if time.monotonic() > thaw_at:
            resume(world)

    status = world.until_sent(mailing, each=thaw)
    resume(world)
    time.sleep(1.5)  # let it do what it was about to
    remark = "" if world.disarm() else "step not reached"
    world.mode("", 0)
    return status, *world.verdict(mailing, few.emails), remark


def resume(world: World) -> None:
    for process in world.children():
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGCONT)


def meanwhile(world: World, readers: Readers, breaking: Callable[[int], str]) -> Result:
    """Send it slowly, break something on the way, and let it come to its end."""
    reset()
    world.mode("slow", 1)
    mailing = world.approve(readers.newsletter)
    remark = breaking(mailing)
    world.mode("", 0)
    status = world.until_sent(mailing, seconds=180)
    return status, *world.verdict(mailing, readers.emails), remark


def several_times(world: World, readers: Readers, breaking: Callable[[], None]) -> Result:
    """Send it, and break something three times on the way, each a second after a beat."""

    def again_and_again(mailing: int) -> str:
        for _ in range(3):
            world.kick()
            time.sleep(1)
            breaking()
        return "3 times"

    return meanwhile(world, readers, again_and_again)


def random_kills(world: World, many: Readers, kills: int) -> Result:
    """One process of the pool after another is killed while it sends."""
    return meanwhile(world, many, lambda mailing: kill_some(world, mailing, kills))


def kill_some(world: World, mailing: int, kills: int) -> str:
    """Whenever a call is in flight, after a moment of no fixed length."""
    from subscriptions.models import Batch

    sending = Batch.objects.filter(mailing=mailing, status="sending")
    dice, done, looked = random.Random(4), 0, 0
    while done < kills and world.status(mailing) != "sent":
        looked += 1
        if looked % 10 == 0:
            world.kick()
        time.sleep(dice.uniform(0.01, 0.1))
        if found := sending.exists() and world.grown_children():
            with suppress(psutil.NoSuchProcess):
                dice.choice(found).kill()
                done += 1
    return f"{done} kills"


def worker_killed_whole(world: World, many: Readers) -> Result:
    """The worker with all its processes, started again each time."""

    def breaking(mailing: int) -> str:
        for _ in range(10):
            world.kick()
            time.sleep(3)
            world.stop("worker", signal.SIGKILL)
            world.start_worker(per_call=1000)
        return "10 times"

    return meanwhile(world, many, breaking)


def redis_flushed(world: World, many: Readers) -> Result:
    import redis
    from django.conf import settings

    client = redis.Redis.from_url(settings.REDIS_URL)

    def breaking(mailing: int) -> str:
        flushed = 0
        while flushed < 10 and world.status(mailing) != "sent":
            world.kick()
            time.sleep(0.5)
            client.flushall()
            flushed += 1
        return f"{flushed} times"

    return meanwhile(world, many, breaking)


def redis_stopped(world: World, many: Readers) -> Result:
    def breaking() -> None:
        world.stop("redis", signal.SIGKILL)
        time.sleep(2)
        world.start_redis()

    return several_times(world, many, breaking)


def backends_terminated(world: World, many: Readers) -> Result:
    """All connections to PostgreSQL but one are cut, again and again."""
    import psycopg

    from newsroom.devserver import engines

    cut_all = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )

    def breaking(mailing: int) -> str:
        cut = 0
        with psycopg.connect(
            host=str(engines.sockets()), user="postgres", autocommit=True
        ) as killer:
            while cut < 20 and world.status(mailing) != "sent":
                world.kick()
                time.sleep(0.4)
                killer.execute(cut_all)
                cut += 1
        return f"{cut} times"

    return meanwhile(world, many, breaking)


def postgres_restarted(world: World, many: Readers, how: int) -> Result:
    """``SIGINT``: a quick, clean stop; ``SIGQUIT``: as if it had crashed."""

    def breaking() -> None:
        world.stop("postgres", how)
        time.sleep(1)
        world.start_postgres()

    return several_times(world, many, breaking)


def two_beats(world: World, few: Readers) -> Result:
    """Two real schedulers, and nobody else who kicks."""
    reset()
    for number in (1, 2):
        world.start_beat(f"beat {number}")
    mailing = world.approve(few.newsletter)
    deadline = time.monotonic() + 60
    while world.status(mailing) != "sent" and time.monotonic() < deadline:
        time.sleep(0.5)
    for number in (1, 2):
        world.stop(f"beat {number}")
    return world.status(mailing), *world.verdict(mailing, few.emails), ""


def clock_moved(world: World, few: Readers, hours: int) -> Result:
    """A second worker whose machine's clock is wrong, killed in the middle of a call too."""
    reset()
    world.stop("worker")
    world.start_worker(10, name="wrong", CHAOS_CLOCK=str(hours * 3600))
    world.start_worker(10)
    world.mode("accept then hang", 2)
    world.arm("kill", "during the call")
    mailing = world.approve(few.newsletter)
    status = world.until_sent(mailing, START)
    world.disarm()
    world.mode("", 0)
    world.stop("wrong")
    return status, *world.verdict(mailing, few.emails), ""


def paused_and_resumed(world: World, many: Readers) -> Result:
    from django.utils import timezone

    from subscriptions.models import Mailing
    from subscriptions.sending import engine

    def breaking(pk: int) -> str:
        moved, stood_still = 0, True
        for _ in range(5):
            world.kick()
            time.sleep(1.5)
            mailing = Mailing.objects.get(pk=pk)
            if mailing.move("paused"):
                time.sleep(1)  # the calls in flight end
                before = sum(world.accepted(pk).values())
                time.sleep(1)
                stood_still = stood_still and sum(world.accepted(pk).values()) == before
                moved += engine.resume(mailing, timezone.now())
        return f"{moved} times" if stood_still else "something went out while it was paused"

    return meanwhile(world, many, breaking)


def cancelled(world: World, many: Readers) -> Result:
    from subscriptions.models import Mailing
    from subscriptions.sending import engine

    reset()
    world.mode("slow", 1)
    pk = world.approve(many.newsletter)
    while sum(world.accepted(pk).values()) < 3000:
        world.kick()
        time.sleep(0.2)
    mailing = Mailing.objects.get(pk=pk)
    before = mailing.progress()
    assert engine.cancel(mailing)
    time.sleep(3)
    world.kick()
    time.sleep(2)
    world.mode("", 0)
    got = sum(world.accepted(pk).values())
    _, doubled = world.verdict(pk, many.emails)
    in_flight = got - before["accepted"]
    missing = mailing.progress()["accepted"] - got
    return world.status(pk), missing, doubled, f"{got:,} had it, {in_flight:,} of them in flight"


def unsubscribing(world: World, many: Readers) -> Result:
    """Readers leave while it is sent: whoever left before their batch was claimed gets nothing."""
    from newsroom.core import clock
    from subscriptions.models import Batch
    from subscriptions.readers import signup

    reset()
    world.mode("slow", 1)
    mailing, dice = world.approve(many.newsletter), random.Random(5)
    everyone = list(many.newsletter.subscriptions.values_list("pk", flat=True))
    gone: dict[Any, datetime] = {}

    def leave() -> None:
        for pk in dice.sample(everyone, 20):
            subscription = many.newsletter.subscriptions.get(pk=pk)
            signup.unsubscribe(subscription, how="chaos")
            gone.setdefault(subscription, clock.now())  # its own row knows the day only

    status = world.until_sent(mailing, seconds=180, each=leave)
    world.mode("", 0)
    copies, wrong, may_miss = world.accepted(mailing), 0, set()
    claimed = {
        pk: batch.tried_at
        for batch in Batch.objects.filter(mailing=mailing)
        for pk in batch.subscriber_ids
    }
    for subscription, left_at in gone.items():
        email = subscription.subscriber.email
        may_miss.add(email)
        # Who left before the freeze is in no batch. Our stamp is a little later than the commit.
        claimed_at = claimed.get(subscription.subscriber_id, left_at)
        left_before = left_at < claimed_at - timedelta(seconds=0.2)
        left_before = left_before or subscription.subscriber_id not in claimed
        wrong += bool(left_before and copies[email])
    remark = f"{len(may_miss)} left, {wrong} of them got it all the same"
    missing, doubled = world.verdict(mailing, many.emails, may_miss)
    return status, missing, doubled + wrong, remark


def smtp_kills(world: World, some: Readers, kills: int) -> Result:
    """The same over SMTP: each death leaves one reader in doubt at most, whom a person decides."""
    from subscriptions.models import Batch
    from subscriptions.sending import reconcile

    reset()
    world.stop("worker")
    port = free_port()
    server = [sys.executable, "-m", "tests.chaos.smtp_sink", str(port), str(world.log)]
    world.start("mail server", server)
    wait_for_port(port)
    smtp = {"MAIL_PROVIDER": "smtp", "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port)}
    world.start_worker(50, EMAIL_USE_TLS="false", **smtp)
    pk = world.approve(some.newsletter)
    remark = kill_some(world, pk, kills)
    unknown = 0

    def decide() -> None:
        """As an editor would who looks into the mail server's own log."""
        nonlocal unknown
        for batch in Batch.objects.filter(mailing=pk, status="needs_review"):
            [reader] = batch.subscriber_ids
            email = some.newsletter.subscriptions.get(subscriber=reader).subscriber.email
            unknown += reconcile.decide(batch, sent=world.accepted(pk)[email] > 0)

    status = world.until_sent(pk, seconds=180, each=decide)
    world.stop("worker")
    world.stop("mail server")
    world.start_worker(10)
    remark += f", {unknown} readers left to a person"
    return status, *world.verdict(pk, some.emails), remark
