"""Ctrl-C stops a long run long before its end; so does the progress function. Other threads keep running meanwhile."""
import contextlib
import io
import os
import signal
import threading
import time
import unittest
import warnings

import libest as est


def long_run(**options):
    return est.mse(est.dataset("uk_2013"), select="bic", max_order=2, ci="bootstrap", replicates=1000000, **options)


class Interrupt(unittest.TestCase):
    def setUp(self):
        self.before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def tearDown(self):
        signal.signal(signal.SIGINT, self.before)

    def test_ctrl_c(self):
        for threads in (1, 2):
            with self.subTest(threads=threads):
                timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
                timer.start()
                began = time.monotonic()
                with self.assertRaises(KeyboardInterrupt):
                    long_run(threads=threads)
                self.assertLess(time.monotonic() - began, 10)  # the run itself takes many minutes
                timer.join()

    def test_the_lock_is_released(self):
        ticks, stop = [], threading.Event()

        def beat():
            while not stop.wait(0.01):
                ticks.append(time.monotonic())

        thread = threading.Thread(target=beat)
        thread.start()
        began = time.monotonic()
        with self.assertRaises(est.EstCancelled):
            long_run(progress=lambda stage, fraction: time.monotonic() - began > 0.5)
        stop.set()
        thread.join()
        self.assertGreater(len(ticks), 10)

    def test_progress(self):
        calls = []

        def watch(stage, fraction):
            calls.append((stage, fraction))
            return len(calls) >= 3

        with self.assertRaises(est.EstCancelled) as caught:
            long_run(progress=watch)
        self.assertEqual(caught.exception.code, "EST_ECANCELLED")
        self.assertIsInstance(caught.exception, KeyboardInterrupt)
        self.assertEqual(len(calls), 3)
        self.assertTrue(all(stage and 0 <= fraction <= 1 for stage, fraction in calls))

    def test_an_error_in_progress_comes_through(self):
        with self.assertRaises(ZeroDivisionError):
            long_run(progress=lambda stage, fraction: 1 / 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.assertEqual(est.mse(est.dataset("kosovo_1999"), model="main").find("observed").estimate, 4400)

    def test_bar(self):
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            with self.assertRaises(KeyboardInterrupt):
                long_run(progress=True)
            timer.join()
        self.assertIn("%", shown.getvalue())
        self.assertTrue(shown.getvalue().endswith("\r"))


if __name__ == "__main__":
    unittest.main()
