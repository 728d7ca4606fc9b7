"""What asynchronous replication can have lost: writes of a killed primary that its replica had not heard."""
import collections

Loss = collections.namedtuple("Loss", "since killed heir taken parts")  # microseconds of the calendar; names of store.Part

# A request may be carried out a little after it was sent, and its answer noted a little after the kill.
MARGIN_US = 50_000
# After the takeover: until a gateway has reached the new server, and the second in which all tell what they know.
RECOVERY_US = 3_000_000


class Losses:
    def __init__(self, held):
        self.held = held
        self.all = [Loss(fault["lossy_from_us"], fault["at_us"], fault["heir_us"], fault["taken_us"], set(fault["parts"]))
                    for fault in held.faults if fault["fault"] == "kill primary"]

    def explains(self, row, part):
        """Whether what an answer says may have been undone: its change was made in the moments before a kill, in a part of the
        line that the killed server held."""
        return any(part in loss.parts and row.done >= loss.since - MARGIN_US and row.sent <= loss.killed + MARGIN_US
                   for loss in self.all)

    def of_ticket(self, row, number):
        return self.explains(row, self.held.part_of(number))

    def of_event(self, row):
        return self.explains(row, "")

    def away(self, row, part):
        """Whether a request was carried out while no server had this part of the line: between the kill and the takeover, which
        is noticed within a tenth of a second."""
        return any(part in loss.parts and row.sent > loss.killed + MARGIN_US and row.done < loss.heir - 2 * MARGIN_US
                   for loss in self.all)

    def recovering(self, us, number):
        """Whether the event's own key, or the ticket's bucket, was away then, or the line not yet what it had been: what the
        gateways knew is further on than the store."""
        return any(loss.parts & {"", self.held.part_of(number)} and loss.since - MARGIN_US <= us <= loss.taken + RECOVERY_US
                   for loss in self.all)

    def of_any(self, part):
        """Whether any kill was of a primary that had this part."""
        return any(part in loss.parts for loss in self.all)

    def kills_to_notice(self, part):
        """Kills of a part's primaries that the store must have noticed. One that was followed by another before the gateways had
        reached the heir, or told its replica, left no trace: what both lost counts as the second's."""
        kills = [loss for loss in self.all if part in loss.parts]
        return sum(following is None or following.since > loss.taken + RECOVERY_US
                   for loss, following in zip(kills, kills[1:] + [None]))

    def before(self, part, us):
        """How many of a part's primaries had been killed by then."""
        return sum(part in loss.parts and loss.killed <= us for loss in self.all)
