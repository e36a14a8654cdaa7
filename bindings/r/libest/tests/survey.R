# Surveys: values against formulas written out here and against the program, the forms of a request, errors, methods of results.
source("harness.R")
quiet <- suppressWarnings
survey <- function(...) quiet(est_survey(..., internal = TRUE))

# Two strata, three PSUs each, corrections for finite populations; the numbers are invented.
sample <- data.frame(stratum = rep(c("north", "south"), each = 9), psu = rep(1:6, each = 3), size = rep(c(20, 12), each = 9),
                     weight = rep(c(6.5, 8, 7, 3, 4.5, 4), each = 3), sex = rep(c("f", "m", "f"), 6),
                     income = c(12, 15, 11, 30, 22, 25, 9, 14, 18, 41, 35, 38, 20, 28, 26, 33, 47, 29),
                     hours = c(30, 42, 25, 51, 60, 44, 20, 35, 38, 66, 58, 61, 40, 52, NA, 57, 70, 49), stringsAsFactors = TRUE)
design <- list(weight = ~ weight, strata = ~ stratum, psu = ~ psu, fpc = ~ size)
run <- function(...) do.call(survey, c(list(...), design))

# The variance of totals between PSUs, written out: sum over strata of (1 - n/N) n / (n - 1) sum (z - mean z)^2.
naive_variance <- function(z) {
  totals <- tapply(z, sample$psu, sum)
  stratum <- tapply(as.character(sample$stratum), sample$psu, `[`, 1)
  n <- tapply(totals, stratum, length)
  population <- c(north = 20, south = 12)[names(n)]
  sum((1 - n / population) * n / (n - 1) * tapply(totals, stratum, function(t) sum((t - mean(t))^2)))
}
w <- sample$weight
mean_of <- function(y, inside = rep(TRUE, length(y))) {
  used <- inside & !is.na(y)
  estimate <- sum((w * y)[used]) / sum(w[used])
  z <- ifelse(used, w * (y - estimate), 0) / sum(w[used])
  c(estimate, sqrt(naive_variance(z)))
}
one <- run(sample, mean = ~ income + hours, total = ~ income, covariance = TRUE)
same("mean", unname(c(coef(one)[1], SE(one)[1])), mean_of(sample$income), 1e-10)
same("mean with a missing value", unname(c(coef(one)[2], SE(one)[2])), mean_of(sample$hours), 1e-10)
same("total", unname(c(coef(one)[3], SE(one)[3])), c(sum(w * sample$income), sqrt(naive_variance(w * sample$income))), 1e-9)
same("names of a mean and a total", names(coef(one)), c("mean(income)", "hours", "total(income)"))
same("class", class(one), c("est_survey", "est_result"))
same("vcov, the diagonal", unname(sqrt(diag(vcov(one)))), unname(SE(one)), 1e-12)
same("vcov is symmetric", isSymmetric(vcov(one)), TRUE)
z <- function(y) ifelse(is.na(y), 0, w * (y - sum((w * y)[!is.na(y)]) / sum(w[!is.na(y)])) / sum(w[!is.na(y)]))
same("vcov, beside it", vcov(one)[1, 2], (naive_variance(z(sample$income) + z(sample$hours)) -
                                            naive_variance(z(sample$income) - z(sample$hours))) / 4, 1e-10)
same("degf", degf(one), 4)
same("df.residual of no regression", df.residual(one), 4)
same("nobs", nobs(one), 18)
same("confint", unname(confint(one)[2, ]), coef(one)[[2]] + c(-1, 1) * qt(0.975, 4) * SE(one)[[2]], 1e-9)
same("as.data.frame has what surveys have", setdiff(c("n_weighted", "cv", "deff", "deft", "mark"), names(as.data.frame(one))),
     character())
same("and others have not", "deff" %in% names(quiet(est_mse(est_dataset("kosovo_1999"), model = "main", ci = "none"))$rows), FALSE)

parts <- run(sample, mean = ~ income, by = ~ sex)
same("a domain", unname(c(coef(parts)["f"], SE(parts)["f"])), mean_of(sample$income, sample$sex == "f"), 1e-10)
same("names of one estimand", names(coef(parts)), c("income", "f", "m"))
same("where is a domain", unname(SE(run(sample, mean = ~ income, where = ~ sex == "f"))), unname(SE(parts)["f"]), 1e-12)
asked <- NULL
blank <- withCallingHandlers(vcov(parts), est_warning = function(w) { asked <<- w$notes$code; invokeRestart("muffleWarning") })
same("vcov that was not asked for", c(asked, is.na(blank[1, 2])), c("covariance", "TRUE"))
same("names of several", names(coef(run(sample, mean = ~ income + hours, by = ~ sex + stratum)))[1:5],
     c("income", "f.north:income", "f.south:income", "m.north:income", "m.south:income"))

# The forms of a request.
rows <- run(sample, mean = ~ income + hours, by = ~ sex)$rows
same("names", run(sample, mean = c("income", "hours"), by = "sex")$rows, rows)
same("a text with commas", run(sample, mean = "income,hours", by = "sex")$rows, rows)
same("est_run", quiet(est_run("survey", sample, mean = "income,hours", by = "sex", weight = "weight", strata = "stratum",
                              psu = "psu", fpc = "size", internal = TRUE))$rows, rows)
same("more columns do not matter", run(cbind(sample, other = I(as.list(1:18))), mean = ~ income + hours, by = ~ sex)$rows, rows)
typed <- transform(sample, psu = paste0("P", psu), sex = as.character(sex), weight = I(weight), income = as.integer(income))
same("types of columns", run(typed, mean = ~ income + hours, by = ~ sex)$rows, rows)
labelled <- sample
labelled$income <- structure(sample$income, label = "Income", class = c("haven_labelled", "vctrs_vctr", "double"))
same("labelled columns", run(labelled, mean = ~ income + hours, by = ~ sex)$rows, rows)
same("a factor has proportions", run(sample, mean = ~ sex)$rows, run(sample, proportion = ~ sex)$rows)
same("one level", unname(coef(run(sample, proportion = ~ sex == "m"))), unname(coef(run(sample, mean = ~ sex))["sexm"]))
same("totals of a factor", unname(coef(run(sample, total = ~ sex))), as.vector(tapply(w, sample$sex, sum)), 1e-10)
same("a ratio", coef(run(sample, ratio = ~ income / hours)), coef(run(sample, ratio = "income/hours")))
quantiles <- run(sample, quantile = list(income = c(0.25, 0.5)))
same("quantiles", names(coef(quantiles)), c("income.0.25", "income.0.5"))
same("a median", unname(coef(run(sample, quantile = ~ income))), unname(coef(quantiles)[2]))
same("numbers by name", coef(run(sample, quantile = c(income = 0.25))), coef(quantiles)[1])
limit <- 25
same("where", coef(run(sample, mean = ~ income, where = ~ (hours >= limit | is.na(hours)) & !(stratum %in% c("south", "east")))),
     coef(run(sample, mean = ~ income, where = "(hours >= 25 or missing(hours)) and stratum == 'north'")))
contrast <- run(sample, mean = ~ income, by = ~ sex, contrast = c("sex=f - sex=m", "sex=f / sex=m"))
same("contrasts", names(coef(contrast))[4:5], c("sex=f - sex=m", "sex=f / sex=m"))
same("a contrast", coef(contrast)[[4]], coef(contrast)[[2]] - coef(contrast)[[3]], 1e-12)
line <- run(sample, linear = income ~ hours + sex)
least <- lm(income ~ hours + sex, sample, weights = weight)
same("a regression", coef(line), coef(least), 1e-9)
same("vcov of a regression", dimnames(vcov(line)), rep(list(names(coef(least))), 2))
same("and is known", anyNA(vcov(line)), FALSE)
yes <- run(sample, logistic = sex ~ hours)
same("a logistic regression of the second level", coef(yes), coef(quiet(glm(sex ~ hours, binomial, sample, weights = weight))),
     1e-6)
same("association", run(sample, association = ~ sex + stratum)$frames$association_tests,
     run(sample, association = "sex:stratum")$frames$association_tests)
totals <- data.frame(variable = "sex", level = c("f", "m"), total = c(70, 40))
margins <- list(data.frame(sex = c("f", "m"), Freq = c(70, 40)))
raked <- run(sample, mean = ~ income, calibrate = "rake", margins = totals)
same("margins as rake() has them", run(sample, mean = ~ income, calibrate = "rake", margins = margins)$rows, raked$rows)
same("calibrated", raked$frames$margins$after, c(70, 40), 1e-8)
same("a label named like a column", c("domain_level", "level") %in%
       names(run(transform(sample, level = sex), mean = ~ income, by = ~ level)$rows), c(TRUE, TRUE))
odd <- setNames(sample, sub("income", "income, \"all\"", names(sample), fixed = TRUE))
same("names with commas and quotes", unname(coef(run(odd, mean = ~ `income, "all"` + hours))), unname(coef(one)[1:2]))

# A file is read by the library.
path <- tempfile(fileext = ".csv")
write.csv(sample, path, row.names = FALSE, na = "")
file <- run(path, mean = ~ income + hours, by = ~ sex)
same("a file", file$rows, rows)
same("a companion table from a file", {
  known <- tempfile(fileext = ".csv")
  write.csv(totals, known, row.names = FALSE)
  run(sample, mean = ~ income, calibrate = "rake", margins = known)$rows
}, raked$rows)
same("a file for another method", est_mse("dataset:kosovo_1999", model = "main")$text,
     est_mse(est_dataset("kosovo_1999"), model = "main")$text)
program <- Sys.getenv("EST")
if (nzchar(program)) {
  for (type in c("text", "json", "csv", "md", "html")) {
    output <- tempfile()
    system2(program, c("survey", path, "--mean", "income,hours", "--by", "sex", "--weight", "weight", "--strata", "stratum",
                       "--psu", "psu", "--fpc", "size", "--internal", "--quiet", "--format", type, "--output", output))
    same(paste("the program's", type), charToRaw(format(file, type)), readBin(output, "raw", file.size(output)))
  }
}

# A design as the package survey holds it, made by hand: the package is not needed.
made <- structure(class = c("survey.design2", "survey.design"), list(
  cluster = sample["psu"], strata = sample["stratum"], has.strata = TRUE, prob = 1 / w, allprob = data.frame(p = 1 / w),
  variables = sample, pps = FALSE, call = quote(svydesign()),
  fpc = structure(class = "survey_fpc", list(popsize = cbind(sample$size), sampsize = cbind(rep(3L, 18))))))
same("a design object", survey(made, mean = ~ income + hours, by = ~ sex)$rows, rows)
same("its covariance", unname(vcov(survey(made, mean = ~ income + hours))), unname(vcov(one)[1:2, 1:2]), 1e-12)
cut <- made
kept <- sample$psu != 2 & sample$sex == "f"
for (part in c("cluster", "strata", "allprob", "variables"))
  cut[[part]] <- made[[part]][kept, , drop = FALSE]
cut$prob <- made$prob[kept]
cut$fpc[] <- lapply(unclass(made$fpc), function(x) x[kept, , drop = FALSE])
whole <- run(sample, mean = ~ income, where = ~ psu != 2 & sex == "f")
same("a subset has the units that it lost", c(survey(cut, mean = ~ income)$rows$se, survey(cut, mean = ~ income)$rows$n),
     c(whole$rows$se, whole$rows$n), 1e-12)
fails_with("a design and a weight", "EST_EOPTION", survey(made, mean = ~ income, weight = ~ weight))
fails_with("two phases", "EST_EDEFINITION", survey(structure(class = c("twophase2", "survey.design"), list()), mean = ~ x))
fails_with("an old design", "EST_EDEFINITION", survey(structure(class = "survey.design", list(variables = sample)), mean = ~ hours))
stepped <- made
stepped$postStrata <- list(1, 2)
fails_with("two calibrations", "EST_EDEFINITION", survey(stepped, mean = ~ income))

# Errors with their place, and what an R user may write.
bad <- sample
bad$weight[5] <- -1
place <- fails_with("a negative weight", "EST_EVALUE", run(bad, mean = ~ income))
same("its record, column, table", list(place$record, place$column, place$where), list(5, "weight", "data"))
place <- fails_with("an unknown column", "EST_ECOLUMN", run(sample, mean = ~ incme))
same("the nearest name", grepl("'income'", conditionMessage(place)), TRUE)
fails_with("a lonely PSU", "EST_EDEFINITION", run(sample[sample$psu < 5, ], mean = ~ income))
same("and with advice", nrow(run(sample[sample$psu < 5, ], mean = ~ income, lonely = "average")$rows), 1L)
repeated <- transform(sample, psu = rep(1:3, each = 3, length.out = 18))
fails_with("a PSU in two strata", "EST_EDEFINITION", run(repeated, mean = ~ income))
same("nest", run(repeated, mean = ~ income, nest = TRUE)$rows$se, rows$se[1], 1e-12)
fails_with("nothing asked for", "EST_EOPTION", run(sample))
fails_with("a computed column", "EST_EOPTION", run(sample, mean = ~ log(income)))
fails_with("a condition that is none", "EST_EOPTION", run(sample, mean = ~ income, where = ~ income + 1))
fails_with("a quantile without a probability", "EST_EOPTION", run(sample, quantile = "income"))
fails_with("margins without totals", "EST_EOPTION", run(sample, mean = ~ income, calibrate = "rake", margins = list(1)))
fails_with("no file", "EST_EFILE", survey(file.path(tempdir(), "none.csv"), mean = ~ income))
fails_with("standard input", "EST_EOPTION", survey("-", mean = ~ income))
fails_with("two paths", "EST_EOPTION", survey(c("a.csv", "b.csv"), mean = ~ income))
fails_with("no results in it", "EST_EOPTION", degf(5))
hidden <- quiet(do.call(est_survey, c(list(sample, mean = ~ income, by = ~ sex), design)))
same("few cases are withheld", c(all(is.nan(coef(hidden))), grepl("suppressed", hidden$rows$flags[1])), c(TRUE, TRUE))

# Memory: the collector runs often, the result stays.
invisible(gctorture2(997))
tortured <- run(sample, mean = ~ income + hours, by = ~ sex)
invisible(gctorture2(0))
invisible(gc())
same("a result by value", tortured$rows, rows)
kept <- tempfile(fileext = ".rds")
saveRDS(tortured, kept)
same("saveRDS", readRDS(kept), tortured)

# The bundled survey; figures: est_datasets()$description.
women <- est_dataset("kenya_women_synthetic")
union <- quiet(est_survey(women, proportion = "married_by_18=1", by = ~ residence, weight = "weight", strata = "stratum",
                          psu = "cluster"))
same("Kenya, synthetic", round(union$rows$estimate, 5), c(0.23215, 0.27598, 0.15089))
same("standard errors", round(union$rows$se, 5), c(0.01117, 0.01595, 0.01193))
same("intervals", round(confint(union)[1, ], 5), c(lower = 0.21038, upper = 0.25503))
same("synthetic and public", c(union$is_synthetic, union$is_public), c(TRUE, TRUE))
grDevices::pdf(NULL)
same("plot", class(plot(union)), c("est_survey", "est_result"))

found <- quiet(est_check(women, weight = ~ weight, strata = ~ stratum, psu = ~ cluster))
same("check", c("severity", "finding", "advice") %in% names(found$frames$findings), rep(TRUE, 3))
audit <- quiet(est_check(bad, weight = "weight", internal = TRUE))
same("a negative weight is found", any(audit$frames$findings$severity == "error"), TRUE)
weighed <- quiet(est_weight(sample, weight = ~ weight, calibrate = "rake", margins = margins, internal = TRUE))
same("weights", as.vector(tapply(weights(weighed), sample$sex, sum)), c(70, 40), 1e-8)
answered <- transform(sample, answered = as.integer(!seq_along(hours) %in% c(2, 6, 11, 13, 16)))
likely <- quiet(est_weight(answered, weight = ~ weight, response = ~ answered, propensity = ~ income + sex, internal = TRUE))
fitted <- fitted(quiet(glm(answered ~ income + sex, binomial, answered, weights = weight)))
same("a propensity", weights(likely), unname(ifelse(answered$answered == 1, w / fitted, 0)), 1e-5)
fails_with("no weights in it", "EST_EOPTION", weights(union))
finish()
