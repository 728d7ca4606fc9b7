#!/usr/bin/env python3
"""Judges a run by the five invariants of the queue, from what users were told and from what the store holds afterwards.

    check_history.py --store DUMP HISTORY...

HISTORY are the files of tacos-load --history, DUMP is what store.py writes once the line has settled. Each fault is
printed with its evidence. Exits 0 when all rules hold, 1 when one does not, 2 when a file can't be read.

 1  counts add up: every ticket is in exactly one state, the store's counters and each gateway's /admin say the same, and
    what users were told of their tickets agrees with it
 2  admissions never exceed rate x window + burst in any window of the store's clock (from the journal, see lua/tick.lua)
 3  tickets are admitted in ticket order, but for those who left or expired before
 4  one grant per ticket, one reservation per grant; with --seats, seats that gateways share are sold once
 5  a position never rises, and a ticket that was called never waits again

Over gateways a position may be higher by what one of them has not read yet, for --lag at most; what happened of that kind
is measured and printed.
"""
import argparse
import bisect
import collections
import json
import sys

import history
import store

MOST_EVIDENCE = 5  # faults of one rule that are printed; all are counted
# The gateway marks an answer as stale when what it knows is older than 2 s; the rest is for a machine that is busy.
DEFAULT_LAG_MS = 2500
# Two clocks of one machine: the generator's steady clock from a calendar start, and the store's calendar.
SKEW_US = 50_000


class Findings:
    def __init__(self):
        self.faults = collections.defaultdict(list)
        self.skipped = []
        self.measures = collections.Counter()

    def fault(self, rule, text):
        self.faults[rule].append(text)

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
        lines += [f"skipped  {text}" for text in self.skipped]
        lines += [f"measure  {name} = {value}" for name, value in sorted(self.measures.items())]
        return "\n".join(lines)


def told(row):
    """How an answer is quoted as evidence."""
    what = row.error or row.state or row.outcome
    place = f" position {row.position}" if row.position >= 0 else ""
    return f"{row.where} {row.step} of user {row.user} at target {row.target}: {row.status} {what}{place}"


class Check:
    def __init__(self, past, held, lag_us=DEFAULT_LAG_MS * 1000, seats=None):
        self.past, self.held, self.lag_us, self.seats = past, held, lag_us, seats
        self.found = Findings()
        self.rows = [row for row in past.rows if row.status > 0]  # the rest were never answered
        self.by_ticket = collections.defaultdict(list)
        for row in self.rows:
            if row.ticket:
                self.by_ticket[row.ticket].append(row)
        self.departed = set(held.departures)
        self.admitted_at = {}  # ticket number: the store's microsecond, from the journal
        self.heads = []        # (microsecond, last ticket admitted by then)
        self.restarts = collections.defaultdict(list)
        for fault in held.faults:
            if fault["fault"] == "kill gateway":
                self.restarts[fault["target"]].append(fault["at_us"])

    def judge(self):
        self.count_measures()
        self.tickets_are_in_one_state()
        self.counters_agree()
        self.gateways_agree()
        self.admissions_go_in_order()
        self.admissions_keep_the_bound()
        self.users_have_one_ticket()
        self.ends_agree()
        self.grants_are_one()
        self.seats_are_one()
        self.positions_never_rise()
        self.the_called_never_wait()
        self.positions_are_true()
        return self.found

    def count_measures(self):
        measures = self.found.measures
        measures["requests"] = len(self.past.rows)
        measures["requests without an answer"] = len(self.past.rows) - len(self.rows)
        measures["answers 503"] = sum(row.status == 503 for row in self.rows)
        measures["answers marked stale"] = sum(row.stale for row in self.rows)
        measures["tickets in the history"] = len(self.by_ticket)
        measures["tickets in the store"] = self.held.next - self.held.left_out(0, self.held.next)

    # Rule 1

    def state(self, number):
        held = self.held
        states = [name for name, where in (("waiting", held.waiting), ("ready", held.turns), ("gone", held.gone))
                  if number in where]
        if number in held.grants and number not in held.gone:
            states.append("entered")
        return states

    def tickets_are_in_one_state(self):
        held = self.held
        for number in held.given(0, held.next):
            states = self.state(number)
            if len(states) != 1:
                self.found.fault(1, f"ticket {number} is in {len(states)} states: {', '.join(states) or 'lost'}")
        for number in sorted(set().union(held.waiting, held.turns, held.gone, held.grants, self.departed)):
            if not 1 <= number <= held.next:
                self.found.fault(1, f"ticket {number} was never given: the last is {held.next}")
        for number in sorted(self.departed):
            if number not in held.gone:
                self.found.fault(1, f"ticket {number} is among the departures, but has neither left nor expired")
        if len(self.departed) != len(held.departures):
            self.found.fault(1, "a ticket departed twice")
        owners = collections.Counter(held.users.values())
        for number, times in owners.items():
            if times > 1:
                self.found.fault(1, f"ticket {number} belongs to {times} users")
        for number in sorted(held.waiting | held.turns):
            if number not in owners:
                self.found.fault(1, f"ticket {number} lives, but is no user's")

    def true_counts(self):
        held = self.held
        why = collections.Counter(held.gone.values())
        waiting, ready = len(held.waiting), len(held.turns)
        entered = sum(number not in held.gone for number in held.grants)
        return {"joined": held.next - held.left_out(0, held.next), "waiting": 0 if held.sold else waiting, "ready": 0 if held.sold else ready,
                "entered": entered, "left": why["L"], "expired": why["E"],
                "sold_out": waiting + ready if held.sold else 0}

    def counters_agree(self):
        for name, count in self.true_counts().items():
            if name in ("entered", "left", "expired") and int(self.held.event.get(name, 0)) != count:
                self.found.fault(1, f"the store's counter '{name}' says {self.held.event.get(name)}, its tickets {count}")

    def gateways_agree(self):
        if not self.held.admin:
            self.found.skipped.append("gateways' counts: the dump has no /admin snapshot")
        truth = self.true_counts()
        for snapshot in self.held.admin:
            counts = snapshot["admin"]
            parts = sum(counts[name] for name in ("waiting", "ready", "entered", "left", "expired", "sold_out"))
            if counts["joined"] != parts:
                self.found.fault(1, f"{snapshot['gateway']} says {counts['joined']} joined, but its states make {parts}")
            for name, count in truth.items():
                if counts[name] != count:
                    self.found.fault(1, f"{snapshot['gateway']} says {counts[name]} {name}, the store {count}")

    def users_have_one_ticket(self):
        owner, current = {}, {}
        for row in self.rows:
            if row.step != "join" or row.status != 202 or not row.ticket:
                continue
            ticket = row.ticket
            if owner.setdefault(ticket, row.user) != row.user:
                self.found.fault(1, f"{told(row)}: ticket {ticket[1]} is user {owner[ticket]}'s")
            before = current.get(row.user, ticket)
            if before != ticket and before[0] == self.held.epoch and before[1] not in self.held.gone:
                self.found.fault(1, f"{told(row)}: got ticket {ticket[1]} while ticket {before[1]} lived")
            current[row.user] = ticket

    def ends_agree(self):
        held = self.held
        for (epoch, number), rows in self.by_ticket.items():
            if epoch != held.epoch or not 1 <= number <= held.next:
                self.found.fault(1, f"{told(rows[0])}: ticket {number} of epoch {epoch} is not in the store, which is "
                                    f"in epoch {held.epoch} and has given {held.next}")
                continue
            for row in rows:
                wrong = self.contradiction(number, row)
                if wrong:
                    self.found.fault(1, f"{told(row)}: ticket {number} {wrong}")

    def contradiction(self, number, row):
        held = self.held
        why, grant = held.gone.get(number), held.grants.get(number)
        if row.error == "TOKEN_NOT_FOUND":
            return "is in the store"
        if row.step == "enter" and row.status == 200 and not grant:
            return "has no grant in the store"
        if row.step == "leave" and row.status == 200 and why != "L":
            return "has not left"
        if (row.error == "TOKEN_EXPIRED" or row.state == "expired") and not why and not grant:
            return "has neither expired nor left nor entered"
        if row.step in ("join", "status") and row.state == "ready" and (number > held.head or number in self.departed):
            return "was never called"
        if row.step == "reserve" and row.status == 201 and (not grant or grant[0] == "u"):
            return "could reserve again: its grant counts as unused"
        return None

    # Rules 2 and 3

    def admissions_keep_the_bound(self):
        journal = self.held.journal
        if journal is None:
            self.found.skipped.append("rule 2: the event keeps no journal of admissions (HSET its key: journal 1)")
            return
        admitted = sum(entry[2] for entry in journal if entry[0] == "a")
        if admitted != int(self.held.event.get("admitted", 0)):
            self.found.fault(2, f"the journal has {admitted} admissions, the store {self.held.event.get('admitted')}")
        # A bucket that starts full and refills at the rate runs empty exactly when some window had too many.
        rate = float(self.held.event.get("rate", 0)) / 1e6
        burst = float(self.held.event.get("burst", 0))
        first_rate = next((entry for entry in journal if entry[0] == "r"), None)
        if first_rate:
            rate, burst = first_rate[2], first_rate[3]
        credit, full_at, since_full, now = burst, None, 0, None
        for entry in journal:
            passed = 0 if now is None else max(0, entry[1] - now)
            now = entry[1] if now is None else max(now, entry[1])
            credit += passed * rate / 1e6
            if credit >= burst or full_at is None:
                credit, full_at, since_full = min(credit, burst), now, 0
            if entry[0] == "r":
                rate, burst = entry[2], entry[3]
                credit = min(credit, burst)
                continue
            credit -= entry[2]
            since_full += entry[2]
            self.found.most("most admitted at once", entry[2])
            if credit < -1e-6:
                self.found.fault(2, f"{since_full} admitted in {(now - full_at) / 1e6:.6f} s up to {now}: {-credit:.3f} more "
                                    f"than rate x window + burst (now {rate:g}/s and {burst:g})")
                credit, full_at, since_full = 0, now, 0

    def admissions_go_in_order(self):
        held = self.held
        for number in sorted(held.waiting):
            if number <= held.head:
                self.found.fault(3, f"ticket {number} waits, although the line is past it, at {held.head}")
        if held.journal is None:
            self.found.skipped.append("rule 3 by the journal: the event keeps none")
            return
        last = 0
        for _, at, count, first, upto, *_ in (entry for entry in held.journal if entry[0] == "a"):
            if first <= last or upto < first:
                self.found.fault(3, f"at {at} tickets {first} to {upto} were called after {last}")
                continue
            called = [number for number in held.given(last, upto) if number not in self.departed]
            if len(called) != count or called[0] != first or called[-1] != upto:
                self.found.fault(3, f"at {at} {count} tickets from {first} to {upto} were called; in turn were {len(called)}, "
                                    f"from {called[0] if called else '-'}")
            for number in called:
                self.admitted_at[number] = at
            self.heads.append((at, upto))
            last = upto
        for number in held.given(0, held.head):
            if number not in self.departed and number not in self.admitted_at:
                self.found.fault(3, f"ticket {number} was passed by, and has not departed")

    # Rule 4

    def grants_are_one(self):
        grants, tickets = {}, {}
        reservations = collections.defaultdict(set)
        orders = collections.defaultdict(set)
        for row in self.rows:
            if row.step == "enter" and row.status == 200:
                if grants.setdefault(row.ticket, row.grant) != row.grant:
                    self.found.fault(4, f"{told(row)}: another grant than the one this ticket had")
                if tickets.setdefault(row.grant, row.ticket) != row.ticket:
                    self.found.fault(4, f"{told(row)}: the grant of ticket {tickets[row.grant]}")
                if row.grant_ticket != row.ticket:
                    self.found.fault(4, f"{told(row)}: a grant for ticket {row.grant_ticket}")
            elif row.step == "reserve" and row.status == 201:
                reservations[row.grant].add(row.reservation)
                if len(reservations[row.grant]) == 2:
                    self.found.fault(4, f"{told(row)}: the grant has made reservations {sorted(reservations[row.grant])}")
            elif row.step == "confirm" and row.status == 200 and row.order:
                orders[row.reservation].add(row.order)
                if len(orders[row.reservation]) == 2:
                    self.found.fault(4, f"{told(row)}: the reservation has orders {sorted(orders[row.reservation])}")
        self.found.measures["grants"] = len(grants)
        self.found.measures["reservations"] = sum(map(len, reservations.values()))
        self.found.measures["orders"] = len(orders)

    def seats_are_one(self):
        if self.seats is None:
            self.found.skipped.append("seats of rule 4: gateways that have seats of their own can't be judged together "
                                      "(--seats N says that they share N)")
            return
        for snapshot in self.held.admin:
            seats = snapshot["admin"]["seats"]
            if seats["free"] + seats["held"] + seats["sold"] != self.seats or min(seats.values()) < 0:
                self.found.fault(4, f"{snapshot['gateway']} says {seats}, of {self.seats} seats")
        held_by = {row.reservation: row.seats for row in self.rows if row.step == "reserve" and row.status == 201}
        sold = {}
        for row in self.rows:
            if row.step != "confirm" or row.status != 200:
                continue
            try:
                seats = json.loads(held_by.get(row.reservation) or "[]")
            except ValueError:
                seats = []
            for seat in seats:
                if sold.setdefault(seat, row.reservation) != row.reservation:
                    self.found.fault(4, f"{told(row)}: seat {seat} is sold to reservation {sold[seat]} too")
        if len(sold) > self.seats:
            self.found.fault(4, f"{len(sold)} seats were sold, of {self.seats}")

    # Rule 5

    def place(self, row):
        """A gateway's life: what it knew ends with the process."""
        return row.target, bisect.bisect_right(self.restarts[row.target], row.sent)

    def positions_never_rise(self):
        for (_, number), rows in self.by_ticket.items():
            here = {}    # place: the lowest position told there, and its row
            told_so_far = []  # (done, position, row), over all gateways
            for row in rows:
                if row.state != "waiting" or row.position < 0:
                    continue
                self.found.measures["positions told"] += 1
                place = self.place(row)
                low = here.get(place)
                if low and row.position > low.position:
                    self.found.fault(5, f"ticket {number} rose from {low.position} ({low.where}) to {told(row)}")
                elif any(row.position > other.position and other.done <= row.sent for other in told_so_far):
                    self.rose_over_gateways(number, row, told_so_far)
                if not low or row.position < low.position:
                    here[place] = row
                told_so_far.append(row)

    def rose_over_gateways(self, number, row, before):
        lower = [other for other in before if row.position > other.position and other.done <= row.sent]
        oldest = min(lower, key=lambda other: other.done)
        age = row.sent - oldest.done
        self.found.measures["positions higher at another gateway"] += 1
        self.found.most("most places higher at another gateway", row.position - min(o.position for o in lower))
        self.found.most("longest that another gateway lagged, ms", age // 1000)
        if age > self.lag_us and not row.stale:
            self.found.fault(5, f"ticket {number} was at {oldest.position} ({oldest.where}), and {age / 1e6:.3f} s later "
                                f"at {told(row)}")

    def the_called_never_wait(self):
        ends = ("ready", "entered", "expired")
        for (_, number), rows in self.by_ticket.items():
            called = None
            for row in rows:
                if called and row.state == "waiting" and row.sent >= called.done:
                    if row.sent - called.done > self.lag_us or self.place(row) == self.place(called):
                        self.found.fault(5, f"ticket {number} waits again: {told(called)}, then {told(row)}")
                    else:
                        self.found.measures["told to wait by another gateway after the call"] += 1
                if not called and (row.state in ends or row.step == "enter" and row.status == 200):
                    called = row

    def positions_are_true(self):
        """Against the journal: who is told to wait was not called long ago, nor the other way round, and the number of those
        ahead is between what the line could have been at its shortest and at its longest."""
        if self.held.journal is None:
            self.found.skipped.append("rule 5 by the journal: the event keeps none")
            return
        times = [at for at, _ in self.heads]
        departed = sorted(self.departed)
        head_at = lambda us: self.heads[i - 1][1] if (i := bisect.bisect_right(times, us)) else 0
        for (epoch, number), rows in self.by_ticket.items():
            if epoch != self.held.epoch:
                continue
            called = self.admitted_at.get(number)
            for row in rows:
                if row.state == "ready" and called is not None and row.done < called - SKEW_US:
                    self.found.fault(3, f"{told(row)}: called only {(called - row.done) / 1e6:.3f} s later")
                if row.state != "waiting" or row.step not in ("join", "status"):
                    continue
                if called is not None and row.sent > called:
                    self.found.most("longest that a called ticket was told to wait, ms", (row.sent - called) // 1000)
                    if row.sent - called > self.lag_us and not row.stale:
                        self.found.fault(5, f"{told(row)}: called {(row.sent - called) / 1e6:.3f} s before")
                if called is None and number <= head_at(row.sent - self.lag_us) and not row.stale:
                    self.found.fault(3, f"{told(row)}: the line passed ticket {number} by {self.lag_us / 1e6:g} s before or more")
                if row.position < 0:
                    continue
                head = head_at(row.done + SKEW_US)
                gone = bisect.bisect_left(departed, number) - bisect.bisect_right(departed, head)
                least = number - head - self.held.left_out(head, number) - max(0, gone)
                if row.position < least or row.position < 1:
                    self.found.fault(5, f"{told(row)}: ticket {number} can't be so far ahead, the line being at {head}")
                most = number - head_at(row.sent - self.lag_us)
                if row.position > most and not row.stale:
                    self.found.fault(5, f"{told(row)}: ticket {number} was at {most} at most {self.lag_us / 1e6:g} s before")


def check(history_paths, dump_path, lag_ms=DEFAULT_LAG_MS, seats=None):
    return Check(history.History.read(history_paths), store.Store.read(dump_path), lag_ms * 1000, seats).judge()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", nargs="+", help="files of tacos-load --history")
    parser.add_argument("--store", required=True, metavar="DUMP", help="what the store held after the run")
    parser.add_argument("--lag", type=int, default=DEFAULT_LAG_MS, metavar="MS",
                        help="how far one gateway may be behind another (default %(default)s)")
    parser.add_argument("--seats", type=int, metavar="N", help="the gateways share N seats; without it seats are not judged")
    arguments = parser.parse_args()
    try:
        found = check(arguments.history, arguments.store, arguments.lag, arguments.seats)
    except (OSError, ValueError, KeyError, history.Unreadable) as error:
        print(f"check_history: {error}", file=sys.stderr)
        return 2
    print(found.text())
    return 1 if found.count() else 0


if __name__ == "__main__":
    sys.exit(main())
