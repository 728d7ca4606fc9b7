"""What a load generator must report, worked out without one. Times are milliseconds, rates per second, q from 0 to 1."""
import bisect
import math

RELATIVE_TOLERANCE = 0.02
ABSOLUTE_TOLERANCE_MS = 0.1


def tolerance(expected, relative=RELATIVE_TOLERANCE, absolute=ABSOLUTE_TOLERANCE_MS):
    return max(abs(expected) * relative, absolute)


def quantile(values, q):
    """The smallest of the values that at least q of them are at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered), max(1, math.ceil(q * len(ordered) - 1e-9))) - 1]


def even_schedule(rate, duration_ms):
    """When each request of a constant rate is due, from the start: arrival n at n / rate."""
    count = round(rate * duration_ms / 1000)
    return [n * 1000 / rate for n in range(1, count + 1)]


def stall_quantile(q, base, stall, length, stalls=1):
    """Stalls spread over a run at a constant rate: those due in one wait for its end, so their times are uniform up to it."""
    return base + max(0.0, stall - (1 - q) * length / stalls)


def overload_quantile(q, duration_ms, offered, capacity, base):
    """A server that answers `capacity` of `offered` a second: the request due at t is answered at t · offered / capacity."""
    return base + max(0.0, offered / capacity - 1) * q * duration_ms


def queued(intended, services, on_the_way):
    """The response times at one server that takes services[k] for request k, in order (Lindley's recursion).

    A request that is due at t is there at t + on_the_way, and its answer takes as long back. Where services run out, the
    server goes on at their mean.
    """
    mean = sum(services) / len(services)
    out, free = [], float("-inf")
    for k, due in enumerate(intended):
        free = max(free, due + on_the_way) + (services[k] if k < len(services) else mean)
        out.append(free + on_the_way - due)
    return out


def sum_quantile(q, first, second, points=400):
    """The quantile of the sum of two independent times, from values of each."""
    grid = [(i + 0.5) / points for i in range(points)]
    a, b = ([ordered[int(p * len(ordered))] for p in grid] for ordered in (sorted(first), sorted(second)))
    return quantile([x + y for x in a for y in b], q)


def paused_target(intended, pauses, hold, answers=()):
    """The response time of each request to a target that holds it for `hold` and does nothing in its pauses.

    What is due while the target sleeps is answered after it, in order. How long that takes it, the target's own list of
    answers says; without one it takes no time.
    """
    answers = sorted(answers)
    out = []
    for began, ended in pauses:
        first = bisect.bisect_left(intended, began - hold)
        out.extend(hold for _ in range(len(out), first))
        after = bisect.bisect_left(answers, ended)
        for rank, due in enumerate(intended[first:bisect.bisect_left(intended, ended)]):
            at_once = ended + (hold if due >= began else 0)
            drained = answers[after + rank] if after + rank < len(answers) else at_once
            out.append(max(at_once, drained) - due)
    return out + [hold] * (len(intended) - len(out))


def frozen_generator(intended, began, ended, hold, answers=()):
    """The same for a generator that is stopped: what was due meanwhile is sent, and what was answered is read, at the end."""
    answers = sorted(answers)
    after = bisect.bisect_left(answers, ended)
    out, rank = [], 0
    for due in intended:
        if due + hold < began or due >= ended:
            out.append(hold)
        elif due < began:
            out.append(ended - due)
        else:
            drained = answers[after + rank] if after + rank < len(answers) else 0
            rank += 1
            out.append(max(ended + hold, drained) - due)
    return out


def lag_of_frozen(intended, began, ended):
    """How late a generator that is stopped takes up what is due meanwhile."""
    return [ended - due if began <= due < ended else 0.0 for due in intended]


def ramp_count(t, low, high, ramp):
    """How many requests are due in the first t seconds of a linear ramp that is then held."""
    rising = min(t, ramp)
    return low * rising + (high - low) * rising * rising / (2 * ramp) + high * max(0.0, t - ramp)


def ramp_time(n, low, high, ramp):
    """When arrival n of that ramp is due, in seconds."""
    top = ramp_count(ramp, low, high, ramp)
    if n > top:
        return ramp + (n - top) / high
    slope = (high - low) / ramp
    return (math.sqrt(low * low + 2 * slope * n) - low) / slope
