"""One server, its ledger, and what all clients of one store share."""
import asyncio
import collections
import contextlib
import sys
import time

from ledger import Ledger
from wire import Wire

ORDERED = [f"ordered-{i}" for i in range(3)]  # a producer and a listener each
SHARED = [f"shared-{i}" for i in range(3)]  # several of both
NEVER = "never"  # all that is pushed here must be refused


class House:
    """`names_stay`: a message has the id that its push was answered with. `tells_leases`: the list of endpoints is of
    this moment, and what a listener held when its connection broke is back when nothing is leased."""

    def __init__(self, kind, server, random):
        self.kind, self.server, self.random = kind, server, random
        self.ledger = Ledger(time.monotonic, self.fault)
        self.names_stay = self.tells_leases = kind != "redis"
        self.ending = asyncio.Event()  # producers and hostile clients stop
        self.statuses = collections.Counter()
        self.faults = collections.Counter()
        self.attacks = collections.Counter()
        self.slowest = 0.0  # answer of /healthz, seconds

    def fault(self, kind, text):
        self.faults[kind] += 1
        if self.faults[kind] <= 5:
            print(f"soak: {self.kind}: {kind}: {text}", file=sys.stderr, flush=True)

    def saw(self, status):
        self.statuses[status] += 1
        if status == 500:
            self.fault("answered 500", "an answer that nothing a client sends should cause")

    async def open(self, receive_buffer=None):
        return await Wire.open(self.server.port, self.saw, lambda what: self.fault("stalled", what), receive_buffer)

    @contextlib.asynccontextmanager
    async def wire(self, **options):
        """A connection for a while, ended in order unless it was reset."""
        wire = await self.open(**options)
        try:
            yield wire
        finally:
            wire.end()

    async def once(self, method, target, body=None, **fields):
        async with self.wire() as wire:
            return await wire.request(method, target, body, **fields)

    async def pause(self, seconds):
        """That long, or until the end is near."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.ending.wait(), seconds)

    def since(self, life):
        """Was the server ended since that life?"""
        return self.server.lives != life or self.server.process.poll() is not None
