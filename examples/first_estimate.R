# The killings in Kosovo from March to June 1999, from four lists: how many were there, counting those on no list?
library(libest)

killings <- est_dataset("kosovo_1999")
fit <- est_mse(killings, model = "all-pairs")
print(fit)
