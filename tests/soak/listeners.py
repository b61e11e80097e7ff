"""Honest listeners: they take messages in every way there is, die at random moments, and tell the ledger exactly what
they know of each message."""
import asyncio
import base64
import json
import time

from wire import Gone, head

# A plain poll's message is given back when the connection is reset within a second after the client's TCP has
# acknowledged it. A client that resets within this time after it asked is certainly inside of that second.
IN_TIME = 0.8
LEASE = 5
SHORT_LEASE = 1


class Taken:
    """A message in somebody's hands, certainly until `until` in that life of the server."""

    def __init__(self, message, endpoint, receipt, until, life):
        self.message, self.endpoint, self.receipt, self.until, self.life = message, endpoint, receipt, until, life


class Listener:
    def __init__(self, house, names, random):
        self.house, self.names, self.random, self.ledger = house, names, random, house.ledger
        self.ordered = names[0].startswith("ordered")
        self.wire = None
        self.on_wire = []  # plainly taken; the next request on this connection settles them
        self.stopping = False

    async def run(self):
        gentle = [self.next_request] * 3 + [self.end, self.by_delete, self.by_delete, self.by_ack, self.release,
                                            self.renew, self.batch_by_ack, self.batch_plain]
        rough = [self.reset, self.dies_leased, self.forgets, self.retry]
        reckless = [self.torn_answer, self.dead_and_back, self.lingers]  # where nobody can say what was taken
        ways = gentle + rough + ([] if self.ordered else reckless)
        while not self.stopping:
            way = self.random.choice(ways)
            try:
                await way()
                if self.ordered and way in rough:
                    await self.until_back()
            except Gone:
                await asyncio.sleep(self.random.uniform(0.01, 0.1))
                if self.ordered:
                    await self.until_back()
        self.drop()

    # ---- plainly
    async def next_request(self):
        if await self.take():
            await self.ask("HEAD", self.random.choice(self.names))

    async def batch_plain(self):
        if await self.take(max=self.random.randint(1, 10)):
            await self.ask("HEAD", self.names[0])

    async def end(self):
        if await self.take():
            self.drop()

    async def reset(self):
        await self.take(wait=0.3)
        self.break_off()

    async def lingers(self):
        """Longer than a second: received, but no client can know by how much it was."""
        if await self.take():
            await asyncio.sleep(self.random.uniform(0.7, 2))
            self.break_off()

    async def torn_answer(self):
        """A connection that ends somewhere in the answer. When it was not in time for certain, the rest is read."""
        if self.on_wire:
            await self.ask("HEAD", self.names[0])
        if self.wire is None:
            self.wire = await self.house.open()
        poll = self.ledger.poll_begins()
        target = self.target(",".join(self.names), wait=0.2)
        try:
            await self.wire.send(head("GET", target))
            await self.wire.read_for(self.random.uniform(0, 0.2), self.random.randint(0, 2000))
            if time.monotonic() - self.wire.sent < IN_TIME:
                self.wire.reset()
                self.wire = None
                return
            answer = await self.wire.answer()
        except Gone:
            self.lose([])
            raise
        self.on_wire = [taken.message for taken in self.read(poll, answer)]

    # ---- by receipts
    async def by_delete(self):
        for taken in await self.take(lease=LEASE):
            await self.settle(taken)

    async def renew(self):
        for taken in await self.take(lease=LEASE):
            await self.on_receipt("PATCH", taken, lease=2 * LEASE)
            taken.until = self.wire.sent + 2 * LEASE if self.wire else 0
            await self.settle(taken)

    async def by_ack(self):
        """Each answer settles on the next poll; the last one by DELETE, as the reference client does."""
        held = await self.take(lease=LEASE)
        for _ in range(self.random.randint(0, 5)):
            held = await self.take(acks=held, lease=LEASE)
        for taken in held:
            await self.settle(taken)

    async def batch_by_ack(self):
        held = await self.take(lease=LEASE, max=self.random.randint(1, 30))
        if self.random.random() < 0.5:
            for taken in held:
                await self.settle(taken)
        elif held:
            for taken in await self.take(acks=held, lease=LEASE):
                await self.settle(taken)

    async def release(self):
        await self.give_back(release=1)

    async def retry(self):
        await self.give_back(retry=0.02)

    async def give_back(self, **wish):
        for taken in await self.take(lease=LEASE):
            await self.on_receipt("PATCH", taken, **wish)

    async def dead_and_back(self):
        for taken in await self.take(lease=LEASE):
            await self.on_receipt("PATCH", taken, dead=1)
            await self.ask("POST", f"{taken.endpoint}.dead", body=b"", redrive=1)

    async def dies_leased(self):
        """Between the answer and its settlement."""
        await self.take(lease=SHORT_LEASE)
        self.break_off()

    async def forgets(self):
        await self.take(lease=SHORT_LEASE, max=self.random.choice([1, 1 if self.ordered else 5]))

    # ---- how
    async def take(self, acks=(), **wishes):
        """What a poll got. `acks`, taken before, are settled by it."""
        wishes = {"wait": self.random.choice([0, 0.1, 1, 2])} | wishes
        if acks:
            wishes["ack"] = ",".join(taken.receipt for taken in acks)
        if empty := self.random.random() < 0.3:
            wishes["empty"] = 204
        poll = self.ledger.poll_begins()
        answer = await self.ask("GET", ",".join(self.names), acks=acks, **wishes)
        if answer.status == (204 if empty else 504):
            if "pistachio-wait" not in answer.fields:
                self.house.fault("not ours", "an empty answer without Pistachio-Wait")
            return []
        if answer.status != 200:
            if answer.status != 503:
                self.house.fault("refused", f"poll with {wishes}: {answer.status} {answer.body[:300]!r}")
            return []
        held = self.read(poll, answer, wishes.get("lease", 0))
        if "lease" not in wishes:
            self.on_wire = [taken.message for taken in held]
            if self.wire is None:
                self.drop()  # the server had ended the connection, and so have we
        return held

    def read(self, poll, answer, lease=0):
        """What a 200 brought."""
        if answer.status != 200:
            return []
        fields = answer.fields
        endpoint = fields.get("pistachio-endpoint", self.names[0])
        kind = fields["content-type"]
        if kind == "application/x-ndjson":
            found = [(line["endpoint"], base64.b64decode(line["data_base64"]) if "data_base64" in line
                      else line["data"].encode(), line["id"], line["content_type"], line.get("receipt"))
                     for line in map(json.loads, answer.body.splitlines())]
        else:
            found = [(endpoint, answer.body, fields["pistachio-id"], kind, fields.get("pistachio-receipt"))]
        held = []
        for endpoint, body, id, content_type, receipt in found:
            message = self.ledger.delivered(poll, answer.sent, endpoint, body, id if self.house.names_stay else None,
                                            content_type)
            if message is not None:
                held.append(Taken(message, endpoint, receipt, answer.sent + lease, self.house.server.lives))
        if self.ordered:
            self.ledger.in_order(endpoint, [taken.message for taken in held])
        return held

    async def settle(self, taken):
        answer = await self.on_receipt("DELETE", taken)
        if answer.status == 204:
            self.ledger.settled(taken.message, plainly=False)

    async def on_receipt(self, method, taken, **wish):
        try:
            answer = await self.ask(method, f"{taken.endpoint}/{taken.receipt}", **wish)
        except Gone:
            if method == "DELETE":
                self.ledger.unsure(taken.message)
            raise
        if answer.status not in (204, 410, 503):
            self.house.fault("refused", f"{method} of a receipt: {answer.status} {answer.body[:300]!r}")
        if answer.status == 410 and answer.read < taken.until and not self.house.since(taken.life):
            self.house.fault("cut short", f"a lease that had {taken.until - answer.read:.2f} s to go")
        if answer.status == 503 and method == "DELETE":
            self.ledger.unsure(taken.message)
        return answer

    async def ask(self, method, names, acks=(), body=None, **query):
        """One request on the kept connection. Its answer settles what the one before brought, and `acks`."""
        if self.wire is None:
            self.wire = await self.house.open()
        try:
            answer = await self.wire.request(method, self.target(names, **query), body)
        except Gone:
            self.lose(acks)
            raise
        for message in self.on_wire:
            self.ledger.settled(message, plainly=True)
        self.on_wire = []
        gone = answer.fields.get("pistachio-gone", "").split(",")
        for taken in acks:
            if answer.status not in (200, 204, 504):
                self.ledger.unsure(taken.message)
            elif taken.receipt not in gone:
                self.ledger.settled(taken.message, plainly=False)
        if answer.fields.get("connection") == "close":
            self.drop()
        return answer

    @staticmethod
    def target(names, **query):
        return f"/messages/{names}" + "?&"[:bool(query)] + "&".join(f"{name}={value}" for name, value in query.items())

    def lose(self, acks):
        """The connection broke while a request was under way that would have settled these."""
        for message in [*self.on_wire, *(taken.message for taken in acks)]:
            self.ledger.unsure(message)
        self.on_wire = []
        self.drop()

    def break_off(self):
        """Resets. What was taken plainly must come again, provided that it was in time for certain."""
        if self.wire is None:
            return
        in_time = time.monotonic() - self.wire.sent < IN_TIME
        self.wire.reset()
        self.wire = None
        if not in_time:
            for message in self.on_wire:
                self.ledger.unsure(message)
        self.on_wire = []

    def drop(self):
        """In order, which settles what was taken plainly."""
        if self.wire is not None:
            self.wire.end()
            self.wire = None
        for message in self.on_wire:
            self.ledger.settled(message, plainly=True)
        self.on_wire = []

    async def until_back(self):
        """Order is promised once the server knows what has ended: until it holds nothing for anybody."""
        if not self.house.tells_leases:
            return self.ledger.forgive_order(self.names[0])
        while True:
            try:
                counts = json.loads((await self.house.once("GET", f"/messages?prefix={self.names[0]}")).body)
            except Gone:
                counts = None
            if counts and not any(endpoint["leased"] or endpoint["delayed"] for endpoint in counts["endpoints"]):
                return
            await asyncio.sleep(0.05)
