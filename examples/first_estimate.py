"""The killings in Kosovo from March to June 1999, from four lists: how many were there, counting those on no list?"""
import libest as est

killings = est.dataset("kosovo_1999")
fit = est.mse(killings, model="all-pairs")
print(fit)
