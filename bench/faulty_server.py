"""A long-polling queue that does wrong on purpose, and counts what it does: what verify.py holds the load
generator's own counts against. A thread for each connection; slow, and simple enough to trust."""
import collections
import json
import socket
import threading
import time
from urllib.parse import parse_qs, urlsplit

SEQUENCE_AT = slice(25, 35)  # of a payload, see bench/load/payload.h

# What happens to the messages whose sequence number ends so.
LOST, DOUBLED, HELD_BACK, REFUSED = 7, 21, 33, 55


class Held:
    """A message that lets the next one pass."""

    def __init__(self, message):
        self.message = message


class Reader:
    """Requests off a socket."""

    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def until(self, complete):
        while not complete(self.buffer):
            received = self.connection.recv(65536)
            if not received:
                raise ConnectionError("closed")
            self.buffer += received

    def request(self):
        """Method, target and body."""
        self.until(lambda buffer: b"\r\n\r\n" in buffer)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        request_line, *fields = head.split(b"\r\n")
        headers = {name.lower(): value for name, value in (field.split(b":", 1) for field in fields)}
        size = int(headers.get(b"content-length", 0))
        self.until(lambda buffer: len(buffer) >= size)
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        method, target, _ = request_line.decode().split(" ")
        return method, target, body


class FaultyServer:
    """`with FaultyServer(faults=True) as server:` it serves at `server.port`; `server.counts` says what it
    did. Without faults it is an honest queue. It also knows lease=, ack=, max= and split=lines, as far as
    the load generator uses them."""

    def __init__(self, faults):
        self.faults = faults
        self.counts = collections.Counter()
        self.queues = collections.defaultdict(collections.deque)
        self.unsettled = set()  # receipts
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        reader = Reader(connection)
        with connection:
            try:
                stays = True
                while stays:
                    method, target, body = reader.request()
                    path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
                    if method == "POST":
                        self.push(connection, path, query, body)
                    else:
                        stays = self.poll(connection, path, query)
            except OSError:
                pass

    def push(self, connection, path, query, body):
        messages = body.splitlines() if "split" in query else [body]
        status = b"201 Created"
        with self.changed:
            for message in messages:
                if not self.keep(self.queues[path], message):
                    status = b"503 Service Unavailable"
            self.changed.notify_all()
        connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    def keep(self, queue, message):
        """False when the push is to be refused."""
        fault = int(message[SEQUENCE_AT]) % 100 if self.faults else None
        if fault == LOST:
            self.counts["lost"] += 1
        elif fault == DOUBLED:
            self.counts["doubled"] += 1
            queue.extend([message, message])
        elif fault == HELD_BACK:
            queue.append(Held(message))
        elif fault == REFUSED:
            self.counts["refused"] += 1
            return False
        else:
            queue.append(message)
        return True

    def poll(self, connection, path, query):
        """Whether the connection stays open."""
        self.settle(query)
        messages = self.wait_for(self.queues[path], int(query.get("max", ["1"])[0]))
        if not messages:
            connection.sendall(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 3\r\n\r\nabc")
            return True
        headers, body = b"", messages[0]
        if "max" in query:
            body = b"".join(self.envelope(message, query) for message in messages)
        elif "lease" in query:
            headers = b"Pistachio-Receipt: " + self.receipt().encode() + b"\r\n"
        with self.changed:
            self.counts["answers"] += 1
            shape = self.counts["answers"] % 4 if self.faults else 0
        return self.answer(connection, shape, headers, body)

    def wait_for(self, queue, most):
        deadline = time.monotonic() + (0.2 if self.faults else 5)
        with self.changed:
            while True:
                self.let_pass(queue, deadline)
                if queue and not isinstance(queue[0], Held):
                    break
                if time.monotonic() >= deadline:
                    self.counts["empty"] += 1
                    return []
                self.changed.wait(0.01)
            messages = []
            while queue and not isinstance(queue[0], Held) and len(messages) < most:
                messages.append(queue.popleft())
            return messages

    def let_pass(self, queue, deadline):
        """Swaps a held message with its successor; without one it is let go before the poll ends."""
        if not queue or not isinstance(queue[0], Held):
            return
        if len(queue) > 1:
            held = queue.popleft()
            queue.insert(1, held.message)
            self.counts["out of order"] += 1
        elif time.monotonic() >= deadline - 0.02:
            queue[0] = queue[0].message

    def settle(self, query):
        for receipt in ",".join(query.get("ack", [])).split(","):
            if receipt:
                with self.changed:
                    self.counts["settled" if receipt in self.unsettled else "settled in vain"] += 1
                    self.unsettled.discard(receipt)

    def receipt(self):
        with self.changed:
            self.counts["leased"] += 1
            receipt = f"receipt-{self.counts['leased']:014d}"
            self.unsettled.add(receipt)
            return receipt

    def envelope(self, message, query):
        fields = {"id": "17", "data": message.decode()}
        if "lease" in query:
            fields["receipt"] = self.receipt()
        return json.dumps(fields, separators=(",", ":")).encode() + b"\n"

    def answer(self, connection, shape, headers, body):
        """In one of the ways in which HTTP lets a body end. Whether the connection stays open."""
        if shape == 0:
            connection.sendall(b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n%s" % (headers, len(body), body))
            return True
        if shape == 1:
            self.dribble(connection, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                         b"\r\n\r\n%x;q=1\r\n%s\r\n%X\r\n%s\r\n0\r\nT: v\r\n\r\n"
                         % (10, body[:10], len(body) - 10, body[10:]))
            return True
        self.counts["closed"] += 1
        if shape == 2:
            connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                               % (len(body), body))
        else:
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)
        return False

    def dribble(self, connection, answer):
        for start in range(0, len(answer), 37):
            connection.sendall(answer[start:start + 37])
            time.sleep(0.0001)
