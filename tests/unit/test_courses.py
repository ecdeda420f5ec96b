"""Any course of events for lanes, passes, circuits, keys and restarts together: nothing is lost, order holds."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.outcome import Answered, SendResult
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import QUICK_POLICY
from gateway.domain.subscription import DeliveryOrder, SubscriptionState
from gateway.telemetry.clock import now_ms
from tests.delivery_records import planned
from tests.egress_in_memory import PARTITION, settle_down
from tests.egress_world import World, running
from tests.subscriptions import subscription
from tests.virtual_time import comes_true, run_in_virtual_time, stays

NARROW = replace(subscription("narrow"), max_in_flight=1)
LIMITED = replace(subscription("limited"), max_in_flight=8, rate_limit=RateLimit(50, 5))
ORDERED = replace(subscription("ordered"), max_in_flight=3, order=DeliveryOrder.KEY, retry_policy=QUICK_POLICY)
ACTIVE = {each.subscription_id: each for each in (NARROW, LIMITED, ORDERED)}
RESULTS: dict[str, SendResult] = {
    "ok": Answered(200),
    "busy": Answered(429),
    "down": Answered(503),
    "hold": Answered(429, retry_after_s=3.0),
}

NAMES = st.sampled_from(sorted(ACTIVE))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), NAMES, st.integers(1, 300)),
        st.tuples(st.just("later"), st.just("ordered"), st.integers(1, 5000)),
        st.tuples(st.just("fail"), st.sampled_from(sorted(RESULTS)), st.just(0)),
        st.tuples(st.sampled_from(["pause", "resume"]), NAMES, st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from([1, 100, 1500, 6000, 40_000])),
        st.tuples(
            st.sampled_from(["hang", "answer", "turn", "commit", "stop", "crash", "lag", "confirm"]),
            st.just(""),
            st.just(0),
        ),
    ),
    max_size=30,
)


@dataclass
class Course:
    """A course so far.

    Attributes:
        world: what it runs in.
        lives: how many attempts had been begun when each ownership began.
    """

    world: World
    lives: list[int] = field(default_factory=lambda: [0])

    def publish(self, name: str, not_before_ms: int = 0) -> None:
        offset = len(self.world.log.partitions[PARTITION])
        key = (b"a", b"b", b"c")[offset % 3]
        delivery = planned(f"{name}:{offset}", name, at_ms=now_ms())
        self.world.bring(replace(delivery, event_key=key, not_before_ms=not_before_ms))

    async def take(self, kind: str, name: str, number: int) -> None:
        """Take one step."""
        if kind == "wait":
            await stays(lambda: True, for_s=number / 1000)
        elif kind == "turn":
            await settle_down()
        elif kind in {"stop", "crash"}:
            await self.restart(clean=kind == "stop")
        else:
            self._act(kind, name, number)

    def _act(self, kind: str, name: str, number: int) -> None:
        world = self.world
        match kind:
            case "publish":
                for _ in range(number):
                    self.publish(name)
            case "later":
                self.publish(name, now_ms() + number)
            case "fail":
                world.endpoints.result = RESULTS[name]
            case "pause":
                world.change(replace(ACTIVE[name], state=SubscriptionState.PAUSED))
            case "resume":
                world.change(ACTIVE[name])
            case "hang" | "answer":
                (world.endpoints.gate.clear if kind == "hang" else world.endpoints.gate.set)()
            case "commit":
                world.commit()
            case "lag":
                world.producer.acknowledges = False
            case _:
                world.producer.acknowledge_all()

    async def restart(self, *, clean: bool) -> None:
        """End an ownership, check it, and begin the next."""
        if clean:
            self.world.producer.acknowledge_all()
        await self.world.restart(clean=clean)
        self.lives.append(len(self.world.endpoints.begun))

    async def finish(self) -> None:
        """With everything in order again, everything ends."""
        world = self.world
        world.producer.acknowledge_all()
        world.endpoints.result = RESULTS["ok"]
        world.endpoints.gate.set()
        for each in ACTIVE.values():
            world.change(each)

        def committed() -> bool:
            world.commit()
            return world.committed.get(PARTITION, (0, ""))[0] == end and not world.cursors()

        end = len(world.log.partitions[PARTITION])
        if end:
            await comes_true(committed, within_s=2000)
        self.lives.append(len(world.endpoints.begun))

    def check(self) -> None:
        """Nothing is left out; within an ownership nothing is repeated, and order holds."""
        world = self.world
        made = list(zip(world.endpoints.begun, world.endpoints.numbers, strict=True))
        everything = {f"{(m.key() or b'').decode()}:{m.offset()}" for m in world.log.partitions[PARTITION]}
        assert {name for name, _ in made} | {name for name, _ in world.letters()} == everything
        for begin, end in zip(self.lives, self.lives[1:], strict=False):
            life = made[begin:end]
            assert len(life) == len(set(life)), "an attempt is made once"
            self._check_order(life)

    def _check_order(self, life: list[tuple[str, int]]) -> None:
        sent: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        for name, number in life:
            subscription_id, _, text = name.partition(":")
            offset = int(text)
            if subscription_id != "ordered":
                sent[subscription_id, 0].append((offset, number))
            else:
                sent["ordered", offset % 3].append((offset, number))
        for attempts in sent.values():
            assert attempts == sorted(attempts)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, chunk=st.sampled_from([1, 7, 100, 1000]))
def test_any_course_of_events(steps: list[tuple[str, str, int]], chunk: int) -> None:
    """Pauses, failures, circuits, holds, limits, deferred deliveries, slow acknowledgements, stops and crashes."""
    run_in_virtual_time(_course(steps, chunk))


async def _course(steps: list[tuple[str, str, int]], chunk: int) -> None:
    async with running(*ACTIVE.values(), chunk=chunk) as world:
        world.log.partitions[PARTITION] = []
        course = Course(world)
        for step in steps:
            await course.take(*step)
        await course.finish()
        course.check()
