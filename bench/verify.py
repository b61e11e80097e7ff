#!/usr/bin/env python3
"""verify.py LPLOAD: holds the load generator's accounting against a server that counts its own faults."""
import json
import subprocess
import sys

from faulty_server import FaultyServer

failures = []


def check(what, generator, server):
    agree = generator == server
    print("  ok " if agree else "  BAD", f"{what}: the generator says {generator}, the server {server}")
    if not agree:
        failures.append(what)


def run(server, *options):
    command = [sys.argv[1], *options, "--port", str(server.port)]
    load = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(load.stdout)


def an_honest_server_has_no_faults():
    with FaultyServer(faults=False) as server:
        run_ = run(server, "pump", "--pollers", "4", "--publishers", "2", "--seconds", "2", "--size", "200")
    for fault in ("lost", "dup", "out_of_order", "bad_post", "bad_get", "corrupt", "misrouted", "reconnects"):
        check(fault, run_[fault], 0)
    check("delivered, of sent", run_["delivered"], run_["sent"])


def every_fault_is_counted():
    with FaultyServer(faults=True) as server:
        run_ = run(server, "pump", "--pollers", "4", "--publishers", "1", "--seconds", "4", "--size", "200",
                   "--reclaim-ms", "300", "--drain-s", "3")
        counts = server.counts.copy()
    check("lost", run_["lost"], counts["lost"])
    check("doubled", run_["dup"], counts["doubled"])
    check("out of order", run_["out_of_order"], counts["out of order"])
    check("refused", run_["bad_post"], counts["refused"])
    check("reconnects", run_["reconnects"], counts["closed"])
    check("corrupt", run_["corrupt"], 0)
    check("connection errors", run_["conn_errors"], 0)
    # The server may have answered the last four polls when the generator had already left.
    check("empty polls, within four", 0 <= counts["empty"] - run_["empty_polls"] <= 4, True)


def a_backlog_comes_out_whole():
    with FaultyServer(faults=False) as server:
        small = run(server, "drain", "--messages", "3000", "--pollers", "3", "--size", "5000")
    with FaultyServer(faults=False) as server:  # another: in the first, polls still wait
        large = run(server, "drain", "--messages", "20", "--pollers", "1", "--size", "400000")
    check("3000 messages of 5 kB", small["delivered"], 3000)
    check("duplicates", small["dup"], 0)
    check("20 messages of 400 kB", large["delivered"], 20)
    check("corrupt", large["corrupt"], 0)


def parked_polls_are_woken():
    with FaultyServer(faults=False) as server:
        run_ = run(server, "park", "--conns", "100", "--wakes", "200", "--rate", "200", "--hold", "1")
    check("wakes", run_["wakes_delivered"], 200)
    check("lost", run_["lost"], 0)


def what_is_leased_is_acknowledged():
    with FaultyServer(faults=False) as server:
        run_ = run(server, "pump", "--pollers", "4", "--seconds", "1", "--ack", "--get", "/messages/q%d?lease=30")
        check("leased", run_["delivered"], server.counts["leased"])
        check("settled", run_["delivered"], server.counts["settled"])
        check("settled in vain", 0, server.counts["settled in vain"])


def lines_and_envelopes_are_messages_too():
    with FaultyServer(faults=False) as server:
        run_ = run(server, "drain", "--messages", "3000", "--pollers", "5", "--endpoints", "5", "--lines", "100",
                   "--post", "/messages/q%d?split=lines", "--get", "/messages/q%d?lease=30&max=70", "--ack")
        check("delivered", run_["delivered"], 3000)
        check("settled", run_["delivered"], server.counts["settled"])
    check("out of order", run_["out_of_order"], 0)


def polls_go_round_when_told():
    with FaultyServer(faults=False) as server:
        run_ = run(server, "drain", "--messages", "2000", "--pollers", "7", "--endpoints", "1000", "--rotate")
    check("delivered", run_["delivered"], 2000)
    check("misrouted", run_["misrouted"], 0)


for case in (an_honest_server_has_no_faults, every_fault_is_counted, a_backlog_comes_out_whole,
             parked_polls_are_woken, what_is_leased_is_acknowledged, lines_and_envelopes_are_messages_too,
             polls_go_round_when_told):
    print(case.__name__.replace("_", " "))
    case()
print("FAILED: " + ", ".join(failures) if failures else "all figures agree")
sys.exit(bool(failures))
