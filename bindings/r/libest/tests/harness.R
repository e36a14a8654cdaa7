# Sourced by the tests: `same` and `fails_with` count, `finish` prints the last line and stops with an error if one failed.
library(libest)
tally <- new.env()
tally$passed <- tally$failed <- 0L

same <- function(what, found, expected, tolerance = 0) {
  good <- if (tolerance > 0) isTRUE(all.equal(found, expected, tolerance = tolerance, scale = 1)) else identical(found, expected)
  if (good) {
    tally$passed <- tally$passed + 1L
  } else {
    tally$failed <- tally$failed + 1L
    cat("failed:", what, "\n found:", format(found), "\n expected:", format(expected), "\n")
  }
  invisible(good)
}

# The condition, when it has the code; its fields are then asserted.
fails_with <- function(what, code, expression) {
  condition <- tryCatch({ expression; NULL }, est_error = identity)
  same(what, if (is.null(condition)) "no error" else condition$code, code)
  same(paste(what, "class"), class(condition), c(paste0("est_error_", code), "est_error", "error", "condition"))
  invisible(condition)
}

row_of <- function(result, estimand) result$rows[result$rows$estimand == estimand, ]

finish <- function() {
  cat(sprintf("%d passed, %d failed\n", tally$passed, tally$failed))
  if (tally$failed > 0) stop("tests failed")
}
