"""Tables of results: medians over the rounds, and ratios to the floor's run of the same round."""
import statistics
from dataclasses import dataclass

FAULTS = ("lost", "dup", "out_of_order", "misrouted", "corrupt", "bad_get", "bad_post", "gone")


@dataclass(frozen=True)
class Result:
    """One run: which, in which round, and what lpload printed."""

    peer: object
    workload: object
    round: int
    figures: dict


class Results:
    def __init__(self, results):
        self.results = results
        # In the order of the first round.
        self.peers = list(dict.fromkeys(result.peer for result in results))
        self.workloads = list(dict.fromkeys(result.workload for result in results))

    def of(self, peer, workload):
        """By round, what lpload printed."""
        return {result.round: result.figures for result in self.results
                if result.peer.name == peer and result.workload == workload}

    def median(self, peer, workload, figure):
        """Over the rounds; None where it was not measured."""
        values = [run[figure] for run in self.of(peer, workload).values() if figure in run]
        return statistics.median(values) if values else None

    def ratios(self, peer, workload, figure):
        """To the floor, round by round: only what was measured in turn may be compared."""
        ours, floors = self.of(peer, workload), self.of("floor", workload)
        return [ours[number][figure] / floors[number][figure] for number in ours
                if number in floors and floors[number].get(figure)]

    def faults(self, peer, workload):
        """What went wrong in all rounds together, as text; empty when nothing did."""
        runs = self.of(peer, workload).values()
        sums = {fault: sum(max(0, run.get(fault, 0)) for run in runs) for fault in FAULTS}
        words = [f"{fault} {count}" for fault, count in sums.items() if count]
        incomplete = sum(run.get("complete") == 0 for run in runs)
        return ", ".join(words + [f"{incomplete} × incomplete"] * bool(incomplete))


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def pair(first, second):
    return f"{number(first)} / {number(second)}"


def ratio(values):
    if not values:
        return "–"
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def rows(header, lines):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def cost_of(workload):
    if workload.rests:
        return "whole_cpu_us_per_msg"
    return "fill_cpu_us_per_msg" if workload.fills else "cpu_us_per_msg"


def rate_of(workload):
    return "fill_per_s" if workload.fills or workload.rests else "msgs_per_s"


# How much of its CPU the generator used (near 100: messages/s is what it could do, not the server), and for
# how much of the time the server and it had to wait for a CPU (over a few per cent: something else ran).
CIRCUMSTANCES = ("generator busy %", "waited for CPU %")


def circumstances(workload, median):
    half = "fill_" if workload.fills or workload.rests else ""
    busy, server, own = (median(half + figure)
                         for figure in ("client_cpu_util", "server_runq_wait", "client_runq_wait"))
    return number(busy * 100), f"{number(server * 100)} / {number(own * 100)}"


def messages_table(results, workloads):
    """pump, drain, rest, lines."""
    def line(workload, peer):
        def median(figure):
            return results.median(peer.name, workload, figure)
        cost = cost_of(workload)
        return [workload.label, peer.title, number(median(cost), 1),
                ratio(results.ratios(peer.name, workload, cost)), number(median(rate_of(workload))),
                pair(median("e2e_p50_us"), median("e2e_p99_us")),
                *circumstances(workload, median), results.faults(peer.name, workload) or "none",
                str(len(results.of(peer.name, workload)))]

    return rows(["test", "server", "CPU µs/message", "× floor (min–max)", "messages/s", "p50 / p99 µs",
                 *CIRCUMSTANCES, "faults", "runs"],
                [line(workload, peer) for workload in workloads for peer in results.peers
                 if results.of(peer.name, workload)])


def parks_table(results, workloads):
    def line(workload, peer):
        def median(figure):
            return results.median(peer.name, workload, figure)
        return [workload.label, peer.title, number(median("parked")), number(median("pss_bytes_per_conn")),
                pair(median("wake_p50_us"), median("wake_p99_us")),
                ratio(results.ratios(peer.name, workload, "wake_p50_us")),
                number(median("wake_cpu_us_per_msg"), 1), number(median("idle_cpu_pct"), 2),
                circumstances(workload, median)[1], results.faults(peer.name, workload) or "none",
                str(len(results.of(peer.name, workload)))]

    return rows(["test", "server", "polls parked", "PSS B/poll", "wake p50 / p99 µs", "p50 × floor (min–max)",
                 "CPU µs/wake", "idle CPU %", CIRCUMSTANCES[1], "faults", "runs"],
                [line(workload, peer) for workload in workloads for peer in results.peers
                 if results.of(peer.name, workload)])


# The figures that a curve is drawn of, with the digits that mean something.
CURVES = {
    "curve-polls": [("CPU µs/message", "cpu_us_per_msg", 1)],
    "curve-endpoints": [("push, CPU µs", "fill_cpu_us_per_msg", 1), ("poll, CPU µs", "cpu_us_per_msg", 1)],
    "curve-backlog": [("push, CPU µs", "fill_cpu_us_per_msg", 1), ("poll, CPU µs", "cpu_us_per_msg", 1),
                      ("PSS B/message", "pss_bytes_per_msg", 0)],
}


def curve_table(results, test, points):
    def cell(peer, point, figure, digits):
        median = results.median(peer.name, point, figure)
        values = results.ratios(peer.name, point, figure)
        times = f" ({statistics.median(values):.2f} ×)" if values and peer.name != "floor" else ""
        return number(median, digits) + times

    lines = [[peer.title, title, *(cell(peer, point, figure, digits) for point in points),
              "; ".join(filter(None, (results.faults(peer.name, point) for point in points))) or "none"]
             for peer in results.peers for title, figure, digits in CURVES[test]
             if any(results.of(peer.name, point) for point in points)]
    return rows([test, "", *(number(point.point) for point in points), "faults"], lines)


def curve_tables(results):
    """A table for each curve of which points were measured."""
    points = {test: [workload for workload in results.workloads if workload.test == test] for test in CURVES}
    return [curve_table(results, test, points[test]) for test in CURVES if points[test]]


def full(results):
    """Every figure, a table for each kind of test."""
    simple = [workload for workload in results.workloads if not workload.point]
    messages = [workload for workload in simple if not workload.parks]
    parks = [workload for workload in simple if workload.parks]
    tables = []
    if messages:
        tables.append(messages_table(results, messages))
    if parks:
        tables.append(parks_table(results, parks))
    return "\n\n".join("\n".join(table) for table in tables + curve_tables(results))


# What a reader of README.md wants to know: (row, test, figures, digits).
README_ROWS = [
    ("CPU per message, 64 pollers, µs", "pump64", ["cpu_us_per_msg"], 1),
    ("CPU per message, 512 pollers, µs", "pump512", ["cpu_us_per_msg"], 1),
    ("CPU per message, draining a backlog, µs", "drain16", ["cpu_us_per_msg"], 1),
    ("the same, 100 messages to a poll, µs", "drain16x100", ["cpu_us_per_msg"], 1),
    ("CPU per pushed message, 1,000 lines to a POST, µs", "lines", ["fill_cpu_us_per_msg"], 1),
    ("messages/s, 512 pollers", "pump512", ["msgs_per_s"], 0),
    ("end to end p50 / p99, 64 pollers, µs", "pump64", ["e2e_p50_us", "e2e_p99_us"], 0),
    ("memory per parked poll, 15,000 parked, bytes", "park15k", ["pss_bytes_per_conn"], 0),
    ("wake-up p50 / p99, 15,000 parked, µs", "park15k", ["wake_p50_us", "wake_p99_us"], 0),
    ("CPU while 15,000 wait, %", "park15k", ["idle_cpu_pct"], 2),
]


def for_readme(results):
    """A column for each server; beside CPU figures, the ratio to the floor. Then the curves."""
    workloads = {workload.label: workload for workload in results.workloads}

    def cell(peer, workload, figures, digits):
        text = " / ".join(number(results.median(peer.name, workload, figure), digits) for figure in figures)
        ratios = results.ratios(peer.name, workload, figures[0])
        if ratios and figures[0].endswith("cpu_us_per_msg") and peer.name != "floor":
            text += f" ({statistics.median(ratios):.2f} ×)"
        return text

    lines = [[title, *(cell(peer, workloads[test], figures, digits) for peer in results.peers)]
             for title, test, figures, digits in README_ROWS if test in workloads]
    summary = [rows(["", *(peer.title for peer in results.peers)], lines)] if lines else []
    return "\n\n".join("\n".join(table) for table in summary + curve_tables(results))
