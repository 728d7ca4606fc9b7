"""The cases: what the target does, what is asked of the generator, and what arithmetic says of it.

A case is run against one generator at a time and yields rows: a figure, what it must be, what the generator reported, and
what the target's own log says it was ("seen": answered − due, for generators that follow a schedule).
"""
import arithmetic
from programs import Broken, Load, Target, probe

RATE = 1000
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


class Context:
    """What the cases of one round share: where the programs are, and what a round trip takes on this machine."""

    def __init__(self, bin_dir, quick):
        self.bin_dir, self.quick, self.round_trips = bin_dir, quick, {}

    def baseline(self, connections):
        """Round trips to a target that answers at once, over so many connections in turn, in ms. Measured once."""
        if connections not in self.round_trips:
            self.round_trips[connections] = probe(self.bin_dir, 1500 if self.quick else 5000, connections)
        return self.round_trips[connections]

    def base(self, connections):
        return arithmetic.quantile(self.baseline(connections), 0.5)


class Row:
    def __init__(self, figure, expected, reported, unit="ms", tolerance=None, seen=None, judged=True, formula=None):
        self.figure, self.expected, self.reported, self.unit = figure, expected, reported, unit
        self.tolerance = arithmetic.tolerance(expected) if tolerance is None else tolerance
        self.seen, self.judged, self.formula = seen, judged, formula


def schedule_of(generator, target, intended, base):
    """The schedule on the target's clock. It began when it fits the promptest of the first arrivals.

    What other generators intended is not known: for them it is as if each schedule had begun with the first request.
    """
    first = min(len(intended), len(target.received), 500) if generator.schedule_is_known else 1
    start = min(target.received[n] - intended[n] for n in range(first)) - base / 2
    return [start + due for due in intended]


def seen_by_target(generator, target, due, base):
    """When each answer left, after it was due, plus the way back; of a generator whose schedule is known and was kept."""
    if not generator.schedule_is_known or len(target.answered) != len(due):
        return None
    return [answered + base / 2 - at for answered, at in zip(sorted(target.answered), due)]


def drain_of(answers, due, pause):
    """How long after a pause the last of what had come due in it was answered."""
    began, ended = pause
    held_up = sum(began <= at < ended for at in due)
    after = sum(at < ended for at in answers)
    return sorted(answers)[min(after + held_up, len(answers)) - 1] - ended


def service_times(target):
    """How long the target took for each request, in order, with what it needs in between; not while it had nothing to do."""
    out, last = [], target.received[0]
    for received, answered in zip(target.received, target.answered):
        gap = received - last
        out.append(answered - received + (gap if gap < 5 else 0))
        last = answered
    return out


def quantile_rows(names, expected, outcome, seen=None, formula=None):
    return [Row(name, arithmetic.quantile(expected, QUANTILES[name]), outcome.figures.get(name),
                seen=arithmetic.quantile(seen, QUANTILES[name]) if seen else None,
                formula=formula(QUANTILES[name]) if formula else None) for name in names]


class FixedDelay:
    def __init__(self, text, milliseconds):
        self.name, self.delay, self.milliseconds = f"delay-{text}", text, milliseconds
        self.title = f"every answer held for {text.replace('us', ' µs').replace('ms', ' ms')}"
        self.asked = f"{RATE:,}/s, 200 connections"

    def run(self, generator, context):
        seconds = 3 if context.quick else 6
        baseline, base = context.baseline(200), context.base(200)
        load = Load(RATE, seconds, 200, clients=max(1, round(self.milliseconds * RATE / 1000)))
        with Target(context.bin_dir, "--delay", self.delay) as target:
            outcome = generator.measure(target.url, load)
            target.stop()
        holds = target.holds()
        due = schedule_of(generator, target, arithmetic.even_schedule(RATE, seconds * 1000), base)
        seen = seen_by_target(generator, target, due, base)
        rows = []
        for name in ("p50", "p99", "max"):
            q = QUANTILES[name]
            # Whatever the machine does to a single request decides the maximum: shown, not judged.
            expected = max(holds) + base if name == "max" else arithmetic.sum_quantile(q, holds, baseline)
            rows.append(Row(name, expected, outcome.figures.get(name), judged=name != "max",
                            seen=arithmetic.quantile(seen, q) if seen else None))
        outcome.notes["target_hold_ms"] = target.facts["hold_ms"]
        return outcome, rows


class Paused:
    """Pauses of the whole target, which holds each answer for 1 ms otherwise."""

    def __init__(self, name, title, options, figures, seconds):
        self.name, self.title, self.options, self.figures, self.seconds = name, title, options, figures, seconds
        self.asked = f"{RATE:,}/s, 2,500 connections"

    def run(self, generator, context):
        options, seconds = self.options[context.quick], self.seconds[context.quick]
        base = context.base(2500)
        with Target(context.bin_dir, "--delay", "1ms", *options) as target:
            outcome = generator.measure(target.url, Load(RATE, seconds, 2500))
            target.stop()
        intended = arithmetic.even_schedule(RATE, seconds * 1000)
        due = schedule_of(generator, target, intended, base)
        answers = [at + base / 2 for at in target.answered] if len(target.answered) == len(due) else ()
        pauses = [pause for pause in target.pauses if pause[0] < due[-1]]
        if not pauses:
            raise Broken(f"{generator.name} ended before the target's first pause")
        normal = [answered - received for received, answered in zip(target.received, target.answered)
                  if not any(began - 5 < received < ended + 200 for began, ended in pauses)]
        hold = arithmetic.quantile(normal, 0.5) + base
        expected = arithmetic.paused_target(due, pauses, hold, answers)
        stall = sum(ended - began for began, ended in pauses) / len(pauses)
        outcome.notes["drain_ms"] = [drain_of(answers, due, pause) for pause in pauses] if answers else None
        outcome.notes["pauses_ms"] = [ended - began for began, ended in pauses]
        return outcome, quantile_rows(
            self.figures, expected, outcome, seen_by_target(generator, target, due, base),
            lambda q: arithmetic.stall_quantile(q, hold, stall, seconds * 1000, len(pauses)))


class Overload:
    name, title = "overload", "a server that can do about 700/s, offered 1,000/s"
    asked = f"{RATE:,}/s, 4,500 connections"

    def run(self, generator, context):
        seconds = 3 if context.quick else 10
        base = context.base(2500)
        with Target(context.bin_dir, "--work", "1330us") as target:
            outcome = generator.measure(target.url, Load(RATE, seconds, 4500))
            target.stop()
        intended = arithmetic.even_schedule(RATE, seconds * 1000)
        due = schedule_of(generator, target, intended, base)
        seen = seen_by_target(generator, target, due, base)
        services = service_times(target)
        # While it was busy: without the first and last tenth, where a line has yet to form or is gone.
        middle = services[len(services) // 10:len(services) * 9 // 10]
        capacity = 1000 * len(middle) / sum(middle)
        outcome.notes["capacity_per_second"] = capacity
        expected = arithmetic.queued(intended, services, base / 2)
        return outcome, quantile_rows(
            ("p50", "p90", "p99"), expected, outcome, seen,
            lambda q: arithmetic.overload_quantile(q, seconds * 1000, RATE, capacity, 1000 / capacity + base))


class Frozen:
    name, title = "frozen", "the generator itself stopped for 2 s of 10 s"
    asked = f"{RATE:,}/s, 2,500 connections"

    def run(self, generator, context):
        seconds, freeze = (4, (1.5, 0.8)) if context.quick else (10, (4, 2))
        base = context.base(2500)
        with Target(context.bin_dir, "--delay", "1ms") as target:
            outcome = generator.measure(target.url, Load(RATE, seconds, 2500, freeze=freeze))
            target.stop()
        intended = arithmetic.even_schedule(RATE, seconds * 1000)
        due = schedule_of(generator, target, intended, base)
        answers = [at + base / 2 for at in target.answered] if len(target.answered) == len(due) else ()
        began, ended = outcome.frozen
        hold = arithmetic.quantile(target.holds(), 0.5) + base
        expected = arithmetic.frozen_generator(due, began, ended, hold, answers)
        rows = quantile_rows(("p50", "p90", "p99"), expected, outcome, seen_by_target(generator, target, due, base),
                             lambda q: arithmetic.stall_quantile(q, hold, ended - began, seconds * 1000))
        lag = arithmetic.lag_of_frozen(due, began, ended)
        for name in ("p99", "max"):
            figure = "dispatch lag " + name
            rows.append(Row(figure, arithmetic.quantile(lag, QUANTILES[name]), outcome.figures.get(figure)))
        says = outcome.figures.get("says so")
        rows.append(Row("says that the run is invalid", 1, None if says is None else float(says), unit="yes", tolerance=0))
        return outcome, rows


class Ramp:
    name, title = "ramp", "the schedule as the server saw it: a ramp, then its top"
    asked = "1,000 to 20,000/s in 10 s, 5 s at the top, 500 connections; to 8,000/s with curl"

    def run(self, generator, context):
        low, high = 1000, 8000 if generator.name == "tacos-curl" else 20_000
        ramp, hold = (2, 1) if context.quick else (10, 5)
        if not generator.can_ramp:
            return None, [Row("worst second, off plan", 0, None, unit="%", tolerance=2),
                          Row("requests", arithmetic.ramp_count(ramp + hold, low, high, ramp), None, unit="", tolerance=0)]
        with Target(context.bin_dir) as target:
            outcome = generator.measure(target.url, Load(high, ramp, 500, from_rate=low, hold=hold))
            target.stop()
        total = round(arithmetic.ramp_count(ramp + hold, low, high, ramp))
        start = min(received - 1000 * arithmetic.ramp_time(n, low, high, ramp)
                    for n, received in enumerate(target.received[:500], 1))
        counts = [0] * (ramp + hold + 60)
        for received in target.received:
            counts[int((received - start) / 1000)] += 1
        reached = [arithmetic.ramp_count(s, low, high, ramp) for s in range(ramp + hold + 1)]
        plan = [after - before for before, after in zip(reached, reached[1:])]
        worst = max(abs(counts[s] / plan[s] - 1) * 100 for s in range(ramp + hold))
        outcome.notes["per_second"] = {"plan": plan, "server": counts[:ramp + hold + 1]}
        return outcome, [Row("worst second, off plan", 0, worst, unit="%", tolerance=2),
                         Row("requests", total, len(target.received), unit="", tolerance=0)]


def all_cases():
    return [
        *(FixedDelay(text, ms) for text, ms in (("50us", 0.05), ("200us", 0.2), ("1ms", 1), ("10ms", 10), ("100ms", 100))),
        Paused("hiccup", "one pause of the server: 2 s of 10 s",
               {False: ("--stall-at", "4s", "--stall-for", "2s"), True: ("--stall-at", "1200ms", "--stall-for", "600ms")},
               ("p50", "p90", "p99", "max"), {False: 10, True: 3}),
        Paused("pauses", "repeated pauses of the server: 50 ms each second",
               {False: ("--pause-every", "1s", "--pause-for", "50ms"), True: ("--pause-every", "1s", "--pause-for", "50ms")},
               ("p50", "p99", "p99.9"), {False: 10, True: 3}),
        Overload(), Frozen(), Ramp(),
    ]
