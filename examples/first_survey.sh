#!/bin/sh
# Women of 20 to 24 who were in union before 18, in all and by residence, from an invented survey in the shape of Kenya's.
est survey dataset:kenya_women_synthetic --weight weight --strata stratum --psu cluster \
    --proportion married_by_18=1 --by residence
