# Women of 20 to 24 who were in union before 18, in all and by residence, from an invented survey in the shape of Kenya's.
library(libest)

women <- est_dataset("kenya_women_synthetic")
fit <- est_survey(women, proportion = ~ married_by_18 == 1, by = ~ residence,
                  weight = "weight", strata = "stratum", psu = "cluster")
print(fit)
