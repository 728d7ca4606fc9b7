"""What a checker has found, and how it is told."""
import collections

MOST_EVIDENCE = 5  # faults of one rule that are printed; all are counted


# What must not be undone where a write is answered only once a replica has it.
DURABLE = ("seats sold twice", "seats held that were another's", "second grants of a ticket", "reservations lost", "orders lost",
           "users who joined again without their ticket", "the grant has made reservations", "the reservation has orders",
           "told enter, then: has no grant in the store", "told leave, then: has not left")


class Findings:
    def __init__(self, durable=False):
        self.durable = durable
        self.faults = collections.defaultdict(list)
        self.skipped = []
        self.explained = []  # what would be a fault, had a failover not lost the write before it
        self.measures = collections.Counter()

    def fault(self, rule, text):
        self.faults[rule].append(text)

    def undone(self, name, text=None):
        """Counts what a failover explains; what is worth a sentence is told too."""
        if self.durable and name in DURABLE:
            self.fault(4, f"a replica was to have it, and a failover undid it: {name}: {text or ''}")
        self.measures[f"explained by a failover: {name}"] += 1
        if text:
            self.explained.append(text)

    def most(self, name, value):
        self.measures[name] = max(self.measures[name], value)

    def count(self):
        return sum(map(len, self.faults.values()))

    def text(self):
        lines = []
        lines += [f"program  {text}" for text in self.faults.get(0, [])]  # not the checker's: of whoever ran them
        for rule in range(1, 6):
            found = self.faults.get(rule, [])
            lines.append(f"rule {rule}  " + (f"{len(found)} faults" if found else "holds"))
            lines += [f"    {text}" for text in found[:MOST_EVIDENCE]]
        lines += [f"explained by a failover: {text}" for text in self.explained[:MOST_EVIDENCE]]
        lines += [f"skipped  {text}" for text in self.skipped]
        lines += [f"measure  {name} = {value}" for name, value in sorted(self.measures.items())]
        return "\n".join(lines)


def told(row):
    """How an answer is quoted as evidence."""
    what = row.error or row.state or row.outcome
    place = f" position {row.position}" if row.position >= 0 else ""
    return f"{row.where} {row.step} of user {row.user} at target {row.target}: {row.status} {what}{place}"
