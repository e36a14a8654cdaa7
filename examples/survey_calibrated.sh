#!/bin/sh
# The same share with weights that give the known numbers of women by residence and age, and rural less urban women.
est survey dataset:kenya_women_synthetic --weight weight --strata stratum --psu cluster \
    --proportion married_by_18=1 --by residence --contrast 'residence=rural - residence=urban' \
    --calibrate poststratify --margins dataset:kenya_women_synthetic_totals
