"""Redis servers for a chaos run: one, or a cluster of six (three primaries, a replica of each)."""
import time

import store
from programs import Broken, Program, eventually, free_port, now_us

SLOTS = 16384
NODE_TIMEOUT_MS = 1000


class Single:
    """One server that writes its file before it answers."""

    def __init__(self, directory):
        data = directory / "redis"
        data.mkdir()
        self.port = free_port()
        self.program = Program("redis", ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
                                         "--appendonly", "yes", "--appendfsync", "always", "--dir", str(data),
                                         "--loglevel", "warning"], directory / "redis.log")
        self.programs = [self.program]
        self.url = f"redis://127.0.0.1:{self.port}"
        eventually("the Redis", lambda: store.Redis(self.port).ask("PING"))

    def primaries(self):
        return [store.Redis(self.port)]

    def ask_for(self, key, *words):
        redis = store.Redis(self.port)
        answer = redis.ask(*words)
        redis.close()
        return answer


class Node:
    def __init__(self, number, directory):
        self.number, self.port, self.bus = number, free_port(), free_port()
        data = directory / f"redis-{number}"
        data.mkdir()
        self.program = Program(f"redis {number}", [
            "redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--cluster-port", str(self.bus), "--save", "",
            "--appendonly", "no", "--dir", str(data), "--loglevel", "notice", "--cluster-enabled", "yes",
            "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", str(NODE_TIMEOUT_MS),
            "--cluster-replica-validity-factor", "0", "--cluster-allow-reads-when-down", "yes", "--repl-diskless-sync-delay", "0"], directory / f"redis-{number}.log")

    def ask(self, *words, timeout=5):
        redis = store.Redis(self.port, timeout)
        try:
            return redis.ask(*words)
        finally:
            redis.close()


class Six:
    """Servers keep nothing on disk: what a primary had not sent to its replica when it was killed is lost."""

    def __init__(self, directory):
        self.nodes = [Node(number, directory) for number in range(6)]
        self.programs = [node.program for node in self.nodes]
        self.url = f"redis+cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[4].port}"
        try:
            for node in self.nodes:
                eventually("the servers", lambda at=node: at.ask("PING"))
            self.put_together()
        except BaseException:
            for program in self.programs:
                program.kill()
            raise

    def put_together(self):
        first = self.nodes[0]
        for node in self.nodes:
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", node.number + 1)
            node.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus)
        for n in range(3):
            self.nodes[n].ask("CLUSTER", "ADDSLOTSRANGE", SLOTS * n // 3, SLOTS * (n + 1) // 3 - 1)
        for n in range(3):  # refused until the two have heard of each other
            primary = self.nodes[n].ask("CLUSTER", "MYID")
            eventually("replicas", lambda at=self.nodes[n + 3], of=primary: at.ask("CLUSTER", "REPLICATE", of) == "OK", 30)
        eventually("the cluster", self.is_healthy, 30)

    def is_whole(self, node):
        info = node.ask("CLUSTER", "INFO")
        if "cluster_state:ok" not in info or "cluster_known_nodes:6" not in info:
            return False
        rows = node.ask("CLUSTER", "NODES")
        if rows.count("slave ") != 3 or "fail" in rows:
            return False
        role = node.ask("INFO", "replication")
        # A primary sends a replica that has just come nothing until it acknowledges its copy, up to a second later, though it
        # says that it is online; its offset is 0 until then.
        if "role:master" in role:
            return "state=online" in role and "offset=0," not in role
        return "master_link_status:up" in role

    def is_healthy(self):
        return all(map(self.is_whole, self.nodes))

    def owner(self, slot):
        """The primary of a slot, as the others see it."""
        for node in self.nodes:
            try:
                for first, last, primary, *_ in node.ask("CLUSTER", "SLOTS", timeout=1):
                    if first <= slot <= last:
                        return next(each for each in self.nodes if each.port == primary[1])
            except (OSError, store.Gone, store.ErrorReply):
                continue
        raise Broken(f"nobody knows whose slot {slot} is")

    def replica_of(self, primary):
        identity = primary.ask("CLUSTER", "MYID")

        def port():
            rows = (row.split() for row in primary.ask("CLUSTER", "NODES").splitlines())
            return next((int(row[1].split("@")[0].rsplit(":", 1)[1]) for row in rows if row[3] == identity), None)

        found = eventually("a replica", port)
        return next(node for node in self.nodes if node.port == found)

    def primaries(self):
        return [store.Redis(node.port) for node in self.nodes if "role:master" in node.ask("INFO", "replication")]

    def ask_for(self, key, *words):
        return self.owner(store.slot_of(key)).ask(*words)

    def kill_primary(self, key, unreplicated, just_before):
        """Kills the primary of a key, when its replica has not heard from it for so many seconds (0: as it comes), waits until
        the replica has taken over, and starts the killed one again. Gives (microsecond from which writes may be lost, of the
        kill, of the takeover, from which on the whole cluster answers again, which node)."""
        slot = store.slot_of(key)
        primary = self.owner(slot)
        lossy_from = now_us() - 200_000
        if unreplicated > 0:
            replica = self.replica_of(primary)
            # Who comes anew is asked for a password that nobody has; who is connected stays.
            primary.ask("CONFIG", "SET", "requirepass", "nobody-knows")
            lossy_from = now_us() - 20_000
            replica.ask("CLIENT", "KILL", "TYPE", "master")
            time.sleep(unreplicated)
        just_before()
        primary.program.kill()
        killed = now_us()

        def taken_over():
            heir = self.owner(slot)
            return heir is not primary and "role:master" in heir.ask("INFO", "replication")

        others = [node for node in self.nodes if node is not primary]
        eventually("a replica to take over", taken_over, 20)
        heir = now_us()
        eventually("the cluster to be up again", lambda: all(
            "cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in others), 20)
        taken = now_us()
        primary.program.start()
        return lossy_from, killed, heir, taken, primary
