#!/bin/sh
# The same killings, and what the lists themselves say against the estimate: twelve tables and a verdict in words.
est mse dataset:kosovo_1999 --model all-pairs --diagnose
