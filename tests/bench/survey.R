# The estimates of survey.sh by R's package survey. Called by survey.sh:
#   survey.R installed            prints the versions; fails where the package is absent
#   survey.R times FILE RESULT    FILE: CSV of synthetic rows; RESULT: the estimates of `est survey`, as CSV
# `times` prints, each after a name and a tab: CPU seconds of the steps, and the greatest relative difference from RESULT.

has_package <- function(package) requireNamespace(package, quietly = TRUE)

say_installed <- function() {
  if (!has_package("survey")) return(FALSE)
  reader <- if (has_package("data.table")) paste("data.table", utils::packageVersion("data.table")) else "read.csv"
  cat(sprintf("R %s, survey %s, %s\n", getRversion(), utils::packageVersion("survey"), reader))
  TRUE
}

total <- 0
step <- function(name, call) {
  before <- proc.time()
  value <- force(call)
  took <- proc.time() - before
  seconds <- took[["user.self"]] + took[["sys.self"]]
  total <<- total + seconds
  cat(sprintf("%s\t%.3f\n", name, seconds))
  invisible(value)
}

read_rows <- function(file) {
  if (!has_package("data.table")) return(utils::read.csv(file))
  data.table::setDTthreads(1)
  as.data.frame(data.table::fread(file))
}

measures <- c("work", "school", "married")

# Estimates and standard errors in the order of `est survey`: measure by measure the whole, then county by county and sex by sex.
in_order <- function(whole, by) {
  by <- by[order(by$county, by$sex), ]
  pick <- function(of_whole, prefix) unlist(lapply(measures, function(m) c(of_whole[[m]], by[[paste0(prefix, m)]])))
  whole_se <- stats::setNames(as.list(sqrt(diag(stats::vcov(whole)))), measures)
  cbind(estimate = pick(as.list(stats::coef(whole)), ""), se = pick(whole_se, "se."))
}

time_steps <- function(file, result) {
  for (package in c("survey", "data.table")) has_package(package) # loaded before the clock starts
  f <- stats::as.formula(paste("~", paste(measures, collapse = " + ")))
  data <- step("read", read_rows(file))
  design <- step("svydesign", survey::svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = data))
  whole <- step("svymean", survey::svymean(f, design))
  by <- step("svyby", survey::svyby(f, ~county + sex, design, survey::svymean))
  cat(sprintf("total\t%.3f\n", total))
  theirs <- in_order(whole, by)
  ours <- as.matrix(utils::read.csv(result)[, c("estimate", "se")])
  stopifnot(identical(dim(ours), dim(theirs)))
  cat(sprintf("estimates\t%d\ndifference\t%.1e\n", nrow(ours), max(abs(ours / theirs - 1))))
}

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) == 1 && arguments[1] == "installed") {
  if (!say_installed()) quit(status = 1)
} else if (length(arguments) == 3 && arguments[1] == "times") {
  time_steps(arguments[2], arguments[3])
} else {
  stop("usage: survey.R installed | times FILE RESULT")
}
