"""Rules 2 and 3: how many are admitted, and in which order."""
import math

# Two clocks of one machine: the generator's steady clock from a calendar start, and the store's calendar.
SKEW_US = 50_000


class AdmissionRules:
    """Of check_history.Check, which has held, rows, by_ticket, losses, departed_of, recalled, admitted_at, heads and found."""

    def admissions_keep_the_bound(self):
        journal = self.held.journal
        if journal is None:
            self.found.skipped.append("rule 2: the event keeps no journal of admissions (HSET its key: journal 1)")
            return
        admitted = sum(entry[2] for entry in journal if entry[0] == "a")
        admitted -= sum(entry[2] for entry in journal if entry[0] == "g")
        field = "charged" if self.held.spread else "admitted"
        if admitted != int(self.held.event.get(field, 0)):
            self.found.fault(2, f"the journal has {admitted} admissions, the store {self.held.event.get(field)}")
        self.replay(journal, "admitted", lambda _, text: self.found.fault(2, text) or True)

    def calls_keep_the_bound(self):
        """Of a spread line: in the moments in which the buckets called, which are later than those in which it was charged."""
        if not self.held.spread or self.held.journal is None:
            return
        calls = []
        for part in self.held.buckets:
            calls += [self.without_repeats(part, entry) for entry in part.journal or [] if entry[0] == "a"]
            of_part = sum(entry[2] for entry in part.journal or [] if entry[0] == "a")
            if of_part != part.count("called"):
                self.found.fault(2, f"the journal of {part.name} has {of_part} calls, the bucket {part.count('called')}")
        changes = [entry for entry in self.held.journal if entry[0] == "r"]

        def exceeded(excess, text):
            # A change of the rate lies between a charge and its calls now and then.
            if excess > 1:
                self.found.fault(2, text)
                return True
            self.found.most("most that buckets called beyond the bound", math.ceil(excess))
            return False

        self.replay(sorted(calls + changes, key=lambda entry: entry[1]), "called", exceeded)

    def without_repeats(self, part, call):
        """A bucket that lost its last calls in a failover calls the same tickets up again: those which the watermark had passed
        before the kill. They have been admitted before, and their users may know."""
        kind, at, count, first, upto = call
        for loss in self.losses.all:
            if part.name not in loss.parts or at <= loss.killed:
                continue
            head = max((entry[3] for entry in self.held.journal or [] if entry[0] == "a" and entry[1] <= loss.killed or
                        entry[0] == "k" and "" in loss.parts), default=0)
            again = min(count, len(self.in_turn(part, first - 1, min(upto, head)))) if first <= head else 0
            self.found.measures["calls repeated after a failover"] += again
            count -= again
        return kind, at, count, first, upto

    def rates(self):
        """(rate per second, burst) that the journal begins with."""
        first = next((entry for entry in self.held.journal if entry[0] == "r"), None)
        return first[2:] if first else (float(self.held.event.get("rate", 0)) / 1e6, float(self.held.event.get("burst", 0)))

    def replay(self, journal, what, exceeded):
        """A bucket that starts full and refills at the rate runs empty exactly when some window had too many."""
        rate, burst = self.rates()
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
            elif entry[0] == "g":
                credit = min(credit + entry[2], burst)
                since_full -= entry[2]
            elif entry[0] == "a":
                credit -= entry[2]
                since_full += entry[2]
                self.found.most(f"most {what} at once", entry[2])
            if credit < -1e-6 and entry[0] == "a":
                if exceeded(-credit, f"{since_full} {what} in {(now - full_at) / 1e6:.6f} s up to {now}: {-credit:.3f} more "
                                     f"than rate x window + burst (now {rate:g}/s and {burst:g})"):
                    credit, full_at, since_full = 0, now, 0

    def told_keep_the_bound(self):
        """Whoever was told to be ready had been admitted: at no moment more of them than the rate has allowed since the
        beginning, whatever a failover made the store forget."""
        if self.held.journal is None:
            return
        changes = [entry for entry in self.held.journal if entry[0] == "r"]
        if not changes:
            return
        firsts = []
        for rows in self.by_ticket.values():
            ready = next((row.done for row in rows if row.state in ("ready", "entered") or
                          row.step == "enter" and row.status == 200), None)
            if ready is not None:
                firsts.append(ready)
        rate, allowed, now, told_ready = changes[0][2], changes[0][3], changes[0][1], 0
        events = sorted([(us, None) for us in firsts] + [(entry[1], entry[2]) for entry in changes[1:]], key=lambda e: e[0])
        for us, new_rate in events:
            allowed += rate * max(0, us - now) / 1e6
            now = max(now, us)
            if new_rate is not None:
                rate = new_rate
                continue
            told_ready += 1
            if told_ready > allowed + rate * SKEW_US / 1e6 + 1e-6:
                self.found.fault(2, f"{told_ready} tickets were told to be ready by {us}, of {allowed:.1f} since the beginning")
                return
        self.found.measures["tickets told to be ready"] = told_ready

    def admissions_go_in_order(self):
        held = self.held
        passed = {part.name: part.count("head") for part in held.lines()}
        for number in sorted(held.waiting):
            if number <= passed[held.part_of(number)] and not held.sold:
                self.found.fault(3, f"ticket {number} waits, although the line is past it, at {passed[held.part_of(number)]}")
        if held.journal is None:
            self.found.skipped.append("rule 3 by the journal: the event keeps none")
            return
        if held.spread:
            self.watermark_goes_in_order()
            for part in held.buckets:
                self.calls_go_in_order(part)
        else:
            self.calls_go_in_order(held.own)
        self.longest_without_admission()

    def watermark_goes_in_order(self):
        """Of a spread line: it passes every number once, and charges for those not known to have left."""
        held, last = self.held, 0
        told_gone = set(held.told_departures)
        for entry in held.journal:
            if entry[0] == "k":
                last = max(last, entry[3])
                self.heads.append((entry[1], last))
            if entry[0] != "a":
                continue
            _, at, charged, first, upto = entry
            passed = list(held.given(last, upto))
            if first != last + 1 or upto < first:
                self.found.fault(3, f"at {at} the watermark passed {first} to {upto} after {last}")
            elif not sum(number not in told_gone for number in passed) <= charged <= upto - last:
                self.found.fault(3, f"at {at} {charged} were charged for {first} to {upto}, of whom "
                                    f"{sum(number not in told_gone for number in passed)} had not left")
            self.heads.append((at, upto))
            last = upto

    def in_turn(self, part, after, upto):
        """Those whom a part of the line should have called when it came from one number to another."""
        gone = self.departed_of[part.name]
        if not self.held.spread and not self.losses.all:
            return [number for number in self.held.given(after, upto) if number not in gone]
        # Those that have a record, also where the event's key knows only a gap: such a ticket was put back.
        numbers = (nth * self.held.stride + (part.bucket or 0) + 1 for nth in sorted(part.records))
        return [number for number in numbers if after < number <= upto and number not in gone]

    def calls_go_in_order(self, part):
        held, last = self.held, 0
        spare = part.count("restored")  # put back behind the watermark: never called, and has its turn
        self.departed_of[part.name] = set(part.departures)
        for entry in part.journal or []:
            if entry[0] == "k":
                self.recalled.update(self.in_turn(part, last, entry[3]))
                last = max(last, entry[3])
                self.heads.append((entry[1], last))
            if entry[0] != "a":
                continue
            _, at, count, first, upto = entry
            if first <= last or upto < first:
                self.found.fault(3, f"at {at} tickets {first} to {upto} were called after {last}")
                continue
            called = self.in_turn(part, last, upto)
            extra = len(called) - count
            ends = called and called[0] == first and called[-1] == upto
            if extra < 0 or extra > spare or not extra and not ends:
                self.found.fault(3, f"at {at} {count} tickets from {first} to {upto} were called; in turn were {len(called)}, "
                                    f"from {called[0] if called else '-'}")
            spare -= max(0, extra)
            for number in called:
                self.admitted_at[number] = at
            if not held.spread:
                self.heads.append((at, upto))
            last = upto
        for number in self.in_turn(part, 0, part.count("head")):
            if number not in self.admitted_at and number not in self.recalled and not part.count("restored"):
                self.found.fault(3, f"ticket {number} was passed by, and has not departed")

    def longest_without_admission(self):
        moments = sorted({entry[1] for part in self.held.lines() for entry in part.journal or [] if entry[0] == "a"})
        for loss in self.losses.all:
            before = [us for us in moments if us <= loss.killed]
            after = [us for us in moments if us > loss.killed]
            self.found.most("longest from a kill to the takeover, ms", (loss.taken - loss.killed) // 1000)
            if before and after:
                self.found.most("longest without admission around a kill, ms", (after[0] - before[-1]) // 1000)
