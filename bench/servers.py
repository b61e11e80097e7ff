"""The servers that are measured: how each is started, and how the load generator speaks to it."""
import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
REDIS_PORT = 18379
OTHER_FILES = 500  # of the file limit, what is not connections
CONNECTS_TO_REDIS = 0.5  # seconds after it listens


@dataclass(frozen=True)
class Machine:
    """Where a bench runs: its folder, the binaries, the CPUs and the limit on open files."""

    run: Path
    build: Path
    server_cpu: int
    load_cpu: int
    files: int

    @staticmethod
    def on_cpu(cpu):
        """What goes before a command that is to run on `cpu`, and to end should the bench be killed."""
        return ["setpriv", "--pdeathsig", "TERM", "taskset", "--cpu-list", str(cpu)]


@dataclass(frozen=True)
class Process:
    """A command, and the port at which it shows that it is ready, but for `settle` seconds."""

    command: list
    port: int
    settle: float = 0


@dataclass(frozen=True, eq=False)
class Peer:
    """A server, or several that work together, behind one port."""

    name: str
    title: str  # in tables
    port: int
    processes: callable  # (peer, machine, workload) -> [Process]
    load: tuple = ()  # options of lpload
    programs: tuple = ()  # that must be installed
    packages: tuple = ()  # of Debian, whose versions tables name
    poll_query: str = ""  # polls of this peer: lease=30
    push_query: str = ""
    batches: bool = False  # knows max= and split=lines
    max_batch: int = 1000
    max_polls: int = 1_000_000
    cannot: dict = field(default_factory=dict)  # test -> why


def fill_in(template, target, **values):
    """Writes a configuration of peers/ with its @NAMES@ replaced; returns its path."""
    text = (HERE / "peers" / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)
    return target


def floor(peer, machine, _workload):
    return [Process([machine.build / "bench" / "floor", str(peer.port)], peer.port)]


def redis(machine):
    options = {
        "port": REDIS_PORT, "bind": "127.0.0.1", "save": "", "appendonly": "no", "daemonize": "no",
        "maxclients": machine.files - 100, "tcp-backlog": 4096, "dir": machine.run, "timeout": 0,
        "protected-mode": "no",  # else it knows 127.0.0.1 only, and lpload comes from others too
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return Process(["redis-server", *words], REDIS_PORT)


def redis_alone(_peer, machine, _workload):
    return [redis(machine)]


def nginx(peer, machine, upstream="", redis_pass=""):
    configuration = fill_in(
        "nchan.conf", machine.run / "nginx.conf", RUN=machine.run, PORT=peer.port,
        USER="user root;" if os.geteuid() == 0 else "", FILES=machine.files,
        CONNECTIONS=machine.files - OTHER_FILES,
        REDIS_UPSTREAM=upstream, REDIS_PASS=redis_pass)
    return Process(["nginx", "-e", machine.run / "nginx.err", "-c", configuration], peer.port,
                   settle=CONNECTS_TO_REDIS if upstream else 0)


def nchan_memory(peer, machine, _workload):
    return [nginx(peer, machine)]


def nchan_redis(peer, machine, _workload):
    upstream = f"upstream rs {{ nchan_redis_server redis://127.0.0.1:{REDIS_PORT}; }}"
    return [redis(machine), nginx(peer, machine, upstream, "nchan_redis_pass rs;")]


def webdis(peer, machine, workload):
    # A BLPOP that waits occupies a Redis connection of the pool, and webdis hands these out in
    # rotation, so that whatever comes next on that one waits behind it: the pool must be larger than
    # all that is started while one poll waits.
    configuration = fill_in(
        "webdis.json", machine.run / "webdis.json", RUN=machine.run, PORT=peer.port,
        REDIS_PORT=REDIS_PORT, POOL=workload.webdis_pool(peer.max_polls))
    return [redis(machine), Process(["webdis", configuration], peer.port, CONNECTS_TO_REDIS)]


def beanstalkd(peer, _machine, _workload):
    return [Process(["beanstalkd", "-l", "127.0.0.1", "-p", str(peer.port)], peer.port)]


def pistachio(store):
    """`store` is a --store URL; {run} in it is the run's folder, empty at each start."""

    def processes(peer, machine, _workload):
        command = [machine.build / "pistachio", "serve", "--listen", f"127.0.0.1:{peer.port}",
                   "--store", store.format(run=machine.run)]
        needs_redis = store.startswith("redis:")
        return [redis(machine)] * needs_redis + [Process(command, peer.port)]

    return processes


def given(command):
    """A server of the caller's own, on the port of Pistachio."""
    return lambda peer, _machine, _workload: [Process(command.split(), peer.port)]


def pistachio_peer(name, title, store, **more):
    return Peer(name, title, 18090, pistachio(store), batches=True, **more)


ONE_CLIENT = "a client's place in a channel is its own: another's next poll would get the same again"
FEW_MESSAGES = "a channel keeps 2,000 messages"
ONE_TUBE = "a connection chooses its tubes beforehand"
POOL = "its pool of Redis connections would be what is measured"
NCHAN_CANNOT = {"curve-endpoints": ONE_CLIENT, "curve-backlog": FEW_MESSAGES}

PEERS = {peer.name: peer for peer in (
    Peer("floor", "floor", 18080, floor),
    Peer("nchan-mem", "nchan (memory)", 18081, nchan_memory, ("--follow-etag",), ("nginx",),
         ("nginx", "libnginx-mod-nchan"), cannot=NCHAN_CANNOT),
    Peer("nchan-redis", "nchan (Redis)", 18082, nchan_redis, ("--follow-etag",),
         ("nginx", "redis-server"), ("nginx", "libnginx-mod-nchan", "redis-server"),
         cannot=NCHAN_CANNOT),
    Peer("webdis", "webdis", 18083, webdis,
         ("--get", "/BLPOP/ns:q%d/30", "--publish-redis", str(REDIS_PORT), "--key", "ns:q%d"),
         ("webdis", "redis-server"), ("webdis", "redis-server"), max_polls=9000,
         cannot={"curve-polls": POOL, "curve-endpoints": POOL}),
    Peer("redis", "Redis", REDIS_PORT, redis_alone, ("--proto", "redis", "--key", "ns:q%d"),
         ("redis-server",), ("redis-server",)),
    Peer("beanstalkd", "beanstalkd", 18085, beanstalkd, ("--proto", "beanstalk", "--key", "q%d"),
         ("beanstalkd",), ("beanstalkd",), cannot={"curve-endpoints": ONE_TUBE}),
    pistachio_peer("pistachio", "pistachio (memory)", "memory:"),
    # Acknowledgements name the endpoint that is polled: they cannot go round.
    pistachio_peer("pistachio-lease", "pistachio (memory, leases)", "memory:", load=("--ack",),
                   poll_query="lease=30", max_batch=200,
                   cannot={"curve-endpoints": "ack= settles what came from the same endpoint"}),
    pistachio_peer("pistachio-file", "pistachio (file)", "file:{run}/pistachio"),
    pistachio_peer("pistachio-redis", "pistachio (Redis)", f"redis://127.0.0.1:{REDIS_PORT}/0",
                   programs=("redis-server",), packages=("redis-server",)),
)}


def find(program):
    """The daemons of Debian are in /usr/sbin, which is not in everyone's PATH."""
    return shutil.which(str(program), path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class CannotStart(Exception):
    pass


class Running:
    """`with Running(peer, machine, workload) as pids:` the peer serves inside and is gone after."""

    def __init__(self, peer, machine, workload):
        self.peer, self.machine, self.workload = peer, machine, workload
        self.processes = []

    def __enter__(self):
        try:
            for process in self.peer.processes(self.peer, self.machine, self.workload):
                self.start(process)
        except BaseException:
            self.stop()
            raise
        return [process.pid for process in self.processes]

    def __exit__(self, *_):
        self.stop()

    def start(self, process):
        if answers(process.port):
            raise CannotStart(f"{self.peer.name}: port {process.port} is taken; is another bench running?")
        program = find(process.command[0])
        if program is None:
            raise CannotStart(f"{self.peer.name}: {process.command[0]} is not there; ./dev bench installs it")
        command = [*self.machine.on_cpu(self.machine.server_cpu), program]
        log = self.machine.run / "server.log"
        with open(log, "ab") as output:
            server = subprocess.Popen(command + process.command[1:], stdin=subprocess.DEVNULL,
                                      stdout=output, stderr=output, start_new_session=True)
        self.processes.append(server)
        deadline = time.monotonic() + 10
        while not answers(process.port):
            if server.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-2000:]
                raise CannotStart(f"{self.peer.name}: {Path(program).name} did not open port {process.port}\n{said}")
            time.sleep(0.02)
        time.sleep(process.settle)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []
        # The next server starts from nothing, logs and databases included.
        for left in self.machine.run.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
