# Ctrl-C stops a run of many minutes at once and arrives as an interrupt; so does the progress function.
source("harness.R")
long_run <- function(...) est_mse(est_dataset("uk_2013"), select = "bic", max_order = 2, ci = "bootstrap", replicates = 1000000, ...)

if (.Platform$OS.type == "unix") {
  for (threads in c(1, 2)) {
    system(sprintf("(sleep 0.5; kill -INT %d) >/dev/null 2>&1 &", Sys.getpid()))
    began <- proc.time()[["elapsed"]]
    outcome <- tryCatch({ long_run(threads = threads); "finished" }, interrupt = function(e) "interrupted")
    took <- proc.time()[["elapsed"]] - began
    same(sprintf("Ctrl-C, %d threads", threads), outcome, "interrupted")
    same(sprintf("Ctrl-C, %d threads, in time", threads), took < 10, TRUE)
  }
  women <- est_dataset("kenya_women_synthetic")
  system(sprintf("(sleep 0.3; kill -INT %d) >/dev/null 2>&1 &", Sys.getpid()))
  outcome <- tryCatch({
    suppressWarnings(est_survey(women, proportion = "married_by_18=1", by = ~ county, weight = ~ weight, strata = ~ stratum,
                                psu = ~ cluster, variance = "rao-wu", draws = 200000))
    "finished"
  }, interrupt = function(e) "interrupted")
  same("Ctrl-C in a survey", outcome, "interrupted")
  system(sprintf("(sleep 0.3; kill -INT %d) >/dev/null 2>&1 &", Sys.getpid()))
  outcome <- tryCatch({
    suppressWarnings(est_indicator("child-labour", "dataset:kenya_child_labour_synthetic", "kenya-child-labour-synthetic",
                                   indicators = "child_labour_economic", by = ~ residence, variance = "rao-wu", draws = 1000000))
    "finished"
  }, interrupt = function(e) "interrupted")
  same("Ctrl-C in an indicator", outcome, "interrupted")
}

calls <- 0L
stages <- character()
watch <- function(stage, fraction) {
  calls <<- calls + 1L
  stages <<- c(stages, stage)
  stopifnot(fraction >= 0, fraction <= 1)
  calls >= 3L
}
fails_with("progress returns TRUE", "EST_ECANCELLED", long_run(progress = watch))
same("progress was called", calls, 3L)
same("stages are named", all(nzchar(stages)), TRUE)
same("an error in progress", tryCatch(long_run(progress = function(...) stop("own error")), error = conditionMessage), "own error")
same("the next run is whole", row_of(est_mse(est_dataset("kosovo_1999"), model = "all-pairs"), "observed")$estimate, 4400)
finish()
