"""Runs every test of this folder and prints the counts as the last line: python3 tests"""
import sys
import unittest
from pathlib import Path

here = Path(__file__).resolve().parent
outcome = unittest.TextTestRunner(stream=sys.stderr).run(unittest.defaultTestLoader.discover(str(here)))
failed = len({getattr(test, "test_case", test).id() for test, _ in outcome.failures + outcome.errors})
skipped = len(outcome.skipped)
print(f"{outcome.testsRun - failed - skipped} passed, {failed} failed, {skipped} skipped")
sys.exit(failed > 0)
