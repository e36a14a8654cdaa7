# Times jobs of R packages beside the same jobs of libest. Called by peers.sh:
#   peers.R installed              says which packages are absent, a line each; fails where all are
#   peers.R times JOBS DATASETS    JOBS: lines of job, tab, seconds from `bench --peer-jobs`; DATASETS: folder of CSV tables
# CPU seconds of this process, the best of three calls where a call takes less than a second.

packages <- c("MultipleSystemsEstimation", "SparseMSE", "Rcapture", "CARE1", "dga", "LCMCR")

is_installed <- function(package) requireNamespace(package, quietly = TRUE)

read_counts <- function(folder, dataset) as.matrix(utils::read.csv(file.path(folder, paste0(dataset, ".csv")), check.names = FALSE))

# One row a person.
persons <- function(counts) {
  lists <- seq_len(ncol(counts) - 1)
  counts[rep(seq_len(nrow(counts)), counts[, ncol(counts)]), lists, drop = FALSE]
}

# Counts of all histories, the first list running fastest, the unseen as 0.
as_array <- function(counts) {
  n <- ncol(counts) - 1
  cells <- rep(0, 2^n)
  cells[drop(counts[, seq_len(n), drop = FALSE] %*% 2^(seq_len(n) - 1)) + 1] <- counts[, n + 1]
  array(cells, rep(2, n))
}

# Lists as factors with the labels "0" and "1", as LCMCR asks for.
as_factors <- function(counts) {
  lists <- as.data.frame(counts[, -ncol(counts), drop = FALSE])
  lists[] <- lapply(lists, factor, levels = c(0, 1))
  cbind(lists, count = counts[, ncol(counts)])
}

# Functions are looked up at the call: a version without one of them is said in its line. job: the libest job, "" = none is like it.
peer <- function(package, job, dataset, what, call, note = "") {
  list(package = package, job = job, dataset = dataset, what = what, call = call, note = note)
}
from <- function(package, name) getExportedValue(package, name)

peers <- list(
  peer("MultipleSystemsEstimation", "all-models-4", "kosovo_1999", "estimate_population_bic, 4 lists",
       function(x) from("MultipleSystemsEstimation", "estimate_population_bic")(x, maxorder = 3)),
  peer("MultipleSystemsEstimation", "all-models-5", "uk_2013_five", "estimate_population_bic, 5 lists",
       function(x) from("MultipleSystemsEstimation", "estimate_population_bic")(x, maxorder = 4)),
  peer("MultipleSystemsEstimation", "top-bootstrap-4", "kosovo_1999", "estimate_population_bic, top 20, 100 replicates",
       function(x) from("MultipleSystemsEstimation", "estimate_population_bic")(x, maxorder = 3, ntopmodels = 20, nboot = 100)),
  peer("MultipleSystemsEstimation", "top-bootstrap-5", "uk_2013_five", "estimate_population_bic, top 100, 100 replicates",
       function(x) from("MultipleSystemsEstimation", "estimate_population_bic")(x, maxorder = 3, ntopmodels = 100, nboot = 100)),
  peer("MultipleSystemsEstimation", "stepwise-bootstrap-5", "uk_2013_five", "estimate_population_stepwise, 5 lists, 100 replicates",
       function(x) from("MultipleSystemsEstimation", "estimate_population_stepwise")(x, nboot = 100, pthresh = 0.02)),
  peer("SparseMSE", "stepwise-bootstrap-5", "uk_2013_five", "estimatepopulation, 5 lists, 100 replicates",
       function(x) from("SparseMSE", "estimatepopulation")(x, nboot = 100, pthresh = 0.02)),
  peer("SparseMSE", "stepwise-bootstrap-6", "uk_2013", "estimatepopulation, 6 lists, 100 replicates",
       function(x) from("SparseMSE", "estimatepopulation")(x, nboot = 100, pthresh = 0.02)),
  peer("Rcapture", "all-models-4", "kosovo_1999", "closedpMS.t, 4 lists",
       function(x) from("Rcapture", "closedpMS.t")(x, dfreq = TRUE)),
  peer("Rcapture", "pair-models-5", "uk_2013_five", "closedpMS.t, 5 lists, order 2",
       function(x) from("Rcapture", "closedpMS.t")(x, dfreq = TRUE, maxorder = 2)),
  peer("Rcapture", "closed-models-4", "diabetes_casale", "closedp.t, 4 lists",
       function(x) from("Rcapture", "closedp.t")(x, dfreq = TRUE), "models with heterogeneity; libest fits a few more"),
  peer("CARE1", "sample-coverage-3", "hepatitis_taiwan_1995", "estN, low coverage, 200 replicates",
       function(x) from("CARE1", "estN")(from("CARE1", "as.record")(persons(x)), method = "LSC", se = TRUE, nboot = 200)),
  peer("dga", "decomposable-5", "uk_2013_five", "bma.cr, 822 graphs, 27,440 sizes",
       function(x) {
         where <- new.env()
         utils::data("graphs5", package = "dga", envir = where)
         from("dga", "bma.cr")(as_array(x), seq_len(27440), 1 / 32, where$graphs5)
       }, "libest: average by BIC over the decomposable models, without a prior"),
  peer("LCMCR", "", "kosovo_1999", "lcmCR, 10 classes, 1,000 samples of 10 steps",
       function(x) {
         sampler <- from("LCMCR", "lcmCR")(as_factors(x), tabular = TRUE, in_list_label = "1", not_in_list_label = "0", K = 10,
                                           seed = 1L, verbose = FALSE)
         from("LCMCR", "lcmCR_PostSampl")(sampler, burnin = 1000, samples = 1000, thinning = 10, output = FALSE)
       }, "libest has no latent classes")
)

seconds_of <- function(call, data) {
  best <- Inf
  for (repetition in 1:3) {
    before <- proc.time()
    utils::capture.output(suppressWarnings(suppressMessages(call(data))))
    took <- proc.time() - before
    best <- min(best, took[["user.self"]] + took[["sys.self"]])
    if (best > 1) break
  }
  best
}

print_line <- function(p, seconds, own) {
  ratio <- if (is.na(own)) "-" else format(signif(seconds / own, 2), big.mark = ",", scientific = FALSE)
  cat(sprintf("%-26s %-60s %10.3f %12s %9s  %s\n", p$package, p$what, seconds, if (is.na(own)) "-" else sprintf("%.6f", own), ratio,
              p$note))
}

time_peer <- function(p, jobs, folder) {
  own <- if (nzchar(p$job)) jobs[p$job] else NA
  # A job that libest did not run, as with --quick, is not asked of the peer either.
  if (nzchar(p$job) && is.na(own)) return(invisible())
  seconds <- tryCatch(seconds_of(p$call, read_counts(folder, p$dataset)), error = function(e) conditionMessage(e))
  if (is.character(seconds)) cat(sprintf("%-26s %s: %s\n", p$package, p$what, strsplit(seconds, "\n")[[1]][1]))
  else print_line(p, seconds, own)
}

say_installed <- function() {
  found <- vapply(packages, is_installed, logical(1))
  for (package in packages[!found]) cat(package, "is not installed\n")
  any(found)
}

time_peers <- function(jobs_file, folder) {
  lines <- utils::read.delim(jobs_file, header = FALSE, col.names = c("job", "seconds"))
  jobs <- stats::setNames(lines$seconds, lines$job)
  cat(sprintf("%-26s %-60s %10s %12s %9s  %s\n", "package", "call", "seconds", "libest", "ratio", "note"))
  for (p in peers) if (is_installed(p$package)) time_peer(p, jobs, folder)
}

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) == 1 && arguments[1] == "installed") {
  if (!say_installed()) quit(status = 1)
} else if (length(arguments) == 3 && arguments[1] == "times") {
  time_peers(arguments[2], arguments[3])
} else {
  stop("usage: peers.R installed | times JOBS DATASETS")
}
