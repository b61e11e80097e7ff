"""`pistachio serve` and, below one of its stores, redis-server: started on free ports, killed, started again, asked how
much memory they hold, and their last words read."""
import asyncio
import os
import re
import shutil
import signal
import subprocess
import time

# Freed memory that ASan keeps back would look like growth; leaks are looked for when a server ends.
SANITIZERS = {"ASAN_OPTIONS": "quarantine_size_mb=8:malloc_context_size=12:detect_leaks=1",
              "UBSAN_OPTIONS": "print_stacktrace=1"}
LAST_WORDS = re.compile(r".*(?:Sanitizer|runtime error:|Assertion|terminate called).*")
MAX_CONNECTIONS = 400


async def until(seconds, happened):
    """Asks again and again; False when it did not happen in time."""
    give_up = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(0.01)
    return True


class Redis:
    """For the one store that needs it; ends with `stop()`."""

    def __init__(self, room):
        self.socket = os.path.join(room, "redis.sock")
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", room, "--save", "", "--appendonly",
             "no", "--logfile", os.path.join(room, "redis.log")])

    @staticmethod
    def installed():
        return shutil.which("redis-server") is not None

    async def started(self):
        if not await until(20, lambda: os.path.exists(self.socket)):
            raise RuntimeError("redis-server did not start")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Server:
    """`lives`: how often it was started."""

    def __init__(self, binary, store, room):
        self.binary, self.store, self.room = binary, store, room
        self.lives, self.port, self.process, self.should_live = 0, None, None, False

    def log(self, life):
        return os.path.join(self.room, f"life{life}.log")

    async def start(self):
        life = self.lives + 1
        with open(self.log(life), "wb") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--store", self.store, "--listen", "127.0.0.1:0", "--timeout", "5s",
                 "--drain-timeout", "5s", "--max-connections", str(MAX_CONNECTIONS), "--log-level", "warn"],
                stderr=log, env=os.environ | SANITIZERS)
        if not await until(60, lambda: self.said(life, r"serving http://127\.0\.0\.1:(\d+)")):
            raise RuntimeError(f"the server did not start; see {self.log(life)}")
        self.port = int(self.said(life, r"serving http://127\.0\.0\.1:(\d+)")[1])
        self.lives, self.should_live = life, True

    def said(self, life, pattern):
        with open(self.log(life), errors="replace") as log:
            return re.search(pattern, log.read())

    def died(self):
        """True when it ended and nobody had told it to."""
        return self.should_live and self.process.poll() is not None

    async def kill(self):
        self.should_live = False
        self.process.kill()
        await asyncio.to_thread(self.process.wait)

    async def stop(self, patience=60):
        """SIGTERM; its exit status, or None when it had to be killed."""
        self.should_live = False
        self.process.send_signal(signal.SIGTERM)
        if not await until(patience, lambda: self.process.poll() is not None):
            await self.kill()
            return None
        return self.process.returncode

    def last_words(self):
        """What sanitizers and assertions said in any of its lives, a line each."""
        words = []
        for life in range(1, self.lives + 1):
            with open(self.log(life), errors="replace") as log:
                words += LAST_WORDS.findall(log.read())
        return words

    def resident(self):
        """Bytes, or None when it is not running."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) << 10
        except (OSError, TypeError):
            return None
