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
from check_admissions import SKEW_US, AdmissionRules
from check_seats import SeatRules
from findings import Findings, told
from losses import Losses

# The gateway marks an answer as stale when what it knows is older than 2 s; the rest is for a machine that is busy.
DEFAULT_LAG_MS = 2500
STATES = ("waiting", "ready", "entered", "expired", "sold_out")


class Check(AdmissionRules, SeatRules):
    def __init__(self, past, held, lag_us=DEFAULT_LAG_MS * 1000, seats=None, durable=False):
        self.past, self.held, self.lag_us, self.seats = past, held, lag_us, seats
        self.found = Findings(durable)
        self.rows = [row for row in past.rows if row.status > 0]  # the rest were never answered
        self.by_ticket = collections.defaultdict(list)
        for row in self.rows:
            if row.ticket:
                self.by_ticket[row.ticket].append(row)
        self.losses = Losses(held)
        self.departed = set(held.departures)
        self.admitted_at = {}  # ticket number: the store's microsecond, from the journal
        self.recalled = set()  # called before a failover, which forgot it; when is not known any more
        self.departed_of = {}  # part: the numbers that left while they waited
        self.heads = []        # (microsecond, last ticket admitted by then)
        self.restarts = collections.defaultdict(list)
        for fault in held.faults:
            if fault["fault"] == "kill gateway":
                self.restarts[fault["target"]].append(fault["at_us"])

    def judge(self):
        self.count_measures()
        self.failovers_were_seen()
        self.tickets_are_in_one_state()
        self.counters_agree()
        self.gateways_agree()
        self.admissions_go_in_order()
        self.admissions_keep_the_bound()
        self.calls_keep_the_bound()
        self.told_keep_the_bound()
        self.users_have_one_ticket()
        self.ends_agree()
        self.grants_are_one()
        self.reservations_are_one()
        self.seats_are_one()
        self.positions_never_rise()
        self.the_called_never_wait()
        self.the_ended_stay_ended()
        self.positions_are_true()
        return self.found

    def count_measures(self):
        measures = self.found.measures
        measures["requests"] = len(self.past.rows)
        measures["requests without an answer"] = len(self.past.rows) - len(self.rows)
        measures["answers 503"] = sum(row.status == 503 for row in self.rows)
        measures["answers marked stale"] = sum(row.stale for row in self.rows)
        for loss in self.losses.all:
            away = [row for row in self.rows if loss.killed <= row.sent <= loss.taken]
            measures["answers while a primary was away"] += len(away)
            measures["statuses while a primary was away: stale"] += sum(row.step == "status" and row.stale for row in away)
            measures["statuses while a primary was away: not stale"] += sum(
                row.step == "status" and row.status == 200 and not row.stale for row in away)
        measures["tickets in the history"] = len(self.by_ticket)
        measures["tickets in the store"] = self.held.next - self.held.left_out(0, self.held.next)

    # Rule 1

    def failovers_were_seen(self):
        """A killed primary counts as a failover wherever it held something of the line."""
        seen = self.held.failovers()
        for part in seen:
            killed = self.losses.kills_to_notice(part)
            if seen[part] < killed:
                self.found.fault(1, f"{killed} primaries of {self.held.line}{part} were killed, of which the "
                                    f"store noticed {seen[part]}")
        measures = self.found.measures
        measures["failovers"] = sum(seen.values())
        measures["tickets lost"], measures["tickets restored"] = self.held.lost(), self.held.restored()
        for snapshot in self.held.admin:
            admin = snapshot["admin"]
            for name, value in (("failovers", measures["failovers"]), ("tickets_lost", measures["tickets lost"]),
                                ("tickets_restored", measures["tickets restored"])):
                if name in admin and admin[name] != value:
                    self.found.fault(1, f"{snapshot['gateway']} says {admin[name]} {name}, the store {value}")

    def state(self, number):
        held = self.held
        states = [name for name, where in (("waiting", held.waiting), ("ready", held.turns), ("gone", held.gone))
                  if number in where]
        if number in held.grants and number not in held.gone:
            states.append("entered")
        return states

    def tickets_are_in_one_state(self):
        held = self.held
        given = set(held.given(0, held.next))
        somewhere = set().union(held.waiting, held.turns, held.gone, held.grants, self.departed)
        nowhere = []
        for number in sorted(given | somewhere):
            states = self.state(number)
            if not states and held.spread and not held.record(number):
                nowhere.append(number)
            elif not states and self.losses.of_any("") and not held.record(number):
                nowhere.append(number)
            elif len(states) != 1:
                self.found.fault(1, f"ticket {number} is in {len(states)} states: {', '.join(states) or 'lost'}")
        self.tickets_are_nowhere(nowhere)
        for number in sorted(somewhere - given):
            if number > held.next or number < 1:
                self.found.fault(1, f"ticket {number} was never given: the last is {held.next}")
            elif held.restored():
                self.found.measures["tickets put back beyond what a gateway knew"] += 1
            else:
                self.found.fault(1, f"ticket {number} was never given: it was left out")
        for number in sorted(self.departed):
            if number not in held.gone:
                self.found.fault(1, f"ticket {number} is among the departures, but has neither left nor expired")
        for part in [held.own, *held.buckets]:
            if len(set(part.departures)) != len(part.departures):
                self.found.fault(1, "a ticket departed twice")
        self.owners_are_known()

    def tickets_are_nowhere(self, numbers):
        """Numbers whose ticket is not there: never told to anybody (it did not arrive in its bucket before the watermark), or
        lost by a failover, which then must count it."""
        lost = in_buckets = 0
        for number in numbers:
            rows = self.by_ticket.get((self.held.epoch, number), [])
            if not rows:
                self.found.measures["numbers that came to nothing"] += 1
            elif self.losses.of_event(rows[0]):
                lost += 1  # the number itself was lost
            elif self.losses.of_ticket(rows[0], number):
                in_buckets += 1
            else:
                self.found.fault(1, f"ticket {number} is nowhere: {told(rows[0])}")
        self.found.measures["tickets told, lost, and never put back"] += lost
        if in_buckets:  # the event still has their numbers, and nothing compares these with what the bucket has
            self.found.measures["tickets told, lost by a bucket alone, never put back and NOT in tickets_lost"] += in_buckets
        if lost > self.held.lost():
            self.found.fault(1, f"{lost} tickets that users were told are nowhere; tickets_lost says {self.held.lost()}")

    def owners_are_known(self):
        held = self.held
        owners = collections.Counter(held.users.values())
        for number, times in owners.items():
            if times > 1:
                self.found.fault(1, f"ticket {number} belongs to {times} users")
        strangers = 0
        for number in sorted(held.waiting | held.turns):
            if number in owners:
                continue
            rows = self.by_ticket.get((held.epoch, number), [])
            if held.restored() or rows and self.losses.of_event(rows[0]):
                strangers += 1
            else:
                self.found.fault(1, f"ticket {number} lives, but is no user's")
        self.found.measures["tickets that live and are no user's since a failover"] += strangers

    def true_counts(self):
        held = self.held
        why = collections.Counter(held.gone.values())
        waiting, ready = len(held.waiting), len(held.turns)
        entered = sum(number not in held.gone for number in held.grants)
        joined = waiting + ready + entered + len(held.gone)
        return {"joined": joined, "waiting": 0 if held.sold else waiting, "ready": 0 if held.sold else ready,
                "entered": entered, "left": why["L"], "expired": why["E"],
                "sold_out": waiting + ready if held.sold else 0}

    def counters_agree(self):
        for name, count in self.true_counts().items():
            if name in ("entered", "left", "expired") and self.held.sum(name) != count:
                self.found.fault(1, f"the store's counter '{name}' says {self.held.sum(name)}, its tickets {count}")

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
        given = {}  # ticket: the row that gave it
        for row in self.rows:
            if row.step != "join" or row.status != 202:
                continue
            if not row.ticket:
                self.found.fault(1, f"{told(row)}: '{row.token}' is no ticket")
                continue
            ticket = row.ticket
            if owner.setdefault(ticket, row.user) != row.user:
                self.found.fault(1, f"{told(row)}: ticket {ticket[1]} is user {owner[ticket]}'s")
            before = current.get(row.user, ticket)
            if before != ticket and before[0] == self.held.epoch and not self.is_over(before[1]):
                if self.losses.of_event(given[before]) or self.losses.of_ticket(given[before], before[1]):
                    self.found.undone("users who joined again without their ticket")
                else:
                    self.found.fault(1, f"{told(row)}: got ticket {ticket[1]} while ticket {before[1]} lived")
            current[row.user] = ticket
            given.setdefault(ticket, row)

    def is_over(self, number):
        """Left or expired; or in, and its grant has lapsed unused."""
        return number in self.held.gone or self.held.grants.get(number, [""])[0] == "l"

    def ends_agree(self):
        held = self.held
        for (epoch, number), rows in self.by_ticket.items():
            if epoch != held.epoch or not 1 <= number <= held.next:
                self.found.fault(1, f"{told(rows[0])}: ticket {number} of epoch {epoch} is not in the store, which is "
                                    f"in epoch {held.epoch} and has given {held.next}")
                continue
            for row in rows:
                wrong = self.contradiction(number, row)
                if wrong and self.losses.of_ticket(row, number):
                    self.found.undone(f"told {row.error or row.state or row.step}, then: {wrong}")
                elif wrong:
                    self.found.fault(1, f"{told(row)}: ticket {number} {wrong}")

    def contradiction(self, number, row):
        held = self.held
        why, grant = held.gone.get(number), held.grants.get(number)
        if row.error == "TOKEN_NOT_FOUND":
            return "is in the store"
        if row.step in ("join", "status") and row.status < 300 and row.state not in STATES:
            return f"can't be '{row.state}'"
        if row.state == "sold_out" and not held.sold:
            return "was told that all is sold; it is not"
        if row.step == "enter" and row.status == 200 and not grant:
            return "has no grant in the store"
        if row.step == "leave" and row.status == 200 and why != "L":
            return "has not left"
        if (row.error == "TOKEN_EXPIRED" or row.state == "expired") and not why and not grant:
            return "has neither expired nor left nor entered"
        if row.step in ("join", "status") and row.state == "ready" and (number > held.head or number in self.departed and not self.losses.all):
            return "was never called"
        if row.step == "reserve" and row.status == 201 and (not grant or grant[0] == "u"):
            return "could reserve again: its grant counts as unused"
        return None

    # Rule 5

    def place(self, row):
        """A gateway's life: what it knew ends with the process."""
        return row.target, bisect.bisect_right(self.restarts[row.target], row.sent)

    def positions_never_rise(self):
        for (_, number), rows in self.by_ticket.items():
            here = {}    # place: the lowest position told there, and its row
            told_so_far = []  # (done, position, row), over all gateways
            for row in rows:
                if row.state != "waiting":
                    continue
                if row.position < 1:
                    self.found.fault(5, f"{told(row)}: ticket {number} waits at no position")
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
        if age > self.lag_us and not row.stale and not self.losses.recovering(row.sent, number):
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

    def the_ended_stay_ended(self):
        """Who was told to have left or expired does not enter, and is in none of the other states but for what a gateway has
        not read yet. Whose grant has lapsed has entered all the same: to enter again is told to have expired."""
        back = {False: ("waiting", "ready"), True: ("waiting", "ready", "entered")}
        for (_, number), rows in self.by_ticket.items():
            end = None
            for row in rows:
                if not end and (row.state == "expired" or row.error == "TOKEN_EXPIRED" or
                                row.step == "leave" and row.status == 200):
                    end = row
                elif not end or self.losses.of_ticket(end, number) or self.losses.recovering(end.done, number):
                    continue
                elif row.step == "enter" and row.status == 200 and row.sent >= end.done:
                    self.found.fault(1, f"ticket {number} had ended: {told(end)}, then entered: {told(row)}")
                elif row.state in back[end.step == "leave"] and row.sent >= end.done and (
                        row.sent - end.done > self.lag_us or self.place(row) == self.place(end)):
                    self.found.fault(5, f"ticket {number} had ended: {told(end)}, then {told(row)}")

    def positions_are_true(self):
        """Against the journal: who is told to wait was not called long ago, nor the other way round, and the number of those
        ahead is between what the line could have been at its shortest and at its longest."""
        if self.held.journal is None:
            self.found.skipped.append("rule 5 by the journal: the event keeps none")
            return
        times = [at for at, _ in self.heads]
        # Who was told to have left is not counted by the gateways any more, also when the store has forgotten it.
        told_left = {row.ticket[1] for row in self.rows if row.step == "leave" and row.status == 200 and row.ticket}
        departed = sorted(self.departed | told_left)
        head_at = lambda us: self.heads[i - 1][1] if (i := bisect.bisect_right(times, us)) else 0
        for (epoch, number), rows in self.by_ticket.items():
            if epoch != self.held.epoch:
                continue
            called = self.admitted_at.get(number)
            if number in self.recalled:
                continue
            for row in rows:
                if any(self.losses.recovering(us, number) for us in (row.sent, row.sent - self.lag_us, row.done + SKEW_US)):
                    self.found.measures["answers around a kill, not held against the journal"] += 1
                    continue
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


def check(history_paths, dump_path, lag_ms=DEFAULT_LAG_MS, seats=None, durable=False):
    return Check(history.History.read(history_paths), store.Store.read(dump_path), lag_ms * 1000, seats, durable).judge()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", nargs="+", help="files of tacos-load --history")
    parser.add_argument("--store", required=True, metavar="DUMP", help="what the store held after the run")
    parser.add_argument("--lag", type=int, default=DEFAULT_LAG_MS, metavar="MS",
                        help="how far one gateway may be behind another (default %(default)s)")
    parser.add_argument("--seats", type=int, metavar="N", help="the gateways share N seats; without it seats are not judged")
    parser.add_argument("--durable", action="store_true", help="the gateways ran with --store-replicas: no answered write may be lost")
    arguments = parser.parse_args()
    try:
        found = check(arguments.history, arguments.store, arguments.lag, arguments.seats, arguments.durable)
    except (OSError, ValueError, KeyError, history.Unreadable) as error:
        print(f"check_history: {error}", file=sys.stderr)
        return 2
    print(found.text())
    return 1 if found.count() else 0


if __name__ == "__main__":
    sys.exit(main())
