#!/bin/sh
# People who inject drugs in Scotland in 2006, in eight strata of one joint model, and their total.
est mse dataset:scotland_pwid_2006 --by region,sex,age --model all-pairs
