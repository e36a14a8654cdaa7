# One run: arguments in, S3 object out. `list` stands among the arguments before the dots, or R would take it for `lists`.

est_run <- function(method, data, ..., seed = 1, threads = 1, suppress = "default", suppress_below = NULL, internal = FALSE,
                    progress = interactive()) {
  control <- est_control(seed, threads, suppress, suppress_below, internal)
  est_request(method, data, list(...), control, progress)
}

# options: a named list; control: what est_control made.
est_request <- function(method, data, options, control, progress) {
  method <- gsub("_", "-", as.character(method)[1], fixed = TRUE)
  arguments <- est_arguments(method, options)
  tables <- c(list(est_table(data)), arguments$tables)
  watch <- est_progress(progress)
  value <- .Call(R_swig_libest_run, method, tables, arguments$texts, control, watch$tick, FALSE)
  watch$close()
  if (!is.null(watch$state$error))
    stop(watch$state$error)
  if (isTRUE(value$interrupted) || watch$state$interrupted)
    est_interrupt()
  if (!is.null(value$error))
    est_stop_with(value$error)
  result <- est_result(value)
  est_warn(result$notes)
  result
}

est_mse <- function(data, lists = NULL, count = NULL, model = NULL, select = NULL, max_order = NULL, ci = NULL,
                    replicates = NULL, level = NULL, by = NULL, average = NULL, diagnose = NULL, list = NULL, ..., seed = 1,
                    threads = 1, suppress = "default", suppress_below = NULL, internal = FALSE, progress = interactive()) {
  est_run("mse", data, lists = lists, count = count, model = model, select = select, max_order = max_order, ci = ci,
          replicates = replicates, level = level, by = by, average = average, diagnose = diagnose, list = list, ...,
          seed = seed, threads = threads, suppress = suppress, suppress_below = suppress_below, internal = internal,
          progress = progress)
}

est_two_list <- function(data, lists = NULL, count = NULL, pair = NULL, estimator = NULL, odds_ratios = NULL, limit = NULL,
                         level = NULL, list = NULL, ..., suppress = "default", suppress_below = NULL, internal = FALSE,
                         progress = interactive()) {
  est_run("two-list", data, lists = lists, count = count, pair = pair, estimator = estimator, odds_ratios = odds_ratios,
          limit = limit, level = level, list = list, ..., suppress = suppress, suppress_below = suppress_below,
          internal = internal, progress = progress)
}

est_sample_coverage <- function(data, lists = NULL, count = NULL, estimator = NULL, threshold = NULL, replicates = NULL,
                                level = NULL, list = NULL, ..., seed = 1, threads = 1, suppress = "default",
                                suppress_below = NULL, internal = FALSE, progress = interactive()) {
  est_run("sample-coverage", data, lists = lists, count = count, estimator = estimator, threshold = threshold,
          replicates = replicates, level = level, list = list, ..., seed = seed, threads = threads, suppress = suppress,
          suppress_below = suppress_below, internal = internal, progress = progress)
}

est_heterogeneity <- function(data, lists = NULL, count = NULL, frequencies = NULL, occasions = NULL, model = NULL, ci = NULL,
                              level = NULL, corrected = NULL, list = NULL, ..., suppress = "default", suppress_below = NULL,
                              internal = FALSE, progress = interactive()) {
  est_run("heterogeneity", data, lists = lists, count = count, frequencies = frequencies, occasions = occasions,
          model = model, ci = ci, level = level, corrected = corrected, list = list, ..., suppress = suppress,
          suppress_below = suppress_below, internal = internal, progress = progress)
}

est_decomposable <- function(data, lists = NULL, count = NULL, prior = NULL, delta = NULL, most = NULL, complete = NULL,
                             level = NULL, list = NULL, ..., suppress = "default", suppress_below = NULL, internal = FALSE,
                             progress = interactive()) {
  if (is.logical(complete))
    complete <- if (est_truth(complete, "complete")) "yes" else "no"
  est_run("decomposable", data, lists = lists, count = count, prior = prior, delta = delta, most = most, complete = complete,
          level = level, list = list, ..., suppress = suppress, suppress_below = suppress_below, internal = internal,
          progress = progress)
}

est_linkage <- function(data, lists = NULL, count = NULL, period = NULL, sensitivity = NULL, false_match = NULL, rates = NULL,
                        model = NULL, select = NULL, replicates = NULL, simulations = NULL, level = NULL, list = NULL, ...,
                        seed = 1, threads = 1, suppress = "default", suppress_below = NULL, internal = FALSE,
                        progress = interactive()) {
  est_run("linkage", data, lists = lists, count = count, period = period, sensitivity = sensitivity,
          false_match = false_match, rates = rates, model = model, select = select, replicates = replicates,
          simulations = simulations, level = level, list = list, ..., seed = seed, threads = threads, suppress = suppress,
          suppress_below = suppress_below, internal = internal, progress = progress)
}

est_patterns <- function(data, lists = NULL, list = NULL, period = NULL, id = NULL, cluster = NULL, date = NULL, until = NULL,
                         repeats = NULL, ..., suppress = "default", suppress_below = NULL, internal = FALSE,
                         progress = interactive()) {
  est_run("patterns", data, lists = lists, list = list, period = period, id = id, cluster = cluster, date = date,
          until = until, repeats = repeats, ..., suppress = suppress, suppress_below = suppress_below, internal = internal,
          progress = progress)
}

est_trend <- function(data, lists = NULL, period = NULL, count = NULL, seen = NULL, population = NULL, list_dates = NULL,
                      dependence = NULL, model = NULL, select = NULL, max_order = NULL, ci = NULL, replicates = NULL,
                      level = NULL, baseline = NULL, list = NULL, ..., seed = 1, threads = 1, suppress = "default",
                      suppress_below = NULL, internal = FALSE, progress = interactive()) {
  est_run("trend", data, lists = lists, period = period, count = count, seen = seen, population = population,
          list_dates = list_dates, dependence = dependence, model = model, select = select, max_order = max_order,
          ci = ci, replicates = replicates, level = level, baseline = baseline, list = list, ..., seed = seed,
          threads = threads, suppress = suppress, suppress_below = suppress_below, internal = internal, progress = progress)
}

# progress TRUE: a bar on standard error; a function(stage, fraction): called, TRUE stops the run; FALSE: nothing.
# Errors and interrupts inside it are kept, and raised when the library has unwound.
est_progress <- function(progress) {
  state <- new.env(parent = emptyenv())
  state$interrupted <- FALSE
  state$width <- 0L
  show <- if (is.function(progress)) progress else if (isTRUE(progress)) function(stage, fraction) est_bar(state, stage, fraction)
  tick <- if (!is.null(show)) function(stage, fraction) {
    tryCatch(isTRUE(show(stage, fraction)),
             error = function(e) { state$error <- e; TRUE },
             interrupt = function(e) { state$interrupted <- TRUE; TRUE })
  }
  close <- function() if (state$width > 0L) {
    cat("\r", strrep(" ", state$width), "\r", sep = "", file = stderr())
    flush.console()
  }
  list(tick = tick, close = close, state = state)
}

est_bar <- function(state, stage, fraction) {
  done <- as.integer(30 * min(max(fraction, 0), 1))
  text <- sprintf("[%s%s] %3.0f %% %s", strrep("=", done), strrep(" ", 30L - done), 100 * fraction, stage)
  cat("\r", formatC(text, width = -state$width, flag = "-"), sep = "", file = stderr())
  state$width <- max(state$width, nchar(text))
  FALSE
}
