"""HTTP on a socket that can be treated as badly as a socket can be: half-sent, read slowly, ended in order or reset.
Nothing is pooled or repeated behind the caller's back; answers are read strictly."""
import asyncio
import socket
import struct
import time

PATIENCE = 120  # seconds until a server that does not answer counts as one that stands still


class Gone(Exception):
    """The connection could not be made, or ended before the answer was whole."""


class Answer:
    """`fields`: names in lower case. `sent`, `read`: when the request left and the answer was whole, monotonic."""

    def __init__(self, status, fields, body, sent):
        self.status, self.fields, self.body, self.sent, self.read = status, fields, body, sent, time.monotonic()


class Wire:
    """One connection. `saw(status)` is told every final answer's status, `stalled(what)` what was not answered within
    PATIENCE."""

    def __init__(self, connection, saw, stalled):
        self.socket, self.buffer, self.saw, self.stalled, self.sent = connection, b"", saw, stalled, 0.0
        self.last = b""  # what was sent, its beginning
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, port, saw, stalled, receive_buffer=None):
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        except BaseException as cause:
            connection.close()
            if isinstance(cause, (OSError, TimeoutError)):
                raise Gone(f"connect: {cause}") from cause
            raise
        return cls(connection, saw, stalled)

    async def send(self, data):
        self.sent, self.last = time.monotonic(), data[:150] or self.last
        try:
            async with asyncio.timeout(PATIENCE):
                await self.loop.sock_sendall(self.socket, data)
        except TimeoutError as cause:
            self.stalled("a request was not read")
            raise Gone("send: stalled") from cause
        except OSError as cause:
            raise Gone(f"send: {cause}") from cause

    async def some(self, size=65536):
        """Up to `size` bytes off the socket; none when the other side has closed in order. When it is cancelled nothing
        that was read is lost, as it may be with loop.sock_recv."""
        while True:
            try:
                return self.socket.recv(size)
            except BlockingIOError:
                await self.readable()
            except OSError as cause:
                raise Gone(f"receive: {cause}") from cause

    async def readable(self):
        ready = self.loop.create_future()
        self.loop.add_reader(self.socket, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            self.loop.remove_reader(self.socket)

    async def more(self):
        received = await self.some()
        if not received:
            raise Gone("closed")
        self.buffer += received

    async def read_for(self, seconds, size):
        """Up to `size` bytes of what comes within that time; fewer when the other side has closed in order."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.buffer) < size and (received := await self.some()):
                    self.buffer += received
        except TimeoutError:
            pass

    async def begun(self):
        """Until a head is there, interim or final."""
        try:
            async with asyncio.timeout(PATIENCE):
                while b"\r\n\r\n" not in self.buffer:
                    await self.more()
        except TimeoutError as cause:
            self.stalled("no head of an answer")
            raise Gone("stalled") from cause

    async def answer(self, method="GET"):
        """The next final answer; to a `method` that says whether it has a body."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.whole_answer(method)
        except TimeoutError as cause:
            self.stalled(f"no answer to {self.last!r}")
            raise Gone("stalled") from cause

    async def whole_answer(self, method):
        while True:
            while (end := self.buffer.find(b"\r\n\r\n")) < 0:
                await self.more()
            lines = self.buffer[:end].decode("latin-1").split("\r\n")
            self.buffer = self.buffer[end + 4:]
            status = int(lines[0].split(" ")[1])
            if status >= 200:
                break
        fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        size = 0 if method == "HEAD" or status == 204 else int(fields["content-length"])
        while len(self.buffer) < size:
            await self.more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        self.saw(status)
        return Answer(status, fields, body, self.sent)

    async def request(self, method, target, body=None, **fields):
        await self.send(head(method, target, body, **fields) + (body or b""))
        return await self.answer(method)

    async def closed(self):
        """True when the other side ends the connection, whatever it says before."""
        try:
            async with asyncio.timeout(PATIENCE):
                while await self.some():
                    pass
        except TimeoutError:
            return False
        except Gone:
            pass
        return True

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as cause:
            raise Gone(f"shutdown: {cause}") from cause

    def end(self):
        """In order, provided that everything has been read."""
        self.socket.close()

    def reset(self):
        """At once: nothing more is waited for between the caller's last look and the RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def head(method, target, body=None, **fields):
    """`Idempotency_Key="k"` becomes `Idempotency-Key: k`."""
    lines = [f"{method} {target} HTTP/1.1", "Host: soak"]
    if body is not None and "Transfer_Encoding" not in fields:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunked(body, random):
    """In pieces of random sizes."""
    pieces, at = [], 0
    while at < len(body):
        piece = body[at:at + random.randint(1, max(1, len(body) // 2))]
        pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        at += len(piece)
    return b"".join(pieces) + b"0\r\n\r\n"
