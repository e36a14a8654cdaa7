#!/bin/sh
# The killings in Kosovo from March to June 1999, from four lists: how many were there, counting those on no list?
est mse dataset:kosovo_1999 --model all-pairs
