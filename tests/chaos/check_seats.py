"""Rule 4: one grant per ticket, one reservation per grant, no seat twice."""
import collections
import json

from findings import told


class SeatRules:
    """Of check_history.Check, which has past, held, rows, losses, seats and found."""

    def grants_are_one(self):
        """A ticket whose grant a failover has lost enters again, and gets another."""
        grants, tickets = {}, {}
        for row in self.rows:
            if row.step != "enter" or row.status != 200:
                continue
            if row.ticket and self.losses.away(row, self.held.part_of(row.ticket[1])):
                self.found.fault(4, f"{told(row)}: entered while no server had the ticket")
            before = grants.setdefault(row.ticket, row)
            if before.grant != row.grant:
                if row.ticket and self.losses.of_ticket(before, row.ticket[1]):
                    self.found.undone("second grants of a ticket")
                    grants[row.ticket] = row
                else:
                    self.found.fault(4, f"{told(row)}: another grant than the one this ticket had ({before.where})")
            if tickets.setdefault(row.grant, row.ticket) != row.ticket:
                self.found.fault(4, f"{told(row)}: the grant of ticket {tickets[row.grant]}")
            if row.grant_ticket != row.ticket:
                self.found.fault(4, f"{told(row)}: a grant for ticket {row.grant_ticket}")
        self.found.measures["grants"] = len(grants)

    def reservations_are_one(self):
        reserved = collections.defaultdict(dict)  # ticket of the grant: reservation: its row
        orders = collections.defaultdict(dict)
        for row in self.rows:
            if row.step == "reserve" and row.status == 201:
                self.one_of(reserved[row.grant_ticket or row.grant], row.reservation, row, "the grant has made reservations")
            elif row.step == "confirm" and row.status == 200 and row.order:
                self.one_of(orders[row.reservation], row.order, row, "the reservation has orders")
        self.found.measures["reservations"] = sum(map(len, reserved.values()))
        self.found.measures["orders"] = len(orders)

    def one_of(self, known, name, row, what):
        if name in known:
            return
        known[name] = row
        if len(known) == 1:
            return
        others = [other for other in known.values() if other is not row]
        if all(self.losses.of_event(other) for other in others):
            self.found.undone(what, f"{told(row)}: {what} {sorted(known)}")
        else:
            self.found.fault(4, f"{told(row)}: {what} {sorted(known)}")

    def seats_are_one(self):
        if self.seats is None:
            self.found.skipped.append("seats of rule 4: gateways that have seats of their own can't be judged together "
                                      "(--seats N says that they share N)")
            return
        for snapshot in self.held.admin:
            seats = snapshot["admin"]["seats"]
            if seats["free"] + seats["held"] + seats["sold"] != self.seats or min(seats.values()) < 0:
                self.found.fault(4, f"{snapshot['gateway']} says {seats}, of {self.seats} seats")
        held_by = {row.reservation: row for row in self.rows if row.step == "reserve" and row.status == 201}
        sold = {}  # seat: the row that confirmed it
        twice = 0
        for row in self.rows:
            if row.step != "confirm" or row.status != 200:
                continue
            for seat in seats_told(held_by.get(row.reservation)):
                before = sold.setdefault(seat, row)
                if before.reservation == row.reservation:
                    continue
                what = f"{told(row)}: seat {seat} is sold to reservation {before.reservation} too"
                # What was lost is the confirmation, or the hold that it was of.
                if any(lost and self.losses.of_event(lost) for lost in (before, held_by.get(before.reservation))):
                    twice += 1
                    self.found.undone("seats sold twice", what)
                    sold[seat] = row
                else:
                    self.found.fault(4, what)
        self.sold_seats_are_held_once(held_by)
        self.found.measures["seats sold"] = len(sold)
        if len(sold) > self.seats:
            self.found.fault(4, f"{len(sold)} seats were sold, of {self.seats}")
        self.seats_of_the_store(held_by)

    def sold_seats_are_held_once(self, held_by):
        """From when it was held to when it was sold, and from then on, a seat was nobody else's, also of none that did not buy it."""
        holders = collections.defaultdict(list)
        for row in held_by.values():
            for seat in seats_told(row):
                holders[seat].append(row)
        for sale in self.rows:
            hold = held_by.get(sale.reservation)
            if sale.step != "confirm" or sale.status != 200 or not hold:
                continue
            for seat in seats_told(hold):
                for other in holders[seat]:
                    if other.reservation == hold.reservation or other.sent < hold.done:
                        continue
                    if self.losses.of_event(hold) or self.losses.of_event(sale):
                        self.found.undone("seats held that were another's")
                    else:
                        self.found.fault(4, f"{told(other)}: seat {seat} was held for reservation {hold.reservation}, which "
                                            f"bought it ({sale.where})")

    def seats_of_the_store(self, held_by):
        """What the store holds agrees with itself, and with what users were told."""
        held = self.held
        taken = collections.Counter()
        for state in "hs":
            of_state = [one for one in held.reservations.values() if one.state == state]
            for one in of_state:
                taken.update(one.seats)
            field, count = {"h": ("held", 0), "s": ("sold_seats", 0)}[state]
            count = sum(len(one.seats) for one in of_state)
            if count != int(held.event.get(field, 0)):
                self.found.fault(4, f"the store's counter '{field}' says {held.event.get(field)}, its reservations {count}")
        for seat, times in taken.items():
            if times > 1:
                self.found.fault(4, f"the store has seat {seat} in {times} reservations")
        if set(taken) != held.seats:
            self.found.fault(4, f"seats {sorted(set(taken) ^ held.seats)[:10]} are taken in the bitmap or in a reservation only")
        by_id = {one.id: one for one in held.reservations.values()}
        for name, row in held_by.items():
            found = by_id.get(name)
            if found and {str(seat) for seat in found.seats} == {str(seat) for seat in seats_told(row)}:
                continue
            self.missing(row, "reservation", "has it with other seats" if found else "does not have it")
        for row in self.rows:
            if row.step == "confirm" and row.status == 200:
                found = by_id.get(row.reservation)
                if not found or found.state != "s" or found.order != row.order:
                    self.missing(row, "order", f"has {found.state + ' ' + found.order if found else 'no such reservation'}")

    def missing(self, row, what, how):
        text = f"{told(row)}: {what} {row.order or row.reservation}: the store {how}"
        reserve_lost = any(other.reservation == row.reservation and self.losses.of_event(other) for other in self.rows
                           if other.step == "reserve") if self.losses.all else False
        if self.losses.of_event(row) or reserve_lost:
            self.found.undone(f"{what}s lost")
        else:
            self.found.fault(4, text)


def seats_told(row):
    try:
        return json.loads(row.seats or "[]") if row else []
    except ValueError:
        return []
