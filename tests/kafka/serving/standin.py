"""A stand-in for router, matcher and delivery: one thread that does what they do, without a thought for failure.

Owns: the simplest thing that gives the gateway's tests inboxes. May never: be what a conference runs on.
"""

import asyncio
import threading
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.codec import Codec, Record, encode
from services.inbox.redis_inbox import RedisInboxes
from services.kafka.serving.topics import Topics
from streams.matching import Matcher
from streams.routing import Router


class StandIn:
    """Works between ``with``'s beginning and its end."""

    def __init__(self, servers: str, redis_url: str, epoch: str, topics: Topics) -> None:
        self._servers, self._redis_url, self._epoch, self._topics = servers, redis_url, epoch, topics
        self._router, self._codec = Router(), Codec()
        self._matchers: dict[str, Matcher] = {}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), daemon=True)
        self._ended = threading.Event()
        self.failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(10)
        assert self.failure is None, self.failure

    async def _work(self) -> None:
        consumer = AIOKafkaConsumer(
            self._topics.activity, self._topics.log, bootstrap_servers=self._servers, auto_offset_reset="earliest"
        )
        producer = AIOKafkaProducer(bootstrap_servers=self._servers)
        await consumer.start()
        await producer.start()
        try:
            async with RedisInboxes(self._redis_url, self._epoch) as inboxes:
                while not self._ended.is_set():
                    for part, records in (await consumer.getmany(timeout_ms=100)).items():
                        for record in records:
                            await self._take(part.topic, record, producer, inboxes)
        except BaseException as error:
            self.failure = error
            raise
        finally:
            await consumer.stop()
            await producer.stop()

    async def _take(self, topic: str, record: object, producer: AIOKafkaProducer, inboxes: RedisInboxes) -> None:
        read = self._codec.decode(record.value)  # type: ignore[attr-defined]
        assert isinstance(read, Record)
        if topic == self._topics.activity:
            for conference, event in self._router.route(read.event):
                headers = [("type", type(event).__struct_config__.tag.encode())]
                await producer.send_and_wait(self._topics.log, encode(event), conference.encode(), headers=headers)
            return
        self._router.learn(read.event)
        conference = read.event.conference
        assert conference is not None
        matcher = self._matchers.setdefault(conference, Matcher(conference))
        outputs = matcher.apply(read.event, read.at, record.timestamp)  # type: ignore[attr-defined]
        if await inboxes.delivered(conference) is None:
            await inboxes.rebuild(conference, [])
        await inboxes.deliver(conference, outputs)
