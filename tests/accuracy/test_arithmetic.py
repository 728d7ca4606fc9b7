"""The arithmetic that generators are held to, against values worked out by hand."""
import unittest

import arithmetic as a


class Arithmetic(unittest.TestCase):
    def test_a_quantile_is_the_value_at_its_rank(self):
        self.assertEqual(a.quantile([4, 1, 3, 2], 0.5), 2)
        self.assertEqual(a.quantile([4, 1, 3, 2], 0.51), 3)
        self.assertEqual(a.quantile(range(1, 101), 0.99), 99)
        self.assertEqual(a.quantile(range(1, 101), 1), 100)
        self.assertEqual(a.quantile([7], 0), 7)

    def test_tolerance_is_two_percent_but_a_tenth_of_a_millisecond_at_least(self):
        self.assertAlmostEqual(a.tolerance(1000), 20)
        self.assertAlmostEqual(a.tolerance(5), 0.1)
        self.assertAlmostEqual(a.tolerance(1), 0.1)

    def test_one_stall_of_2_s_in_10_s(self):
        # 20 % of the requests meet it. 1 % waits more than 1,900 ms, 10 % more than a second.
        self.assertAlmostEqual(a.stall_quantile(0.99, 1, 2000, 10_000), 1901)
        self.assertAlmostEqual(a.stall_quantile(0.90, 1, 2000, 10_000), 1001)
        self.assertAlmostEqual(a.stall_quantile(0.50, 1, 2000, 10_000), 1)

    def test_ten_pauses_share_the_one_percent(self):
        # 1 % of 10 s is 100 ms, 10 ms of each pause: 40 ms of 50 are left.
        self.assertAlmostEqual(a.stall_quantile(0.99, 1, 50, 10_000, 10), 41)
        self.assertAlmostEqual(a.stall_quantile(0.95, 1, 50, 10_000, 10), 1)

    def test_each_request_to_a_paused_target(self):
        # One every 10 ms, held for 1 ms, a pause from 25 to 55 ms: 30, 40 and 50 are read at 55 and held until 56.
        intended = a.even_schedule(100, 80)
        self.assertEqual(intended, [10, 20, 30, 40, 50, 60, 70, 80])
        self.assertEqual(a.paused_target(intended, [(25, 55)], 1), [1, 1, 26, 16, 6, 1, 1, 1])
        # Held for 6 ms, what is due at 20 would be answered at 26: the pause keeps it until 55.
        self.assertEqual(a.paused_target(intended, [(25, 55)], 6), [6, 35, 31, 21, 11, 6, 6, 6])
        # The target took 2 ms for each answer after the pause.
        answers = [11, 21, 57, 59, 61, 62, 71, 81]
        self.assertEqual(a.paused_target(intended, [(25, 55)], 1, answers), [1, 1, 27, 19, 11, 1, 1, 1])

    def test_two_pauses(self):
        intended = a.even_schedule(100, 80)
        self.assertEqual(a.paused_target(intended, [(15, 25), (65, 75)], 1), [1, 6, 1, 1, 1, 1, 6, 1])

    def test_the_simulation_agrees_with_the_formula(self):
        times = a.paused_target(a.even_schedule(1000, 10_000), [(4000, 6000)], 1)
        for q in (0.85, 0.9, 0.99, 0.999):
            self.assertAlmostEqual(a.quantile(times, q), a.stall_quantile(q, 1, 2000, 10_000), delta=2.01)

    def test_a_frozen_generator(self):
        intended = a.even_schedule(100, 80)
        self.assertEqual(a.frozen_generator(intended, 25, 55, 1), [1, 1, 26, 16, 6, 1, 1, 1])
        # The answer to what was sent at 20 came at 26, but nobody was there to read it until 55.
        self.assertEqual(a.frozen_generator(intended, 25, 55, 6), [6, 35, 31, 21, 11, 6, 6, 6])
        self.assertEqual(a.lag_of_frozen(intended, 25, 55), [0, 0, 25, 15, 5, 0, 0, 0])

    def test_overload_grows_linearly(self):
        # 1,000 offered, 750 answered: after 10 s the line is 2,500 long, 3,333 ms.
        self.assertAlmostEqual(a.overload_quantile(1, 10_000, 1000, 750, 0), 3333.33, places=2)
        self.assertAlmostEqual(a.overload_quantile(0.5, 10_000, 1000, 750, 1), 1667.67, places=2)
        self.assertAlmostEqual(a.overload_quantile(0.5, 10_000, 1000, 2000, 1), 1)

    def test_a_line_at_one_server(self):
        # One every 10 ms. The first is served from 11 to 16; the second from 21 to 41; the third waits for that until 51.
        self.assertEqual(a.queued([10, 20, 30], [5, 20, 10], 1), [7, 22, 22])
        # Nothing is known of the third: it takes 15, the mean of the others.
        self.assertEqual(a.queued([10, 20, 30], [10, 20], 0), [10, 20, 25])
        times = a.queued(a.even_schedule(1000, 10_000), [4 / 3], 0)
        self.assertAlmostEqual(a.quantile(times, 0.5), a.overload_quantile(0.5, 10_000, 1000, 750, 0), delta=2)

    def test_a_sum_of_independent_times(self):
        # 10 or 20 plus 1 or 2, all equally likely: 11, 12, 21, 22.
        self.assertEqual(a.sum_quantile(0.25, [10, 20], [1, 2]), 11)
        self.assertEqual(a.sum_quantile(0.5, [10, 20], [1, 2]), 12)
        self.assertEqual(a.sum_quantile(0.99, [10, 20], [1, 2]), 22)

    def test_a_ramp(self):
        # From 1,000 to 3,000 in 10 s: 20,000, the first second 1,100, and 3,000 in each second after.
        self.assertAlmostEqual(a.ramp_count(10, 1000, 3000, 10), 20_000)
        self.assertAlmostEqual(a.ramp_count(1, 1000, 3000, 10), 1100)
        self.assertAlmostEqual(a.ramp_count(12, 1000, 3000, 10), 26_000)
        self.assertAlmostEqual(a.ramp_time(1100, 1000, 3000, 10), 1)
        self.assertAlmostEqual(a.ramp_time(20_000, 1000, 3000, 10), 10)
        self.assertAlmostEqual(a.ramp_time(26_000, 1000, 3000, 10), 12)


if __name__ == "__main__":
    unittest.main()
