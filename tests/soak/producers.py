"""Honest producers: each pushes a message in some way under a key and does not rest until it is answered 201."""
import asyncio
import base64
import json

from wire import Gone, chunked, head

WINDOW = 60  # messages owed of an endpoint, beyond which its producers wait for its listeners
TYPES = ["text/plain", "application/octet-stream", "application/json", "image/png"]
HEALS = {408, 429, 503, 507}


class Producer:
    def __init__(self, house, endpoint, number, random):
        self.house, self.endpoint, self.number, self.random = house, endpoint, number, random
        self.ordered = endpoint.startswith("ordered")
        self.target = f"/messages/{endpoint}"
        self.wire = None

    async def run(self):
        ways = [self.plain] * 8 + [self.in_chunks, self.after_continue, self.piecemeal, self.torn, self.unheard,
                                   self.twice, self.lines, self.ndjson]
        if not self.ordered:
            ways.append(self.later)
        while not self.house.ending.is_set():
            if self.house.ledger.owed[self.endpoint] > WINDOW:
                await self.house.pause(0.02)
                continue
            await self.random.choice(ways)()
            await self.house.pause(self.random.expovariate(1 / 0.03))
        self.drop()

    # ---- ways to push
    async def plain(self):
        message = self.message(self.random.choice(TYPES))
        await self.until_taken([message], self.target, message.body, Producer.send_at_once)

    async def in_chunks(self):
        message = self.message()
        await self.until_taken([message], self.target, message.body, Producer.send_chunks)

    async def after_continue(self):
        message = self.message()
        await self.until_taken([message], self.target, message.body, Producer.send_after_continue)

    async def piecemeal(self):
        message = self.message()
        await self.until_taken([message], self.target, message.body, Producer.send_piecemeal)

    async def torn(self):
        """A connection that ends anywhere in the request, then the whole."""
        message = self.message()
        request = self.request(self.target, message, message.body)
        await self.spoil(request[:self.random.randrange(len(request))])
        await self.until_taken([message], self.target, message.body, Producer.send_at_once)

    async def unheard(self):
        """All of the request, but nobody stays for the answer; then again."""
        message = self.message()
        await self.spoil(self.request(self.target, message, message.body))
        await self.until_taken([message], self.target, message.body, Producer.send_at_once)

    async def twice(self):
        """The same push on two connections at once."""
        message = self.message()
        other = Producer(self.house, self.endpoint, self.number, self.random)
        await asyncio.gather(*(producer.until_taken([message], self.target, message.body, Producer.send_at_once)
                               for producer in (self, other)))
        other.drop()

    async def later(self):
        message = self.message()
        await self.until_taken([message], f"{self.target}?delay={self.random.uniform(0.01, 1):.3f}", message.body,
                               Producer.send_at_once)

    async def lines(self):
        messages = [self.message(text=True) for _ in range(self.random.randint(1, 8))]
        body = self.random.choice([b"\n", b"\r\n"]).join(message.body for message in messages)
        await self.until_taken(messages, f"{self.target}?split=lines", body, Producer.send_at_once)

    async def ndjson(self):
        messages = [self.message(self.random.choice(TYPES)) for _ in range(self.random.randint(1, 8))]
        body = b"\n".join(json.dumps({"data_base64": base64.b64encode(message.body).decode(),
                                      "content_type": message.content_type}).encode() for message in messages)
        await self.until_taken(messages, f"{self.target}?split=ndjson", body, Producer.send_at_once)

    # ---- how
    def message(self, content_type="text/plain", text=False):
        size = self.random.choice([0, 10, 100, 100, 100, 1000, 20_000] + [200_000] * (self.random.random() < 0.1))
        payload = self.random.randbytes(size)
        if text:
            payload = payload[:1000].hex().encode()
        return self.house.ledger.create(self.endpoint, self.number, payload, content_type, self.ordered)

    def request(self, target, message, body, **fields):
        if message.content_type != "text/plain" and "split" not in target:
            fields["Content_Type"] = message.content_type
        return head("POST", target, body, Idempotency_Key=message.name.decode(), **fields) + body

    async def until_taken(self, messages, target, body, send):
        """Pushes `body`, which is these messages, under the first one's name until it is answered 201."""
        while True:
            try:
                if self.wire is None:
                    self.wire = await self.house.open()
                await send(self, target, messages[0], body)
                answer = await self.wire.answer("POST")
            except Gone:
                self.drop()
                await asyncio.sleep(self.random.uniform(0.01, 0.1))
                continue
            if answer.status == 201:
                break
            if answer.status not in HEALS:
                self.house.fault("refused", f"POST {target} of {messages[0].name} by {send.__name__}: {answer.status} "
                                            f"{answer.body[:300]!r}")
            if answer.fields.get("connection") == "close":
                self.drop()
            await asyncio.sleep(0.05)
        answered = json.loads(answer.body)
        if len(messages) > 1 and answered["count"] != len(messages):
            self.house.fault("miscounted", f"{len(messages)} messages were pushed at once, answered {answered}")
        ids = [answered.get("id", answered.get("first_id"))] + [None] * (len(messages) - 1)
        for message, id in zip(messages, ids):
            self.house.ledger.pushed(message, id)
        if len(messages) > 1:
            self.house.ledger.pushed(messages[-1], answered.get("last_id"))

    async def send_at_once(self, target, message, body):
        await self.wire.send(self.request(target, message, body))

    async def send_chunks(self, target, message, body):
        await self.wire.send(head("POST", target, body, Idempotency_Key=message.name.decode(),
                                  Transfer_Encoding="chunked") + chunked(body, self.random))

    async def send_after_continue(self, target, message, body):
        request = self.request(target, message, body, Expect="100-continue")
        await self.wire.send(request[:-len(body)])
        await self.wire.begun()  # with the 100, or the final answer of a push that needs no body
        if self.wire.buffer.startswith(b"HTTP/1.1 100"):
            await self.wire.send(body)

    async def send_piecemeal(self, target, message, body):
        request = self.request(target, message, body)
        cuts = sorted(self.random.randrange(len(request)) for _ in range(self.random.randint(1, 6)))
        for begin, end in zip([0] + cuts, cuts + [len(request)]):
            await self.wire.send(request[begin:end])
            await asyncio.sleep(self.random.uniform(0, 0.02))

    async def spoil(self, bytes_sent):
        try:
            wire = await self.house.open()
            await wire.send(bytes_sent)
            await asyncio.sleep(self.random.choice([0, self.random.uniform(0, 0.05)]))
        except Gone:
            return
        self.random.choice([wire.reset, wire.end])()

    def drop(self):
        if self.wire is not None:
            self.wire.end()
            self.wire = None
