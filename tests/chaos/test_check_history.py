#!/usr/bin/env python3
"""Histories and stores made by hand: a good one passes, and one wrong thing at a time is found, under its rule."""
import base64
import copy
import os
import struct
import tempfile
import unittest

import check_history
import history
import store

EVENT, EPOCH = 0x1234, 7
START = 1_700_000_000_000_000  # us
LINE = "tacos:{0000000000001234}"


def token(number, epoch=EPOCH, grant=False):
    raw = struct.pack(">BIQQ", 1, epoch, EVENT, number) + bytes(40 if grant else 16)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sample():
    """Five tickets: 1 entered and bought, 2 expired in its turn, 3 left while waiting, 4 is ready, 5 waits."""
    rows = []

    def row(at_ms, user, step, status, target=0, **more):
        fields = dict.fromkeys(history.COLUMNS, "-")
        fields.update(intended_us=at_ms * 1000, sent_us=at_ms * 1000, done_us=at_ms * 1000 + 1000, user=user, step=step,
                      outcome="ok", status=status, target=target, poll_after_ms=0, ready=0, stale=0,
                      ticket=token(user))
        fields.update(more)
        rows.append(fields)

    for user in range(1, 6):
        row(user, user, "join", 202, state="waiting", position=user, target=user % 2)
    row(300, 3, "leave", 200)
    row(600, 1, "status", 200, state="ready", ready=1)
    row(700, 1, "enter", 200, grant=token(1, grant=True))
    row(800, 1, "reserve", 201, grant=token(1, grant=True), reservation="r1", seats='["7"]')
    row(900, 1, "confirm", 200, grant=token(1, grant=True), reservation="r1", order="o1")
    row(1000, 5, "status", 200, state="waiting", position=3)
    row(1300, 5, "status", 200, state="waiting", position=2, target=1)
    row(1600, 4, "status", 200, state="ready", ready=1)
    row(1700, 5, "status", 200, state="waiting", position=1)
    row(2000, 2, "status", 200, state="expired")
    dump = {
        "": {"epoch": str(EPOCH), "next": "5", "head": "4", "rate": "2000000", "burst": "2", "sold": "0", "entered": "1",
             "left": "1", "expired": "1", "admitted": "3", "held": "0", "sold_seats": "1"},
        ":seats": "\x02", ":reservations": {"1": "s|r1|a1|0|o1|7"},
        ":seen": [["5", "1700"]], ":turns": [["4", "9000"]], ":gone": {"2": "E", "3": "L"}, ":grants": {"1": "s:9000"},
        ":departures": ["3"], ":t:0": records(0, 1, 2, 3, 4), ":users": {f"user-{n}": str(n) for n in range(1, 6)},
        ":admissions": [f"r {START} 2000000 2", f"a {START + 500_000} 2 1 2", f"a {START + 1_500_000} 1 4 4"],
    }
    counts = {"joined": 5, "waiting": 1, "ready": 1, "entered": 1, "left": 1, "expired": 1, "sold_out": 0,
              "seats": {"free": 9, "held": 0, "sold": 1}}
    return rows, dump, [{"gateway": "gateway 0", "admin": counts}]


def records(*numbers):
    """The string of a bucket's first tickets, by their nth number from 0."""
    text = ""
    for nth in range(max(numbers) + 1):
        text += f"user-{nth:011d}" + "\0" * 13 + "\1" if nth in numbers else "\0" * 30
    return text


def spread(dump):
    """The same five tickets over two buckets: 1, 3 and 5 in one, 2 and 4 in the other."""
    own = {name: dump[name] for name in (":users", ":seats", ":reservations")}
    own[""] = {"epoch": str(EPOCH), "next": "5", "head": "4", "rate": "2000000", "burst": "2", "sold": "0", "held": "0",
               "sold_seats": "1", "stride": "2", "charged": "3", "failovers": "0"}
    own[":departures"] = ["3"]
    own[":admissions"] = [f"r {START} 2000000 2", f"a {START + 500_000} 2 1 2", f"a {START + 1_500_000} 1 3 4"]
    count = {"epoch": str(EPOCH), "head": "4", "mode": "bucket", "stride": "2", "failovers": "0"}
    one = {"": dict(count, entered="1", left="1", expired="0", called="1"), ":seen": [["5", "1700"]], ":gone": {"3": "L"},
           ":grants": {"1": "s:9000"}, ":departures": ["3"], ":t:0": records(0, 1, 2),
           ":admissions": [f"a {START + 501_000} 1 1 1"]}
    two = {"": dict(count, entered="0", left="0", expired="1", called="2"), ":turns": [["4", "9000"]], ":gone": {"2": "E"},
           ":t:0": records(0, 1), ":admissions": [f"a {START + 501_000} 1 2 2", f"a {START + 1_501_000} 1 4 4"]}
    for name, part in ((".00}", one), (".01}", two)):
        own.update({name + key: value for key, value in part.items()})
    return own


class CheckHistoryTest(unittest.TestCase):
    def setUp(self):
        self.rows, self.dump, self.notes = sample()

    def found(self, seats=10, lag_ms=check_history.DEFAULT_LAG_MS, durable=False):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "history.0")
            with open(path, "w", encoding="utf-8") as file:
                file.write("\t".join((history.FORMAT, *history.COLUMNS)) + "\n")
                file.write(f"#run\tstart_unix_us={START} seed=1\n")
                for row in self.rows:
                    file.write("\t".join(str(row[name]) for name in history.COLUMNS) + "\n")
                file.write(f"#end\t{len(self.rows)}\n")
            past = history.History.read([path])
        kind = lambda value: {dict: "hash", list: "list", str: "string"}[type(value)]
        key = lambda name: (LINE[:-1] if name.startswith(".") else LINE) + name
        lines = [{"schema": store.SCHEMA, "event_id": "e", "line": LINE}]
        lines += [{"key": key(name), "type": kind(value), "value": value} for name, value in self.dump.items()]
        held = store.Store(lines + self.notes)
        return check_history.Check(past, held, lag_ms * 1000, seats, durable).judge()

    def assert_fault(self, rule, text, **how):
        found = self.found(**how)
        self.assertTrue(any(text in fault for fault in found.faults[rule]), found.text())
        return found

    def line(self, step, user, nth=0):
        return [row for row in self.rows if row["step"] == step and row["user"] == user][nth]

    def test_a_good_run_passes(self):
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())
        self.assertEqual(found.skipped, [])
        self.assertEqual(found.measures["positions told"], 8)

    def test_what_can_not_be_judged_is_said(self):
        del self.dump[":admissions"]
        found = self.found(seats=None)
        self.assertEqual(found.count(), 0, found.text())
        self.assertEqual(len(found.skipped), 4)

    def test_numbers_that_were_left_out_are_no_lost_tickets(self):
        self.dump[""].update(next="105", holes="5-100 ")
        self.dump[":seen"] += [[str(number), "1700"] for number in range(101, 106)]
        self.dump[":users"].update({f"user-{number}": str(number) for number in range(101, 106)})
        self.notes[0]["admin"].update(joined=10, waiting=6)
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())
        del self.dump[""]["holes"]
        self.assert_fault(1, "ticket 6 is in 0 states: lost")

    # Rule 1

    def test_a_lost_ticket(self):
        del self.dump[":seen"]
        self.assert_fault(1, "ticket 5 is in 0 states: lost")

    def test_a_ticket_in_two_states(self):
        self.dump[":turns"].append(["5", "9000"])
        self.assert_fault(1, "ticket 5 is in 2 states: waiting, ready")

    def test_a_counter_that_is_off(self):
        self.dump[""]["expired"] = "2"
        self.assert_fault(1, "counter 'expired' says 2, its tickets 1")

    def test_a_gateway_that_counts_otherwise(self):
        self.notes[0]["admin"]["waiting"] = 2
        self.assert_fault(1, "gateway 0 says 5 joined, but its states make 6")

    def test_a_ticket_that_two_users_hold(self):
        self.line("join", 5)["ticket"] = token(4)
        self.assert_fault(1, "ticket 4 is user 4's")

    def test_a_second_ticket_while_the_first_lives(self):
        again = copy.copy(self.line("join", 5))
        self.line("join", 5)["ticket"] = token(4)
        self.rows = [row for row in self.rows if row["user"] != 4]
        again.update(sent_us=1_800_000, done_us=1_801_000, position=1)
        self.rows.append(again)
        self.assert_fault(1, "got ticket 5 while ticket 4 lived")

    def test_a_new_ticket_after_the_first_expired_is_right(self):
        for row in self.rows:
            if row["user"] == 5:
                row["user"] = 3  # who left ticket 3
        self.assertEqual(self.found().faults[1], [])

    def test_a_new_ticket_after_a_grant_lapsed_is_right_and_after_one_that_lives_is_not(self):
        for row in self.rows:
            if row["user"] == 5:
                row["user"] = 1  # who has entered
        self.assert_fault(1, "got ticket 5 while ticket 1 lived")
        self.dump[":grants"]["1"] = "l:9000"
        self.assertNotIn("while ticket 1 lived", self.found().text())

    def test_a_ticket_the_store_has_forgotten(self):
        self.line("join", 5)["ticket"] = token(6)
        self.assert_fault(1, "ticket 6 of epoch 7 is not in the store")

    def test_a_ticket_of_another_epoch(self):
        self.line("join", 5)["ticket"] = token(5, epoch=6)
        self.assert_fault(1, "ticket 5 of epoch 6 is not in the store")

    def test_an_entry_that_the_store_does_not_know(self):
        self.dump[":grants"] = {}
        self.dump[":gone"]["1"] = "E"
        self.assert_fault(1, "ticket 1 has no grant in the store")

    def test_a_leave_that_was_lost(self):
        self.dump[":gone"]["3"] = "E"
        self.assert_fault(1, "ticket 3 has not left")

    def test_a_ticket_that_was_not_found_though_it_is_there(self):
        self.line("status", 5).update(status=404, error="TOKEN_NOT_FOUND", state="-", position="-")
        self.assert_fault(1, "ticket 5 is in the store")

    def test_a_reservation_that_left_its_grant_unused(self):
        self.dump[":grants"]["1"] = "u:9000"
        self.assert_fault(1, "its grant counts as unused")

    # Rule 2

    def test_more_admissions_than_the_rate_allows(self):
        self.dump[":admissions"][2] = f"a {START + 900_000} 1 4 4"  # 0.4 s at 2/s bring back 0.8 of a ticket
        self.assert_fault(2, "3 admitted in 0.400000 s")

    def test_a_rate_that_was_lowered_counts_from_then_on(self):
        self.dump[":admissions"].insert(2, f"r {START + 600_000} 500000 2")
        self.assert_fault(2, "more than rate x window + burst (now 0.5/s and 2)")

    def test_a_rate_that_was_raised_counts_from_then_on(self):
        self.dump[":admissions"] = [f"r {START} 0 2", f"a {START + 500_000} 2 1 2", f"r {START + 600_000} 2000000 2",
                                    f"a {START + 1_200_000} 1 4 4"]
        self.assertEqual(self.found().faults[2], [])

    def test_a_journal_that_lacks_an_admission(self):
        self.dump[""]["admitted"] = "4"
        self.assert_fault(2, "the journal has 3 admissions, the store 4")

    # Rule 3

    def test_tickets_called_out_of_order(self):
        self.dump[":admissions"][1:] = [f"a {START + 500_000} 1 4 4", f"a {START + 1_500_000} 2 1 2"]
        self.assert_fault(3, "tickets 1 to 2 were called after 4")

    def test_a_ticket_that_was_passed_over(self):
        self.dump[":admissions"][1] = f"a {START + 500_000} 1 2 2"
        self.assert_fault(3, "1 tickets from 2 to 2 were called; in turn were 2, from 1")

    def test_a_ticket_that_was_passed_over_and_expired_later(self):
        self.dump[":departures"].append("1")  # as if ticket 1 had left before its turn; but it asked long after
        self.dump[":admissions"][1] = f"a {START + 500_000} 1 2 2"
        self.rows = [row for row in self.rows if row["user"] != 1 or row["step"] == "join"]
        asked = copy.copy(self.line("join", 1))
        asked.update(step="status", status=200, sent_us=5_000_000, done_us=5_001_000, position="-")
        self.rows.append(asked)
        self.assert_fault(3, "the line passed ticket 1 by 2.5 s before")

    def test_somebody_who_waits_behind_the_watermark(self):
        self.dump[""]["head"] = "5"
        self.assert_fault(3, "ticket 5 waits, although the line is past it")

    def test_a_call_before_the_store_made_it(self):
        self.line("status", 1).update(sent_us=100_000, done_us=101_000)
        self.assert_fault(3, "called only 0.399 s later")

    # Rule 4

    def test_two_grants_for_one_ticket(self):
        again = copy.copy(self.line("enter", 1))
        again.update(grant=token(1, grant=True)[:-4] + "AAAB", sent_us=750_000, done_us=751_000)
        self.rows.append(again)
        self.assert_fault(4, "another grant than the one this ticket had")

    def test_one_grant_for_two_tickets(self):
        again = copy.copy(self.line("enter", 1))
        again.update(user=4, ticket=token(4), sent_us=1_650_000, done_us=1_651_000)
        self.rows.append(again)
        self.assert_fault(4, "the grant of ticket")

    def test_two_reservations_by_one_grant(self):
        again = copy.copy(self.line("reserve", 1))
        again.update(reservation="r2")
        self.rows.append(again)
        self.assert_fault(4, "the grant has made reservations ['r1', 'r2']")

    def test_a_seat_that_was_sold_twice(self):
        for step in ("reserve", "confirm"):
            again = copy.copy(self.line(step, 1))
            again.update(user=4, grant=token(4, grant=True), reservation="r2", order="-")
            self.rows.append(again)
        self.assert_fault(4, "seat 7 is sold to reservation r1 too")

    def test_more_seats_than_there_are(self):
        self.assert_fault(4, "of 11 seats", seats=11)

    # Rule 5

    def test_a_position_that_rises_at_one_gateway(self):
        self.line("status", 5, 2)["position"] = 4
        self.assert_fault(5, "ticket 5 rose from 3")

    def test_a_position_that_rises_over_gateways_for_a_moment_is_measured(self):
        self.line("status", 5, 0)["position"] = 2
        self.line("status", 5, 1)["position"] = 3
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())
        self.assertEqual(found.measures["positions higher at another gateway"], 1)
        self.assertEqual(found.measures["longest that another gateway lagged, ms"], 299)

    def test_a_position_that_rises_over_gateways_for_long(self):
        self.line("status", 5, 0)["position"] = 2
        self.line("status", 5, 1)["position"] = 3
        self.assert_fault(5, "ticket 5 was at 2", lag_ms=200)

    def test_a_gateway_that_was_started_again_may_lag_as_another(self):
        self.line("status", 5, 0)["position"] = 2
        self.line("status", 5, 1).update(position=3, target=0)
        self.assertEqual(len(self.found().faults[5]), 1)
        self.notes.append({"fault": "kill gateway", "target": 0, "at_us": START + 1_100_000})
        self.assertEqual(self.found().count(), 0)

    def test_a_ready_ticket_that_waits_again(self):
        again = copy.copy(self.line("status", 1))
        again.update(sent_us=650_000, done_us=651_000, state="waiting", position=1, ready=0)
        self.rows.append(again)
        self.assert_fault(5, "ticket 1 waits again")

    def test_a_wait_long_after_the_call(self):
        self.line("status", 4).update(sent_us=9_000_000, done_us=9_001_000, state="waiting", position=1, ready=0)
        self.assert_fault(5, "called 7.500 s before")

    def test_a_position_nobody_can_have(self):
        self.line("join", 5)["position"] = 1
        self.line("status", 5, 0)["position"] = 1
        self.line("status", 5, 1)["position"] = 1
        self.assert_fault(5, "can't be so far ahead")

    # Lines in buckets

    def test_a_good_run_in_buckets_passes(self):
        self.dump = spread(self.dump)
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())
        self.assertEqual(found.skipped, [])
        self.assertEqual(found.measures["most called at once"], 1)

    def test_a_number_that_never_arrived_is_no_ticket(self):
        self.dump = spread(self.dump)
        self.dump[""]["next"] = "6"
        self.dump[":users"]["user-6"] = "6"
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())
        self.assertEqual(found.measures["numbers that came to nothing"], 1)
        self.line("join", 5)["ticket"] = token(6)
        self.assert_fault(1, "ticket 6 is nowhere")

    def test_a_bucket_that_calls_out_of_order(self):
        self.dump = spread(self.dump)
        self.dump[".01}:admissions"].reverse()
        self.assert_fault(3, "tickets 2 to 2 were called after 4")

    def test_a_bucket_that_passes_over_a_ticket(self):
        self.dump = spread(self.dump)
        del self.dump[".01}:admissions"][0]
        self.assert_fault(3, "in turn were 2, from 2")
        self.assert_fault(2, "the journal of .01 has 1 calls, the bucket 2")

    def test_buckets_that_call_late_and_too_many_at_once(self):
        self.dump = spread(self.dump)
        self.dump[".00}:admissions"] = [f"a {START + 1_501_000} 1 1 1"]
        self.dump[".01}:admissions"][0] = f"a {START + 1_501_000} 1 2 2"
        self.assertEqual(self.found().measures["most that buckets called beyond the bound"], 1)
        self.dump[".00}:admissions"] = [f"a {START + 1_501_000} 3 1 5"]
        self.assert_fault(2, "4 called in 0.000000 s")

    def test_a_watermark_that_charges_too_little(self):
        self.dump = spread(self.dump)
        self.dump[":admissions"][1] = f"a {START + 500_000} 1 1 2"
        self.assert_fault(3, "1 were charged for 1 to 2, of whom 2 had not left")
        self.assert_fault(2, "the journal has 2 admissions, the store 3")

    def test_what_is_given_back_may_be_given_again(self):
        self.dump = spread(self.dump)
        self.dump[":admissions"][2:] = [f"a {START + 600_000} 0 3 3", f"g {START + 600_000} 1", f"a {START + 601_000} 1 4 4"]
        self.assertFalse(any("more than rate" in text for text in self.found().faults[2]))
        del self.dump[":admissions"][3]
        self.assert_fault(2, "more than rate x window + burst")

    # Seats in the store

    def test_a_reservation_that_the_store_does_not_have(self):
        self.dump[":reservations"] = {"1": "s|r9|a1|0|o1|7"}
        self.assert_fault(4, "reservation r1: the store does not have it")

    def test_an_order_that_the_store_does_not_have(self):
        self.dump[":reservations"] = {"1": "s|r1|a1|0|o2|7"}
        self.assert_fault(4, "order o1: the store has s o2")

    def test_a_seat_in_two_reservations(self):
        self.dump[":reservations"]["4"] = "h|r2|a2|9|- |7"
        self.assert_fault(4, "the store has seat 7 in 2 reservations")
        self.assert_fault(4, "the store's counter 'held' says 0, its reservations 1")

    def test_a_seat_that_is_taken_and_nobodys(self):
        self.dump[":seats"] = "\x03"
        self.assert_fault(4, "seats [8] are taken in the bitmap or in a reservation only")

    # Failovers

    def kill(self, from_ms, at_ms, parts=("",)):
        us = lambda ms: START + ms * 1000
        self.notes.append({"fault": "kill primary", "lossy_from_us": us(from_ms), "at_us": us(at_ms), "heir_us": us(at_ms + 900),
                           "taken_us": us(at_ms + 1000), "parts": list(parts)})
        for part in parts:
            self.dump[part + "}" if part else ""]["takeovers"] = "1"

    def test_a_failover_that_nobody_noticed(self):
        self.kill(5000, 5100)
        self.assertEqual(self.found().count(), 0, self.found().text())
        self.dump[""]["takeovers"] = "0"
        self.assert_fault(1, "1 primaries of tacos:{0000000000001234} were killed, of which the store noticed 0")

    def test_a_failover_that_the_next_one_undid_needs_no_notice_but_one_long_before_does(self):
        self.kill(5000, 5100)
        self.kill(6200, 6300)  # the heir's replica was cut off 100 ms after the takeover
        self.assertEqual(self.found().count(), 0, self.found().text())
        self.kill(15000, 15100)
        self.assert_fault(1, "2 primaries of tacos:{0000000000001234} were killed, of which the store noticed 1")

    def test_an_answered_write_that_a_replica_was_to_have_may_not_be_lost(self):
        self.kill(0, 5000)
        self.dump[":reservations"] = {}
        self.dump[""].update(sold_seats="0")
        self.assertIn("explained by a failover: reservations lost", self.found().text())
        self.assertTrue(any("a replica was to have it" in text for text in self.found(durable=True).faults[4]))

    def test_a_gateway_that_does_not_tell_of_a_failover(self):
        self.kill(5000, 5100)
        self.notes[0]["admin"]["failovers"] = 0
        self.assert_fault(1, "gateway 0 says 0 failovers, the store 1")

    def lose_ticket(self, number):
        self.dump = spread(self.dump)
        self.dump[".00}:seen"] = []
        self.dump[".00}:t:0"] = records(0, 1)
        self.notes[0]["admin"].update(joined=4, waiting=0)
        self.rows = [row for row in self.rows if row["user"] != number or row["step"] == "join"]

    def test_a_lost_ticket_is_explained_when_the_failover_counts_it(self):
        self.lose_ticket(5)
        self.kill(0, 20, ("", ".00"))
        self.assert_fault(1, "1 tickets that users were told are nowhere; tickets_lost says 0")
        self.dump[""]["lost"] = "1"
        self.assertEqual(self.found().faults[1], [])

    def test_a_lost_ticket_of_another_time_is_not_explained(self):
        self.lose_ticket(5)
        self.kill(3000, 3200, ("", ".00"))
        self.dump[""]["lost"] = "1"
        self.assert_fault(1, "ticket 5 is nowhere")

    def second_grant(self):
        again = copy.copy(self.line("enter", 1))
        again.update(grant=token(1, grant=True)[:-4] + "AAAB", sent_us=2_750_000, done_us=2_751_000)
        self.rows.append(again)

    def test_a_second_grant_is_right_when_the_first_was_lost(self):
        self.second_grant()
        self.kill(690, 720)
        self.assertEqual(self.found().faults[4], [])
        self.assertEqual(self.found().measures["explained by a failover: second grants of a ticket"], 1)

    def test_a_second_grant_is_wrong_when_the_first_was_not_lost(self):
        self.second_grant()
        self.kill(1690, 1720)
        self.assert_fault(4, "another grant than the one this ticket had")

    def test_an_entry_while_no_server_had_the_ticket(self):
        self.kill(100, 200)
        self.assert_fault(4, "entered while no server had the ticket")

    def sell_again(self):
        for step, at in (("reserve", 2_800_000), ("confirm", 2_900_000)):
            again = copy.copy(self.line(step, 1))
            again.update(user=4, ticket=token(4), grant=token(4, grant=True), reservation="r2", sent_us=at, done_us=at + 1000)
            if step == "confirm":
                again["order"] = "o2"
            self.rows.append(again)
        self.dump[":grants"]["4"] = "s:9000"
        self.dump[":turns"] = []
        self.dump[""]["entered"] = "2"
        self.notes[0]["admin"].update(ready=0, entered=2)
        self.dump[":reservations"] = {"4": "s|r2|a2|0|o2|7"}

    def test_a_seat_sold_again_is_told_apart_when_a_failover_lost_the_first_sale(self):
        self.sell_again()
        self.kill(790, 950)
        found = self.found()
        self.assertEqual(found.faults[4], [], found.text())
        self.assertTrue(any("seat 7 is sold to reservation r1 too" in text for text in found.explained), found.text())

    def test_a_seat_sold_again_is_a_fault_when_no_failover_lost_the_first_sale(self):
        self.sell_again()
        self.kill(1790, 1950)
        self.assert_fault(4, "seat 7 is sold to reservation r1 too")

    def test_more_told_to_be_ready_than_the_rate_allows(self):
        self.dump[":admissions"][0] = f"r {START} 100000 1"
        self.assert_fault(2, "2 tickets were told to be ready")

    def test_a_join_without_a_ticket(self):
        self.line("join", 5)["ticket"] = "nonsense"
        self.assert_fault(1, "'nonsense' is no ticket")

    def test_a_state_that_there_is_not(self):
        self.line("status", 4)["state"] = "redy"
        self.assert_fault(1, "ticket 4 can't be 'redy'")

    def test_a_wait_at_no_position(self):
        self.line("status", 5)["position"] = "-"
        self.assert_fault(5, "ticket 5 waits at no position")

    def test_an_entry_of_a_ticket_that_had_expired(self):
        self.line("status", 1)["state"] = "expired"
        self.assert_fault(1, "ticket 1 had ended")

    def test_a_call_of_a_ticket_that_had_left(self):
        again = copy.copy(self.line("status", 4))
        again.update(user=3, ticket=token(3), state="waiting", position=1, ready=0, sent_us=310_000, done_us=311_000)
        self.rows.append(again)
        self.assert_fault(5, "ticket 3 had ended")

    def test_what_another_gateway_has_not_read_yet_is_no_return(self):
        again = copy.copy(self.line("status", 4))
        again.update(user=3, ticket=token(3), state="waiting", position=3, ready=0, target=1, sent_us=310_000, done_us=311_000)
        self.rows.append(again)
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())

    def test_a_grant_that_has_lapsed_leaves_its_ticket_entered(self):
        for at, step, more in ((950, "enter", {"status": 410, "error": "TOKEN_EXPIRED"}),
                               (960, "join", {"status": 202, "state": "entered"})):
            again = copy.copy(self.line("status", 1))
            again.update(step=step, state="-", ready=0, sent_us=at * 1000, done_us=at * 1000 + 500)
            again.update(more)
            self.rows.append(again)
        found = self.found()
        self.assertEqual(found.count(), 0, found.text())

    def hold_again(self, at):
        again = copy.copy(self.line("reserve", 1))
        again.update(user=4, ticket=token(4), grant=token(4, grant=True), reservation="r2", sent_us=at, done_us=at + 1000)
        self.rows.append(again)
        self.dump[":grants"]["4"] = "s:9000"
        self.dump[":turns"] = []
        self.dump[""]["entered"] = "2"
        self.notes[0]["admin"].update(ready=0, entered=2)
        self.dump[":reservations"]["2"] = "x|r2||0||7"

    def test_a_seat_held_for_two_of_whom_one_bought_it(self):
        self.hold_again(850_000)
        self.assert_fault(4, "seat 7 was held for reservation r1, which bought it")

    def test_a_seat_held_before_by_one_whose_hold_lapsed_is_right(self):
        self.hold_again(720_000)
        self.assertEqual(self.found().faults[4], [])

    # Files

    def written(self, *lines, run="seed=1"):
        """What is read of a file with such lines behind its first two."""
        with tempfile.NamedTemporaryFile("w", suffix=".0") as file:
            file.write("\t".join((history.FORMAT, *history.COLUMNS)) + f"\n#run\tstart_unix_us={START} {run}\n")
            file.write("".join(lines))
            file.flush()
            return history.History.read([file.name])

    def test_a_file_that_ends_early(self):
        line = "\t".join(str(self.rows[0][name]) for name in history.COLUMNS) + "\n"
        self.assertEqual(len(self.written(line, line, "#end\t2\n").rows), 2)
        for lines in ((line, line), (line, line[:-2]), (line, "#end\t2\n"), (line, line, "#end\t2")):
            with self.assertRaisesRegex(history.Unreadable, "is not whole"):
                self.written(*lines)

    def test_a_history_of_which_a_worker_is_missing(self):
        line = "\t".join(str(self.rows[0][name]) for name in history.COLUMNS) + "\n"
        with self.assertRaisesRegex(history.Unreadable, "of worker 0, 2 of 3 are not there"):
            self.written(line, "#end\t1\n", run="worker=1 workers=3")

    def test_a_history_of_nothing(self):
        with self.assertRaisesRegex(history.Unreadable, "no request in the history"):
            self.written("#end\t0\n")

    def test_a_file_of_another_format(self):
        with tempfile.NamedTemporaryFile("w", suffix=".0") as file:
            file.write("#tacos.history/2\tuser\n")
            file.flush()
            with self.assertRaisesRegex(history.Unreadable, "begins with '#tacos.history/2'"):
                history.History.read([file.name])

    def test_a_line_that_was_cut_short(self):
        with tempfile.NamedTemporaryFile("w", suffix=".0") as file:
            file.write("\t".join((history.FORMAT, *history.COLUMNS)) + f"\n#run\tstart_unix_us={START}\n1\t2\t3\n")
            file.flush()
            with self.assertRaisesRegex(history.Unreadable, ":3: has 3 fields"):
                history.History.read([file.name])


if __name__ == "__main__":
    unittest.main()
