"""The histories that tacos-load --history writes, and what a token says of its ticket."""
import base64
import binascii
import collections
import struct

FORMAT = "#tacos.history/1"
COLUMNS = ("intended_us sent_us done_us user step outcome status error target ticket state position poll_after_ms ready "
           "stale grant reservation seats payment order").split()

# Times are microseconds of the calendar. ticket and grant_ticket are (epoch, number), None when there is no token or it is
# not one of ours; -1 and None stand for what a line does not have.
Row = collections.namedtuple("Row", "where sent done user step outcome status error target token ticket state position ready "
                                    "stale grant grant_ticket reservation seats order")


class Unreadable(Exception):
    """A file is not what it should be; the message names the file and the line."""


def token_bytes(text):
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def ticket_of(token):
    """(event, epoch, number) of a waiting token or a grant: both begin with version 1, epoch 4, event 8, ticket 8 bytes."""
    raw = token_bytes(token)
    if len(raw) < 37 or raw[0] != 1:
        return None
    epoch, event, number = struct.unpack(">IQQ", raw[1:21])
    return event, epoch, number


class History:
    """Rows of one or more files, in the order of the moment in which they were done."""

    def __init__(self, rows, about):
        self.rows = sorted(rows, key=lambda row: (row.done, row.sent))
        self.about = about  # what the files' second lines say, the first file's

    @classmethod
    def read(cls, paths):
        rows, about = [], {}
        known, workers = {}, {}
        for path in paths:
            with open(path, encoding="utf-8", errors="replace") as file:
                first = file.readline().rstrip("\n").split("\t")
                if first[0] != FORMAT:
                    raise Unreadable(f"{path}: begins with '{first[0]}', not '{FORMAT}'")
                if any(name not in first[1:] for name in COLUMNS):
                    raise Unreadable(f"{path}: lacks a column of {FORMAT}")
                at = {name: first[1:].index(name) for name in COLUMNS}
                second = file.readline()
                facts = dict(word.split("=", 1) for word in second.split()[1:] if "=" in word)
                if "start_unix_us" not in facts:
                    raise Unreadable(f"{path}:2: has no start_unix_us")
                about = about or facts
                start = int(facts["start_unix_us"])
                workers.setdefault((start, facts.get("workers")), set()).add(facts.get("worker"))
                before, end = len(rows), None
                for number, line in enumerate(file, 3):
                    if line.startswith("#"):
                        end = line
                        continue
                    fields = line.rstrip("\n").split("\t")
                    if len(fields) != len(first) - 1:
                        raise Unreadable(f"{path}:{number}: has {len(fields)} fields, not {len(first) - 1}")
                    rows.append(cls.row(f"{path}:{number}", fields, at, start, known))
                if end != f"#end\t{len(rows) - before}\n":
                    raise Unreadable(f"{path}: is not whole: it has {len(rows) - before} lines and ends with "
                                     f"'{(end or '').strip() or 'no #end'}'")
        for (_, count), seen in workers.items():
            missing = {str(worker) for worker in range(int(count or 0))} - seen
            if missing:
                raise Unreadable(f"the histories of worker {', '.join(sorted(missing))} of {count} are not there")
        if not rows:
            raise Unreadable("there is no request in the history: nothing could be judged")
        return cls(rows, about)

    @staticmethod
    def row(where, fields, at, start, known):
        def text(name):
            value = fields[at[name]]
            return "" if value == "-" else value

        def number(name, absent=-1):
            value = fields[at[name]]
            return absent if value == "-" else int(value)

        def ticket(token):
            if token and token not in known:
                found = ticket_of(token)
                known[token] = found[1:] if found else None
            return known.get(token)

        return Row(where, start + number("sent_us"), start + number("done_us"), number("user"), text("step"),
                   text("outcome"), number("status"), text("error"), number("target"), text("ticket"),
                   ticket(text("ticket")), text("state"), number("position"), number("ready") == 1,
                   number("stale") == 1, text("grant"), ticket(text("grant")), text("reservation"), text("seats"),
                   text("order"))
