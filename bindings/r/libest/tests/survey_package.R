# Designs of the package survey, as it makes them: estimates, standard errors, covariances and degrees of freedom are its own.
# Not run where it is not installed. Data: api, election, mu284, nhanes, scd of the package.
source("harness.R")
if (!requireNamespace("survey", quietly = TRUE))
  finish()
if (requireNamespace("survey", quietly = TRUE)) {
  suppressPackageStartupMessages(library(survey, warn.conflicts = FALSE))
  data(api, election, mu284, nhanes, scd)
  run <- function(...) suppressWarnings(est_survey(..., internal = TRUE))
  relative <- function(what, found, expected, tolerance = 1e-10)
    same(what, max(abs(as.vector(found) / as.vector(expected) - 1)) < tolerance, TRUE)
  agree <- function(what, design, quantity = ~ api00, tolerance = 1e-10) {
    found <- run(design, mean = quantity)
    expected <- svymean(quantity, design, na.rm = TRUE)
    relative(paste(what, "mean"), coef(found), coef(expected), tolerance)
    relative(paste(what, "vcov"), vcov(found), vcov(expected), tolerance)
    found <- run(design, total = quantity)
    expected <- svytotal(quantity, design, na.rm = TRUE)
    relative(paste(what, "total"), SE(found), survey::SE(expected), tolerance)
    invisible(found)
  }
  same_df <- function(what, design, quantity = ~ api00) same(what, run(design, mean = quantity)$rows$df[1], as.double(degf(design)))

  stratified <- svydesign(ids = ~ 1, strata = ~ stype, weights = ~ pw, data = apistrat, fpc = ~ fpc)
  clusters <- svydesign(ids = ~ dnum, weights = ~ pw, data = apiclus1, fpc = ~ fpc)
  stages <- svydesign(ids = ~ dnum + snum, fpc = ~ fpc1 + fpc2, data = apiclus2)
  replaced <- svydesign(ids = ~ dnum + snum, weights = ~ pw, data = apiclus2)
  examined <- svydesign(ids = ~ SDMVPSU, strata = ~ SDMVSTRA, weights = ~ WTMEC2YR, nest = TRUE, data = nhanes)

  agree("strata", stratified, ~ api00 + api99)
  agree("clusters", clusters)
  agree("two stages", stages)
  agree("two stages, with replacement", replaced)
  agree("nested ids", examined, ~ HI_CHOL)
  agree("sizes of both stages", svydesign(ids = ~ id1 + id2, fpc = ~ n1 + n2, data = mu284), ~ y1)
  for (design in list(stratified, clusters, stages, examined))
    same_df("degrees of freedom", design, if ("HI_CHOL" %in% names(design$variables)) ~ HI_CHOL else ~ api00)
  both <- run(stratified, mean = ~ api00 + api99)
  expected <- svymean(~ api00 + api99, stratified)
  same("names", names(coef(both)), names(coef(expected)))
  same("the generic of survey", survey::SE(both), libest::SE(both))
  same("the generic of libest", libest::SE(expected), survey::SE(expected))
  same("degf of either", c(libest::degf(stratified), survey::degf(both)), c(197, 197))
  relative("confint", confint(both), confint(expected, df = degf(stratified)))
  relative("svycontrast", SE(svycontrast(both, quote(api00 / api99))), SE(svycontrast(expected, quote(api00 / api99))), 1e-8)

  domains <- run(stratified, mean = ~ api00 + sch.wide, by = ~ stype, covariance = TRUE)
  expected <- svyby(~ api00 + sch.wide, ~ stype, stratified, svymean, covmat = TRUE)
  same("names of svyby", all(names(coef(expected)) %in% names(coef(domains))), TRUE)
  relative("svyby", coef(domains)[names(coef(expected))], coef(expected))
  same("svyby, vcov", vcov(domains)[names(coef(expected)), names(coef(expected))], vcov(expected), 1e-8)
  expected <- svyby(~ api00, ~ stype + sch.wide, stratified, svymean)
  relative("a crossing", SE(run(stratified, mean = ~ api00, by = ~ stype + sch.wide))[names(coef(expected))], survey::SE(expected))
  relative("a ratio", SE(run(clusters, ratio = ~ api.stu / enroll)), survey::SE(svyratio(~ api.stu, ~ enroll, clusters)))
  relative("quantiles", coef(run(stratified, quantile = list(api00 = c(0.25, 0.5)))),
           coef(svyquantile(~ api00, stratified, c(0.25, 0.5))))
  fit <- svyglm(api00 ~ ell + meals * stype, stratified)
  line <- run(stratified, linear = api00 ~ ell + meals * stype)
  same("names of svyglm", names(coef(line)), names(coef(fit)))
  relative("svyglm", coef(line), coef(fit), 1e-9)
  relative("svyglm, vcov", vcov(line), vcov(fit), 1e-8)
  same("svyglm, degrees of freedom", df.residual(line), as.double(df.residual(fit)))
  fit <- svyglm(sch.wide ~ ell + meals, clusters, family = quasibinomial, control = list(epsilon = 1e-14))
  relative("logistic", vcov(run(clusters, logistic = sch.wide ~ ell + meals)), vcov(fit), 1e-8)
  relative("svychisq", run(stratified, association = ~ sch.wide + stype)$frames$association_tests$p[3],
           svychisq(~ sch.wide + stype, stratified)$p.value, 1e-8)

  # Subsets: units that were dropped count as zeros.
  for (part in list(quote(stype == "E"), quote(api00 > 700), quote(snum %% 3 == 0), quote(dnum < 300))) {
    for (design in list(stratified, clusters, stages, replaced)) {
      cut <- eval(bquote(subset(design, .(part))))
      agree(paste("subset", deparse(part)), cut)
      same_df("its degrees of freedom", cut)
      same("its cases", run(cut, mean = ~ api00)$rows$n, as.double(nrow(cut$variables)))
    }
  }
  agree("subset of nested ids", subset(examined, RIAGENDR == 1 & agecat == "(19,39]"), ~ HI_CHOL)

  # Weights that were calibrated.
  counts <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
  totals <- c(`(Intercept)` = 6194, stypeH = 755, stypeM = 1018, api99 = 3914069)
  calibrated <- list(postStratify(clusters, ~ stype, counts), calibrate(clusters, ~ stype + api99, totals),
                     calibrate(clusters, ~ stype + api99, totals, calfun = "raking"),
                     calibrate(stages, ~ stype, totals[1:3]), calibrate(clusters, ~ stype, totals[1:3], aggregate.stage = 1),
                     calibrate(subset(clusters, api99 > 500), ~ stype, c(5000, 600, 900)))
  for (design in calibrated) {
    agree("calibrated", design, ~ api00 + meals, 1e-8)
    agree("subset of calibrated", subset(design, sch.wide == "Yes"), ~ api00, 1e-8)
  }
  same("calibrate within is the same", SE(run(clusters, mean = ~ api00, calibrate = "poststratify", margins = list(counts))),
       SE(run(calibrated[[1]], mean = ~ api00)), 1e-8)
  raked <- rake(clusters, list(~ stype, ~ sch.wide), list(counts, data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))))
  relative("raked", coef(run(raked, mean = ~ api00)), coef(svymean(~ api00, raked)))
  relative("raked, within a tenth of a percent", SE(run(raked, mean = ~ api00)), survey::SE(svymean(~ api00, raked)), 1e-3)
  fails_with("calibrated twice", "EST_EDEFINITION", run(calibrate(calibrated[[1]], ~ stype, totals[1:3]), mean = ~ api00))
  varied <- calibrate(clusters, ~ api99 - 1, 3914069, variance = 1 / apiclus1$enroll)
  fails_with("a variance of its own", "EST_EDEFINITION", run(varied, mean = ~ api00))

  # Replicates.
  set.seed(1)
  for (type in c("JKn", "bootstrap", "subbootstrap", "mrbbootstrap")) {
    for (compress in c(TRUE, FALSE)) {
      replicated <- as.svrepdesign(stratified, type = type, compress = compress, replicates = 30)
      agree(type, replicated, ~ api00 + enroll)
      agree(paste("subset of", type), subset(replicated, sch.wide == "Yes"))
    }
  }
  agree("JK1, mse", as.svrepdesign(clusters, type = "JK1", mse = TRUE))
  paired <- svydesign(ids = ~ SDMVPSU, strata = ~ SDMVSTRA, weights = ~ WTMEC2YR, nest = TRUE, data = subset(nhanes, SDMVPSU < 3))
  agree("Fay", as.svrepdesign(paired, type = "Fay", fay.rho = 0.3), ~ HI_CHOL)
  halves <- suppressWarnings(svrepdesign(data = scd, type = "BRR", combined.weights = FALSE, repweights =
    2 * cbind(c(1, 0, 1, 0, 1, 0), c(1, 0, 0, 1, 0, 1), c(0, 1, 1, 0, 0, 1), c(0, 1, 0, 1, 1, 0))))
  relative("half samples", SE(run(halves, ratio = ~ alive / arrests)), survey::SE(svyratio(~ alive, ~ arrests, halves)))

  # Unequal probabilities.
  probable <- list(brewer = svydesign(ids = ~ 1, fpc = ~ p, data = election_pps, pps = "brewer"),
                   overton = svydesign(ids = ~ 1, fpc = ~ p, data = election_pps, pps = "overton"),
                   "yates-grundy" = svydesign(ids = ~ 1, fpc = ~ p, data = election_pps, pps = "overton", variance = "YG"),
                   "hartley-rao" = svydesign(ids = ~ 1, fpc = ~ p, data = election_pps, pps = HR()))
  for (name in names(probable)) {
    agree(name, probable[[name]], ~ Bush + Kerry, 1e-8)
    cut <- subset(probable[[name]], Nader > 100)
    relative(paste("subset,", name), SE(run(cut, total = ~ Bush)), survey::SE(svytotal(~ Bush, cut)), 1e-8)
  }
  own <- svydesign(ids = ~ 1, fpc = ~ p, data = election_pps, pps = HR(20))
  fails_with("joint probabilities of its own", "EST_EDEFINITION", run(own, total = ~ Bush))

  few <- subset(apiclus1, stype != "H" | dnum == 178)
  lonely <- svydesign(ids = ~ dnum, strata = ~ stype, weights = ~ pw, data = few, nest = TRUE)
  fails_with("a single PSU", "EST_EDEFINITION", run(lonely, mean = ~ api00))
  old <- options(survey.lonely.psu = "adjust")
  relative("a single PSU, adjusted", SE(run(lonely, mean = ~ api00, lonely = "adjust")), survey::SE(svymean(~ api00, lonely)))
  options(old)
  grouped <- stratified
  class(grouped) <- c("grouped_svy", "tbl_svy", class(grouped))
  fails_with("a grouped design", "EST_EDEFINITION", run(grouped, mean = ~ api00))
  class(grouped) <- setdiff(class(grouped), "grouped_svy")
  same("a design of srvyr", run(grouped, mean = ~ api00)$rows, run(stratified, mean = ~ api00)$rows)
  finish()
}
