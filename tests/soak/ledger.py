"""What honest clients pushed, got and settled: what the server's promises are held against.

A message is owed from the moment somebody begins to push it (a producer goes on until it is answered 201) until it is
settled. Where a client cannot know whether it settled a message (the connection broke before the answer came), the
message is unsure: it may come again, or not. Time is counted in polls begun, so that no verdict depends on how fast
anything was: a message is doubled when a poll gets it that was begun after its settlement had been answered."""
import collections
import enum

# A kill within 100 ms of a plain poll's settlement may bring that message back (README). A client learns of the
# settlement after the server has made it, or makes it (by closing) before the server sees it, as late as a busy
# machine lets it. Settlements by DELETE and ack= are never undone.
UNDONE_BY_KILL = 3.0


class State(enum.Enum):
    OWED, UNSURE, SETTLED = range(3)


class Message:
    """`body`: None once it is settled and answered 201. `asked`: when the poll that got it was sent."""

    __slots__ = ("endpoint", "name", "body", "content_type", "id", "state", "accepted", "plainly", "exempt",
                 "settled_at", "settled_time", "asked")

    def __init__(self, endpoint, name, body, content_type):
        self.endpoint, self.name, self.body, self.content_type = endpoint, name, body, content_type
        self.id, self.state, self.accepted, self.plainly, self.exempt = None, State.OWED, False, False, False
        self.settled_at = self.settled_time = self.asked = None


class Ledger:
    def __init__(self, clock, fault):
        """`clock()`: seconds, monotonic. `fault(kind, text)` is told what breaks a promise."""
        self.clock, self.fault = clock, fault
        self.messages = {}  # name → Message, all there ever were
        self.owed = collections.Counter()  # endpoint → messages
        self.order = collections.defaultdict(collections.deque)  # ordered endpoint → its messages, oldest first
        self.counts = collections.Counter()
        self.ends = []  # of the server, when
        self.polls = 0

    # ---- pushing
    def create(self, endpoint, producer, payload, content_type="text/plain", ordered=False):
        name = b"%s/%d/%d" % (endpoint.encode(), producer, self.counts["pushed"])
        message = Message(endpoint, name, name + b"|" + payload, content_type)
        self.messages[name] = message
        self.owed[endpoint] += 1
        self.counts["pushed"] += 1
        if ordered:
            self.order[endpoint].append(message)
        return message

    def pushed(self, message, id):
        message.accepted = True
        self.let_go(message)
        if message.id is None:
            message.id = id
        elif id is not None and message.id != id:
            self.fault("renamed", f"{message.name}: answered with id {id} after {message.id}")

    # ---- polling
    def poll_begins(self):
        self.polls += 1
        return self.polls

    def delivered(self, poll, asked, endpoint, body, id, content_type):
        """The message that the poll of that number, sent at `asked`, got; None when it is not one of ours."""
        self.counts["delivered"] += 1
        message = self.messages.get(body.split(b"|", 1)[0])
        if message is None or message.endpoint != endpoint:
            self.fault("strange", f"{endpoint} delivered {body[:60]!r}, which nobody pushed to it")
            return None
        if message.body is not None and (message.body != body or message.content_type != content_type):
            self.fault("mangled", f"{message.name}: {len(body)} bytes of {content_type}, "
                                  f"pushed were {len(message.body)} of {message.content_type}")
        if id is not None and message.id is not None and message.id != id:
            self.fault("renamed", f"{message.name}: pushed as {message.id}, delivered as {id}")
        if message.state is State.SETTLED and poll > message.settled_at:
            if message.plainly and any(message.asked <= end <= message.settled_time + UNDONE_BY_KILL
                                       for end in self.ends):
                self.counts["undone by a kill"] += 1
            else:
                ago = [f"{self.clock() - then:.2f}" for then in (message.asked, message.settled_time, *self.ends[-3:])]
                self.fault("doubled", f"{message.name} (id {message.id}): asked for {ago[0]} s ago, settled "
                                      f"{'plainly' if message.plainly else 'by its receipt'} {ago[1]} s ago, "
                                      f"last ends of the server {', '.join(ago[2:])} s ago")
        if message.state is not State.SETTLED:
            message.asked = asked
        return message

    def in_order(self, endpoint, messages):
        """What the only listener of an endpoint got in one answer while it held nothing else."""
        line = self.order[endpoint]
        while line and line[0].state is not State.OWED:
            line.popleft()
        due = (message for message in line if message.state is State.OWED and not message.exempt)
        for message in messages:
            if message.state is not State.OWED or message.exempt:
                continue
            expected = next(due)
            if message is not expected:
                self.fault("overtaken", f"{message.name} came, {expected.name} was due")
                return

    def forgive_order(self, endpoint):
        """Those that are owed now may come at any time: the store does not say when it has one back."""
        for message in self.order[endpoint]:
            message.exempt = True

    # ---- settling
    def settled(self, message, plainly):
        if message.state is State.SETTLED and not plainly and not message.plainly:
            self.fault("doubled", f"{message.name}: settled twice by receipts")
        self.leave(message, State.SETTLED)
        message.settled_at, message.settled_time, message.plainly = self.polls, self.clock(), plainly
        self.let_go(message)

    @staticmethod
    def let_go(message):
        """A message that nobody pushes or waits for keeps its place, should it come again, but not its bytes."""
        if message.accepted and message.state is State.SETTLED:
            message.body = None

    def unsure(self, message):
        if message.state is State.OWED:
            self.leave(message, State.UNSURE)

    def leave(self, message, state):
        if message.state is State.OWED:
            self.owed[message.endpoint] -= 1
        message.state = state

    def ended(self):
        """The server was killed, or stopped, just now."""
        self.ends.append(self.clock())

    def with_state(self, state):
        return [message for message in self.messages.values() if message.state is state]
