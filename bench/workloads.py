"""The tests: what the load generator is told for each, and what its figures mean."""
from dataclasses import dataclass

LINES = 1000  # messages in one POST of the test `lines`
BATCH = 100  # max= of the test drain16x100


@dataclass(frozen=True)
class Workload:
    """One run of the load generator: a test, or one point of a curve."""

    test: str
    point: int  # of a curve, 0 for other tests
    arguments: tuple  # lpload's mode and options
    connections: int
    parks: bool = False
    fills: bool = False  # the pushes are measured, and not the polls
    rests: bool = False  # both are: what a message costs that rests meanwhile
    batch: int = 0  # max= of the polls
    lines: int = 1  # messages in one POST

    @property
    def label(self):
        return f"{self.test}@{self.point}" if self.point else self.test

    def webdis_pool(self, max_polls):
        if self.parks:
            return min(self.connections, max_polls) + 1601
        return 65 if self.test == "pump1" else 4097

    def options_for(self, peer):
        """lpload's command line, without the process ids."""
        arguments = list(self.arguments)
        if self.parks:
            arguments += ["--conns", str(min(self.connections, peer.max_polls))]
        if peer.batches and self.lines > 1:
            arguments += ["--lines", str(self.lines)]
        queries = [peer.poll_query]
        if peer.batches and self.batch:
            queries.append(f"max={min(self.batch, peer.max_batch)}")
        query = "&".join(filter(None, queries))
        if query:
            arguments += ["--get", f"/messages/q%d?{query}"]
        if peer.batches and self.lines > 1:
            arguments += ["--post", "/messages/q%d?split=lines"]
        return [*arguments, *peer.load, "--port", str(peer.port),
                "--label", f"{peer.name}/{self.label}"]


def park(test, polls):
    arguments = ("park", "--hold", "1", "--wakes", "600", "--rate", "500", "--settle-max", "8",
                 "--max-s", "60")
    return Workload(test, 0, arguments, polls, parks=True)


def pump(test, pollers, publishers, window, point=0):
    arguments = ("pump", "--pollers", str(pollers), "--publishers", str(publishers),
                 "--window", str(window), "--seconds", "2", "--max-s", "60")
    return Workload(test, point, arguments, pollers)


def drain(test, messages, endpoints, pollers=16, point=0, more=(), publishers=4, **fields):
    arguments = ("drain", "--messages", str(messages), "--pollers", str(pollers),
                 "--endpoints", str(endpoints), "--publishers", str(publishers), "--max-s", "280",
                 "--drain-s", "120" if messages > 100_000 else "30", *more)
    return Workload(test, point, arguments, pollers, **fields)


TESTS = {
    "pump1": [pump("pump1", 1, 8, 32)],
    "pump64": [pump("pump64", 64, 32, 4)],
    "pump512": [pump("pump512", 512, 32, 2)],
    "drain16": [drain("drain16", 16_000, 16)],
    "drain16x100": [drain("drain16x100", 16_000, 16, batch=BATCH)],
    "rest64": [drain("rest64", 64_000, 64, 64, publishers=64, rests=True)],
    "rest512": [drain("rest512", 64_000, 512, 512, publishers=512, rests=True)],
    "lines": [drain("lines", 200_000, 100, 100, fills=True, batch=LINES, lines=LINES)],
    "park1k": [park("park1k", 1000)],
    "park5k": [park("park5k", 5000)],
    "park15k": [park("park15k", 15_000)],
    "curve-polls": [pump("curve-polls", polls, 32, 2, point=polls)
                    for polls in (1, 64, 512, 4096, 15_000)],
    "curve-endpoints": [drain("curve-endpoints", 100_000, endpoints, 64, endpoints, ("--rotate",))
                        for endpoints in (1, 10, 100, 1000, 10_000, 100_000)],
    "curve-backlog": [drain("curve-backlog", messages, 16, point=messages)
                      for messages in (1000, 10_000, 100_000, 1_000_000, 2_000_000)],
}
