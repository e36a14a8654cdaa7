#!/usr/bin/env python3
"""Every survey value of another program in LIBEST_ORACLES/survey, against `est survey` as its user runs it.

Each row of expected.csv is compared, or left out for a reason of REASONS that is proven here (docs/conformance.md names them); a row
that is neither is a fault. Tolerance: 1e-9 relative to the value, for standard errors and limits relative to the estimate where that
is larger times 1e-6; otherwise as TOLERANCES says. Derived columns (a share's 0/1, a squared deviation) go to a temporary folder.
"""
import collections
import csv
import json
import math
import os
import subprocess
import sys
import tempfile
from fractions import Fraction

import naive_survey as naive

DESIGNS = {
    "srs_fpc": ("--weight", "pw", "--fpc", "fpc"), "srs_wr": ("--weight", "pw"),
    "strat_fpc": ("--weight", "pw", "--strata", "stype", "--fpc", "fpc"), "strat_wr": ("--weight", "pw", "--strata", "stype"),
    "clus1_fpc": ("--weight", "pw", "--psu", "dnum", "--fpc", "fpc"), "clus1_wr": ("--weight", "pw", "--psu", "dnum"),
    "2stage_fpc12": ("--psu", "id1,id2", "--fpc", "n1,n2"),
    "2stage_fpc12_ultimate.cluster": ("--psu", "id1,id2", "--fpc", "n1,n2", "--ultimate-cluster"),
    "id=v021,strata=v023,wt=v005/1e6": ("--weight", "v005", "--weight-scale", "0.000001", "--psu", "v021", "--strata", "v023"),
}
STRATA_AND_PSUS = {
    ("fpc", "strat_psu_fpc"): ("--weight", "weight", "--strata", "stratid", "--psu", "psuid", "--nest", "--fpc", "Nh"),
    ("fpc", "strat_psu_wr"): ("--weight", "weight", "--strata", "stratid", "--psu", "psuid", "--nest"),
    ("scd", "strat_psu_wr"): ("--strata", "ESA", "--psu", "ambulance", "--nest"),
}
DHS = DESIGNS["id=v021,strata=v023,wt=v005/1e6"]
YOUNG = "v012 >= 20 and v012 <= 24"
INTERVALS = {"beta": "beta", "mean": "t", "logit": "logit", "xlogit": "logit", "wilson": "wilson", "asin": "arcsine",
             "likelihood": "likelihood"}
TESTS = {"svychisq_F": "rao-scott-2", "svychisq_Chisq": "rao-scott-1", "svychisq_Wald": "wald", "svychisq_adjWald": "adjusted-wald",
         "svychisq_lincom": "saddlepoint", "svychisq_saddlepoint": "saddlepoint"}
CALIBRATED = {
    "poststrat_stype": ("poststratify", ("stype",)), "rake_stype_schwide": ("rake", ("stype", "sch.wide")),
    "cal_linear_stype": ("linear", ("stype",)), "cal_linear_stype_api99": ("linear", ("stype", "api99")),
    "cal_raking_stype_api99": ("exponential", ("stype", "api99")),
    "cal_logit_.4_2.5_stype": ("logit", ("stype", "api99"), "--bounds", "0.4,2.5"),
    "cal_linear_bounds.6_1.8_stype_api99": ("bounded", ("stype", "api99"), "--bounds", "0.6,1.8"),
    "cal_linear_cluster_stage1": ("linear", ("stype", "api99"), "--by-cluster"),
    "cal_raking_marg_stype_schwide": ("exponential", ("stype", "sch.wide")),
}
# Relative tolerances other than 1e-9, by what the other program does.
ITERATED_WEIGHTS = 1e-7
PROFILE = 1e-5
REGRESSION = 1e-8
