"""Clients that do harm as best they can. Their pushes go to endpoints that begin with `h`, which are swept, to some
`own-` that they empty themselves, or to `never`, where all must be refused; what they do to honest endpoints may hide a
message for a while but never settle one."""
import asyncio
import contextlib
import itertools
import json
import time

from framing import REFUSALS, shapes
from house import NEVER, ORDERED, SHARED
from servers import MAX_CONNECTIONS
from wire import PATIENCE, Gone, chunked, head

SHAPES = [shape.encode("latin-1") for shape in shapes()]
NAMES = ["h", "", ".", "..", ".x", "a/b", "%2e%2e", "x" * 129, "h.dead.dead", "%00", "%zz", "%", "h%20h", "\xe4", "h,h",
         ",", "h,", ",".join(f"h{i}" for i in range(65)), "%68-percent", "h?", "h#x"]
VALUES = ["", "0", "1", "-1", "0.001", "1e9", "1e999", "nan", "inf", "0x10", "99999999999999999999", "abc", "%00", "%",
          " 1", "204", "lines", "ndjson", "\xff", "a,b,c", ",", "A" * 22, "true"]
PARAMETERS = ["wait", "lease", "max", "ack", "empty", "delay", "ttl", "split", "peek", "id", "after", "prefix", 
              "redrive", "release", "retry", "dead", "leese", "_", "", "access_token", "envelope"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"]


class Hostile:
    """`attack()` does something; its name is what is counted. `unused`: names of endpoints that nobody has touched and
    nobody sweeps; a message that a killed server held comes back whenever its lease ends."""

    def __init__(self, house, random, number):
        self.house, self.random, self.own = house, random, f"h-{number}"
        self.unused = (f"own-{number}-{attempt}" for attempt in itertools.count())
        self.attacks = [self.half_a_head, self.half_a_body, self.slow_request, self.slow_reader, self.reset_anywhere,
                        self.half_close, self.pipeline, self.garbage, self.mutant, self.framing, self.framing,
                        self.many_endpoints, self.odd_query, self.odd_query, self.forgotten_lease,
                        self.made_up_receipts, self.broken_lines, self.key_abuse, self.prefer_abuse,
                        self.too_large, self.look_everywhere, self.dead_letters]

    async def run(self):
        while not self.house.ending.is_set():
            attack = self.random.choice(self.attacks)
            if self.random.random() < 0.002:
                attack = self.storm
            try:
                await attack()
            except Gone:
                await self.house.pause(0.02)
            self.house.attacks[attack.__name__.replace("_", " ")] += 1
            await self.house.pause(self.random.expovariate(1 / 0.05))

    # ---- the wire
    async def half_a_head(self):
        await self.part_of(head("POST", f"/messages/{NEVER}", b"x" * 10, X="y" * self.random.randint(0, 500)))

    async def half_a_body(self):
        body = b"half" * self.random.choice([2, 200, 20_000])
        if self.random.random() < 0.5:
            whole = head("POST", f"/messages/{NEVER}", body) + body
        else:
            whole = head("POST", f"/messages/{NEVER}", body, Transfer_Encoding="chunked") + chunked(body, self.random)
        await self.part_of(whole)

    async def part_of(self, whole):
        async with self.house.wire() as wire:
            await wire.send(whole[:self.random.randrange(1, len(whole))])
            await self.house.pause(self.random.choice([0, 0.1, 3]))
            self.random.choice([wire.reset, wire.end, wire.half_close])()

    async def slow_request(self):
        whole = head("GET", f"/messages/{self.own}?wait=0", X="y" * 100)
        async with self.house.wire() as wire:
            for byte in range(self.random.randrange(len(whole))):
                await wire.send(whole[byte:byte + 1])
                await self.house.pause(self.random.uniform(0, 0.05))
            wire.reset()

    async def slow_reader(self):
        """Takes a large message in small sips and breaks off: the message must be there for the next."""
        life, endpoint, body = self.house.server.lives, next(self.unused), self.random.randbytes(900_000)
        if (await self.house.once("POST", f"/messages/{endpoint}", body)).status != 201:
            return
        async with self.house.wire(receive_buffer=4096) as wire:
            await wire.send(head("GET", f"/messages/{endpoint}?wait=1"))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    while self.random.random() < 0.95:
                        await wire.some(self.random.randint(1, 512))
                        await asyncio.sleep(self.random.uniform(0, 0.1))
            wire.reset()
        give_up = time.monotonic() + PATIENCE  # it is there once the server has seen the reset
        while (answer := await self.house.once("GET", f"/messages/{endpoint}?wait=5")).status == 504:
            if time.monotonic() > give_up:
                break
        if (answer.status, answer.body) != (200, body) and not self.house.since(life):
            self.house.fault("lost", f"what a slow reader had left: {answer.status}, {len(answer.body)} bytes")

    async def reset_anywhere(self):
        async with self.house.wire() as wire:
            push, poll = head("POST", f"/messages/{self.own}", b"x"), head("GET", f"/messages/{self.own}?wait=3")
            await wire.send(push + b"x" + poll)
            await wire.read_for(self.random.uniform(0, 0.1), self.random.randint(1, 1000))
            wire.reset()

    async def half_close(self):
        async with self.house.wire() as wire:
            await wire.send(head("GET", f"/messages/{self.own}?wait=5"))
            wire.half_close()
            if not await wire.closed():
                self.house.fault("stalled", "a poll whose client had closed its sending side was kept")

    async def pipeline(self):
        """Answers come in the order of the requests, each of the right kind."""
        endpoint, kinds = f"{self.own}-pipeline", []
        batch = b""
        for _ in range(self.random.randint(2, 60)):
            method, target, body, statuses = self.random.choice([
                ("POST", endpoint, b"piped", {201}), ("HEAD", endpoint, None, {200}), ("DELETE", endpoint, None, {200}),
                ("GET", f"{endpoint}?wait=0", None, {200, 504}), ("GET", f"{endpoint}?leese=1", None, {400}),
                ("GET", f"{endpoint}?wait=0&max=9&empty=204", None, {200, 204}), ("PUT", endpoint, b"x", {405}),
                ("GET", f"{endpoint}?peek=5", None, {200})])
            kinds.append((method, target, statuses | {503}))
            batch += head(method, f"/messages/{target}", body) + (body or b"")
        async with self.house.wire() as wire:
            await wire.send(batch)
            if self.random.random() < 0.2:
                return wire.reset()
            for method, target, statuses in kinds:
                answer = await wire.answer(method)
                if answer.status not in statuses:
                    self.house.fault("out of turn", f"{answer.status} to a pipelined {method} {target}")

    async def garbage(self):
        await self.throw(self.random.randbytes(self.random.choice([1, 10, 1000, 20_000])))

    async def mutant(self):
        """An honest request with a few bytes changed, in its head or its framing."""
        body = b"mutant"
        whole = bytearray(head("POST", f"/messages/{self.own}?delay=1&_=2", body, Transfer_Encoding="chunked", X_Y="z",
                               Prefer="wait=1", Idempotency_Key="k") + chunked(body, self.random))
        for _ in range(self.random.randint(1, 4)):
            whole[self.random.randrange(len(whole))] = self.random.choice(b"\r\n\0 :,;%?&=0a\xff\t")
        await self.throw(bytes(whole))

    async def throw(self, bytes_sent):
        async with self.house.wire() as wire:
            await wire.send(bytes_sent)
            await wire.read_for(self.random.uniform(0, 0.2), 1000)
            wire.reset()

    async def framing(self):
        shape = self.random.choice(SHAPES)
        async with self.house.wire() as wire:
            await wire.send(shape)
            answer = await wire.answer()
            if answer.status not in REFUSALS:
                self.house.fault("let in", f"{answer.status} to {shape[:200]!r}")
            if not await wire.closed():
                self.house.fault("let in", f"the connection stayed open after {shape[:200]!r}")

    async def storm(self):
        """All connections that the server may have; honest clients wait to be accepted."""
        wires = []
        try:
            for _ in range(MAX_CONNECTIONS):
                wires.append(await self.house.open())
                if self.random.random() < 0.3:
                    await wires[-1].send(b"GET /messages/h-storm?wai")
            await self.house.pause(self.random.uniform(0, 1))
        finally:
            for wire in wires:
                self.random.choice([wire.reset, wire.end])()

    # ---- the protocol
    async def many_endpoints(self):
        async with self.house.wire() as wire:
            for _ in range(self.random.randint(1, 100)):
                name = f"h-{self.random.randrange(10**9)}"
                fields = self.random.choice([{}, {"Idempotency_Key": "k"}])
                await wire.request("POST", f"/messages/{name}", b"one of many", **fields)

    async def odd_query(self):
        pairs = "&".join(f"{self.random.choice(PARAMETERS)}={self.random.choice(VALUES)}"
                         for _ in range(self.random.randint(0, 3)))
        names = self.random.choice([*NAMES, self.own, f"{self.own}/{'A' * 22}"])
        method, body = self.random.choice(METHODS), self.random.choice([None, b"", b"odd", b'{"data":"odd"}'])
        async with self.house.wire() as wire:
            await wire.send(head(method, f"/messages/{names}?{pairs}", body) + (body or b""))
            await wire.read_for(0.3, 1000)
            wire.reset()

    async def forgotten_lease(self):
        """The only thing that is done to messages of honest clients."""
        query = f"wait=1&lease={self.random.uniform(0.1, 3):.1f}&max={self.random.randint(1, 5)}"
        async with self.house.wire() as wire:
            await wire.send(head("GET", f"/messages/{self.random.choice(SHARED)}?{query}"))
            await wire.read_for(self.random.uniform(0, 1), self.random.choice([1, 100, 100_000]))
            self.random.choice([wire.reset, wire.end])()

    async def made_up_receipts(self):
        endpoint = self.random.choice(SHARED + ORDERED)
        receipts = ["".join(self.random.choices("ABCabc019-_", k=21)) + "A"
                    for _ in range(self.random.randint(1, 200))]
        async with self.house.wire() as wire:
            for method, target in [("DELETE", receipts[0]), ("PATCH", f"{receipts[0]}?release=1"),
                                   ("PATCH", f"{receipts[0]}?dead=1"), ("DELETE", "short")]:
                answer = await wire.request(method, f"/messages/{endpoint}/{target}")
                if answer.status not in (400, 404, 410, 503):
                    self.house.fault("let in", f"{answer.status} to {method} of a made-up receipt")
            answer = await wire.request("GET", f"/messages/{self.own}-none?wait=0&ack={','.join(receipts)}")
            gone = set(answer.fields.get("pistachio-gone", "").split(","))
            if answer.status == 504 and gone != set(receipts):
                self.house.fault("let in", "made-up receipts in ack= that were not called gone")

    async def broken_lines(self):
        lines = [b'{"data":"x"}'] * self.random.randint(0, 50)
        lines.insert(self.random.randint(0, len(lines)), self.random.choice(
            [b"{", b"[]", b'{"data":1}', b'{"data_base64":"*"}', b'{}', b'{"data":"a","data_base64":"YQ=="}', b"\xff",
             b"[" * 5000, b'{"data":"x","delay":-1}', b'{"data":"x","ttl":"y"}',
             b'{"data":"x","content_type":"a\\r\\nb: c"}']))
        answer = await self.house.once("POST", f"/messages/{NEVER}?split=ndjson", b"\n".join(lines))
        if answer.status not in (400, 503):
            self.house.fault("let in", f"{answer.status} to lines of which one is broken: {lines!r:.200}")

    async def key_abuse(self):
        """One key, five pushes at once and another body: one message."""
        life, endpoint = self.house.server.lives, next(self.unused)
        key = "abuse" * self.random.randint(1, 51)
        pushes = [self.house.once("POST", f"/messages/{endpoint}", b"same", Idempotency_Key=key) for _ in range(5)]
        answers = await asyncio.gather(*pushes, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        other = await self.house.once("POST", f"/messages/{endpoint}", b"other", Idempotency_Key=key)
        purged = json.loads((await self.house.once("DELETE", f"/messages/{endpoint}")).body)
        replays = sum("idempotency-replayed" in answer.fields for answer in answers)
        seen = [answer.status for answer in answers], replays, other.status, purged
        if seen != ([201] * 5, 4, 422, {"purged": 1}) and not self.house.since(life):
            self.house.fault("let in", f"five pushes and a different one under one key: {seen}")
        for bad in ["", "k" * 256, "a\tb"]:
            answer = await self.house.once("POST", f"/messages/{NEVER}", b"bad key", Idempotency_Key=bad)
            if answer.status != 400:
                self.house.fault("let in", f"{answer.status} to the key {bad!r}")

    async def prefer_abuse(self):
        value = self.random.choice(["wait=0", "wait=-1", "wait", "wait=1, wait=2", "respond-async, wait=0;x=y", ",,,",
                                    ";;=", "wait=" + "9" * 400, "\"wait=0\"", "wait=\"0\"", "WAIT=0", "w" * 4000])
        async with self.house.wire() as wire:
            await wire.send(head("GET", f"/messages/{self.own}", Prefer=value))
            await wire.read_for(1, 10)
            wire.reset()

    async def too_large(self):
        async with self.house.wire() as wire:
            size = self.random.choice([1 << 20 | 1, 1 << 30, 1 << 62])
            await wire.send(head("POST", f"/messages/{NEVER}", Content_Length=str(size)))
            answer = await wire.answer("POST")
            if answer.status != 413:
                self.house.fault("let in", f"{answer.status} to a body that is too large")
            wire.reset()

    async def look_everywhere(self):
        """Looks at what is not theirs, which takes nothing."""
        async with self.house.wire() as wire:
            endpoint, most = self.random.choice(SHARED + ORDERED), self.random.randint(1, 1000)
            for target in [f"/{endpoint}?peek={most}", "", "?prefix=h-&after=h-5"]:
                answer = await wire.request("GET", f"/messages{target}")
                if answer.status not in (200, 503):
                    self.house.fault("refused", f"{answer.status} to a look at {target!r}")
            for target in ["/", "/metrics", "/readyz", "/nowhere", "//messages", "/messages/../messages"]:
                await wire.request("GET", target)

    async def dead_letters(self):
        async with self.house.wire() as wire:
            await wire.request("POST", f"/messages/{self.own}-dead", b"mortal")
            answer = await wire.request("GET", f"/messages/{self.own}-dead?wait=0&lease=1")
            if receipt := answer.fields.get("pistachio-receipt"):
                await wire.request("PATCH", f"/messages/{self.own}-dead/{receipt}?dead=1")
            await wire.request("POST", f"/messages/{self.own}-dead.dead?redrive=1", b"")


async def sweep(house, prefix):
    """Empties the endpoints whose names begin so, as far as one list of them tells."""
    listed = await house.once("GET", f"/messages?prefix={prefix}")
    if listed.status != 200:
        return
    async with house.wire() as wire:
        for endpoint in json.loads(listed.body)["endpoints"]:
            await wire.request("DELETE", f"/messages/{endpoint['name']}")


async def sweep_until_the_end(house):
    while not house.ending.is_set():
        await house.pause(2)
        try:
            await sweep(house, "h")
        except Gone:
            pass
