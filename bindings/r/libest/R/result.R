# The S3 class c("est_<method>", "est_result"), with _ for the - of an id: plain lists and data frames, nothing that a saved
# file could lose.

est_result <- function(value) {
  frames <- lapply(value$frames, function(frame) {
    table <- as.data.frame(frame$columns, stringsAsFactors = FALSE, optional = TRUE)
    attr(table, "title") <- frame$title
    table
  })
  value$rows <- est_rows(value$rows)
  value$frames <- frames
  value$notes <- as.data.frame(value$notes, stringsAsFactors = FALSE)
  value$facts <- as.data.frame(value$facts, stringsAsFactors = FALSE)
  value$text <- value$reports[["text"]]
  value$json <- value$reports[["json"]]
  structure(value, class = c(paste0("est_", gsub("-", "_", value$method, fixed = TRUE)), "est_result"))
}

# What rows must share to be comparable, and the standard table that a row is a cell of.
est_keys <- c("population", "period", "definition", "geography", "ages", "reference_period", "unit", "table")

# Domain labels become columns after the estimand; flags are words joined by a blank. A label named like one of our own columns is
# told apart by its prefix, as in the library's CSV; it takes the place of a comparability key of its name.
est_rows <- function(rows) {
  labels <- unique(unlist(lapply(rows$domain, names)))
  domain <- lapply(labels, function(label)
    vapply(rows$domain, function(x) if (label %in% names(x)) x[[label]] else "", ""))
  of_survey <- c("n_weighted", "numerator", "cv", "deff", "deft", "effective_n", "mark")
  if (all(vapply(rows[of_survey], function(x) all(is.na(x) | x == ""), NA)))
    of_survey <- character()
  own <- c("model", "estimate", "se", "lower", "upper", "level", "df", "interval", "n", of_survey, "flags")
  labels <- ifelse(labels %in% c("estimand", own), paste0("domain_", labels), labels)
  order <- setdiff(c(own, est_keys), labels)
  rows$flags <- vapply(rows$flags, paste, "", collapse = " ")
  as.data.frame(c(rows["estimand"], stats::setNames(domain, labels), rows[order]), stringsAsFactors = FALSE, optional = TRUE)
}

format.est_result <- function(x, type = "text", ...) {
  if (!type %in% names(x$reports))
    est_stop("EST_EOPTION", where = "type", message = sprintf(
      "type: found '%s'; expected one of %s", type, paste(names(x$reports), collapse = ", ")))
  x$reports[[type]]
}

print.est_result <- function(x, ...) {
  writeLines(x$text, sep = "", useBytes = TRUE)
  invisible(x)
}

summary.est_result <- function(object, ...) {
  structure(object[c("method", "title", "rows", "stats", "notes", "provenance")], class = "summary.est_result")
}

print.summary.est_result <- function(x, digits = max(3L, getOption("digits") - 3L), ...) {
  cat(x$title, "\n\n", sep = "")
  used <- vapply(x$rows, function(column) !all(is.na(column) | column == ""), NA)
  print(x$rows[used], digits = digits, row.names = FALSE)
  if (length(x$stats) > 0) {
    cat("\n")
    cat(sprintf("%s: %s\n", names(x$stats), vapply(x$stats, format, "", digits = digits)), sep = "")
  }
  if (nrow(x$notes) > 0)
    cat("\n", sprintf("%s: %s\n", x$notes$severity, x$notes$message), sep = "")
  invisible(x)
}

# A result as data of the next method, with the columns that the library gives its own JSON: a label whose name is taken begins with
# "domain:"; undefined and unbounded numbers are missing.
est_result_columns <- function(result) {
  rows <- result$rows
  labels <- est_labels(result)
  of_rows <- c("estimand", "model", "estimate", "se", "lower", "upper", "level", "df", "interval", "n", "n_weighted", "flags",
               est_keys)
  rows <- rows[intersect(c("estimand", labels, of_rows), names(rows))]
  plain <- sub("^domain_", "", labels)
  taken <- plain %in% c(of_rows, "method", "title", "data_public", "synthetic", "internal")
  names(rows)[match(labels[taken], names(rows))] <- paste0("domain:", plain[taken])
  numbers <- vapply(rows, is.numeric, NA)
  rows[numbers] <- lapply(rows[numbers], function(x) ifelse(is.finite(x), x, NA_real_))
  if (!any(nzchar(rows$table)))
    rows$table <- NULL
  public <- result$is_public && !result$is_internal
  of_result <- list(method = result$method, title = result$title, data_public = as.double(public),
                    synthetic = as.double(result$is_synthetic), internal = as.double(result$is_internal))
  rows[names(of_result)] <- lapply(of_result, rep, nrow(rows))
  attr(rows, "est_public") <- public
  attr(rows, "est_synthetic") <- result$is_synthetic
  rows
}

as.data.frame.est_result <- function(x, row.names = NULL, optional = FALSE, ...) {
  if (!is.null(row.names))
    row.names(x$rows) <- row.names
  x$rows
}

est_labels <- function(x) {
  setdiff(names(x$rows)[seq_len(match("estimate", names(x$rows)) - 1L)], c("estimand", "model"))
}

est_row_names <- function(x) {
  if (identical(x$method, "survey"))
    return(est_survey_names(x$rows, est_labels(x)))
  parts <- x$rows[c("estimand", est_labels(x), "model")]
  make.unique(apply(parts, 1L, function(row) paste(row[row != ""], collapse = " ")), sep = " ")
}

# Names as the package survey gives them: "api00", "stypeE", "a/b", "x.0.5"; of domains "E.No", or "E.No:api00" where several things
# were estimated; of contrasts their text. The mean and the total of one column keep their full names.
est_survey_names <- function(rows, labels) {
  inner <- function(x) sub("^[a-z]+\\((.*)\\)$", "\\1", x)
  plain <- ifelse(startsWith(rows$estimand, "contrast("), inner(rows$estimand), rows$estimand)
  short <- inner(plain)
  short <- ifelse(startsWith(plain, "quantile("), sub(",([^,]*)$", ".\\1", short), short)
  short <- ifelse(grepl("^(proportion|total)[(]", plain), sub("=", "", short, fixed = TRUE), short)
  coefficient <- startsWith(plain, "coefficient(")
  short[coefficient] <- sub("^[(]intercept[)]$", "(Intercept)", gsub("(^|:)([^=:]*)=", "\\1\\2", short[coefficient]))
  for (name in unique(short[!coefficient])) # two things of one name
    if (length(unique(plain[short == name & !coefficient])) > 1)
      short[short == name & !coefficient] <- plain[short == name & !coefficient]
  domain <- if (length(labels) == 0) rep("", nrow(rows)) else
    apply(rows[labels], 1L, function(row) paste(row[row != ""], collapse = "."))
  several <- length(unique(plain[!coefficient])) > 1
  name <- ifelse(domain == "", short, if (several) paste(domain, short, sep = ":") else domain)
  if (length(unique(rows$model[coefficient])) > 1)
    name[coefficient] <- paste0(rows$model[coefficient], ": ", name[coefficient])
  make.unique(name, sep = " ")
}

coef.est_result <- function(object, ...) {
  stats::setNames(object$rows$estimate, est_row_names(object))
}

confint.est_result <- function(object, parm = NULL, level = NULL, ...) {
  if (!is.null(level) && !all(is.na(object$rows$level) | abs(object$rows$level - level) < 1e-9))
    est_stop("EST_EOPTION", where = "level", message = sprintf(
      "level: found %s; expected %s, the level of the run: run it again with level = %s",
      format(level), paste(unique(object$rows$level[!is.na(object$rows$level)]), collapse = ", "), format(level)))
  limits <- cbind(lower = object$rows$lower, upper = object$rows$upper)
  rownames(limits) <- est_row_names(object)
  if (is.null(parm)) limits else limits[parm, , drop = FALSE]
}

# Known where the library gives it: estimates of one run (covariance = TRUE), coefficients of one regression; NA elsewhere.
vcov.est_result <- function(object, ...) {
  rows <- object$rows
  n <- nrow(rows)
  covariance <- matrix(NA_real_, n, n, dimnames = rep(list(est_row_names(object)), 2L))
  coefficients <- which(startsWith(rows$estimand, "coefficient("))
  for (name in intersect(c("covariance", "linear_vcov", "logistic_vcov"), names(object$frames))) {
    values <- unname(as.matrix(object$frames[[name]][-1L]))
    at <- if (name == "covariance") seq_len(nrow(values)) else coefficients[seq_len(nrow(values))]
    if (name != "covariance")
      coefficients <- setdiff(coefficients, at)
    covariance[at, at] <- suppressWarnings(as.double(values)) # a withheld cell is text
  }
  diag(covariance) <- rows$se^2
  if (!"covariance" %in% names(object$frames) && sum(!startsWith(rows$estimand, "coefficient(")) > 1)
    est_warn(data.frame(severity = "warning", code = "covariance", message =
      "The covariances between the estimates were not asked for and are NA: run again with covariance = TRUE."))
  covariance
}

# Generics of the package survey, for those who have not loaded it; with it, its own find these methods.
SE <- function(object, ...) UseMethod("SE")

SE.est_result <- function(object, ...) stats::setNames(object$rows$se, est_row_names(object))

SE.default <- function(object, ...) {
  if (isNamespaceLoaded("survey"))
    return(getExportedValue("survey", "SE")(object, ...))
  sqrt(diag(as.matrix(stats::vcov(object, ...))))
}

degf <- function(design, ...) UseMethod("degf")

degf.est_result <- function(design, ...) {
  found <- c(design$stats$replicate_df, design$stats$design_df)
  if (length(found) > 0) min(found) else NA_real_
}

degf.default <- function(design, ...) {
  if (!isNamespaceLoaded("survey"))
    est_stop("EST_EOPTION", where = "design", message = sprintf("design: found %s; expected a result", class(design)[1]))
  getExportedValue("survey", "degf")(design, ...)
}

# Of a regression its own; else those of the design.
df.residual.est_result <- function(object, ...) {
  df <- unique(object$rows$df[startsWith(object$rows$estimand, "coefficient(")])
  if (length(df) == 1) df else degf.est_result(object)
}

# Of est_weight: the final weight of each row of the data.
weights.est_result <- function(object, ...) {
  if (!"weights" %in% names(object$frames))
    est_stop("EST_EOPTION", where = "object", message = sprintf("object: a result of method '%s' has no weights", object$method))
  object$frames$weights$final
}

# The row without labels is the total of the others.
nobs.est_result <- function(object, ...) {
  observed <- object$rows[object$rows$estimand == "observed", , drop = FALSE]
  total <- apply(observed[est_labels(object)] == "", 1L, all)
  if (nrow(observed) == 0) object$rows$n[1] else if (any(total)) observed$estimate[total][1] else sum(observed$estimate)
}

# The charts of a run with base graphics, or with `file` as the SVG document that the library draws.
plot.est_result <- function(x, chart = 1, file = NULL, ...) {
  if (length(x$charts) == 0)
    est_stop("EST_EOPTION", where = "chart", message = sprintf(
      "chart: a result of method '%s' has none", x$method))
  found <- if (is.character(chart)) match(chart, names(x$charts)) else chart
  if (length(found) != 1 || !found %in% seq_along(x$charts))
    est_stop("EST_EOPTION", where = "chart", message = sprintf(
      "chart: found %s; expected one of %s", format(chart), paste(names(x$charts), collapse = ", ")))
  picked <- x$charts[[found]]
  if (is.null(file)) est_draw(picked, ...) else est_write(file, picked$svg)
  invisible(x)
}

est_draw <- function(chart, ...) {
  switch(chart$kind, forest = est_draw_forest(chart, ...), upset = est_draw_upset(chart, ...), est_draw_along(chart, ...))
}

# A row a category, the first at the top; an interval without an upper limit ends in an arrow at the edge.
est_draw_forest <- function(chart, ...) {
  n <- length(chart$categories)
  values <- unlist(lapply(chart$series, function(s) c(s$value, s$lower, s$upper)))
  known <- c(values[is.finite(values)], chart$reference[is.finite(chart$reference)])
  if (length(known) == 0)
    known <- c(0, 1)
  log <- if (min(known) > 0 && max(known) > 10 * min(known)) "x" else ""
  colours <- hcl.colors(max(length(chart$series), 2L), "Dark 3")
  old <- par(mar = par("mar") + c(0, min(12, 0.45 * max(nchar(chart$categories), 0)), 0, 0))
  on.exit(par(old))
  plot.new()
  plot.window(xlim = range(known), ylim = c(n + 0.6, 0.4), log = log, ...)
  abline(v = chart$reference[is.finite(chart$reference)], lty = 2, col = "grey40")
  for (i in seq_len(if (n > 0) length(chart$series) else 0)) {
    series <- chart$series[[i]]
    at <- seq_len(n) + (i - (length(chart$series) + 1) / 2) * 0.2
    from <- ifelse(is.na(series$lower), series$value, series$lower)
    to <- ifelse(is.na(series$upper), series$value, series$upper)
    open <- which(to == Inf)
    segments(from, at, pmin(to, max(known)), at, col = colours[i])
    points(rep(max(known), length(open)), at[open], pch = ">", col = colours[i])
    points(series$value, at, pch = 19, col = colours[i])
  }
  axis(1)
  if (n > 0)
    axis(2, at = seq_len(n), labels = chart$categories, las = 1, tick = FALSE)
  title(main = chart$title, sub = chart$subtitle, xlab = chart$x_title)
  if (length(chart$series) > 1)
    legend("topright", legend = vapply(chart$series, function(s) s$name, ""), col = colours[seq_along(chart$series)],
           pch = 19, bty = "n")
}

# Bars above, a dot for every set of a combination below them.
est_draw_upset <- function(chart, ...) {
  n <- length(chart$categories)
  counts <- if (length(chart$series) && n) chart$series[[1]]$value else numeric()
  top <- max(counts[is.finite(counts)], 1)
  rows <- -top * 0.08 * seq_along(chart$sets)
  shown <- ifelse(is.finite(chart$set_totals), format(chart$set_totals, big.mark = ",", trim = TRUE), "n.p.")
  labels <- sprintf("%s (%s)", chart$sets, shown)
  old <- par(mar = par("mar") + c(0, min(12, 0.45 * max(nchar(labels), 0)), 0, 0))
  on.exit(par(old))
  plot.new()
  plot.window(xlim = c(0.4, max(n, 1) + 0.6), ylim = c(min(rows, 0) - top * 0.04, 1.08 * top), ...)
  for (i in seq_len(n)) {
    known <- is.finite(counts[i])
    rect(i - 0.3, 0, i + 0.3, if (known) counts[i] else 0, col = "grey10", border = NA)
    text(i, if (known) counts[i] else 0, if (known) format(counts[i], big.mark = ",") else "n.p.", pos = 3, cex = 0.8)
    held <- rows[chart$membership[i, ]]
    points(rep(i, length(rows)), rows, pch = 19, cex = 0.4, col = "grey75")
    lines(rep(i, length(held)), held, type = "o", pch = 19)
  }
  axis(2, at = Filter(function(at) at >= 0, pretty(c(0, top))), las = 1)
  if (length(rows) > 0)
    axis(2, at = rows, labels = labels, las = 1, tick = FALSE)
  title(main = chart$title, sub = chart$subtitle, xlab = chart$x_title)
}

est_draw_along <- function(chart, ...) {
  n <- length(chart$categories)
  values <- unlist(lapply(chart$series, function(s) c(s$value, s$lower, s$upper)))
  values <- values[is.finite(values)]
  colours <- hcl.colors(max(length(chart$series), 2L), "Dark 3")
  plot.new()
  plot.window(xlim = c(0.6, n + 0.4), ylim = range(0, values), ...)
  for (i in seq_along(chart$series))
    est_draw_series(chart$series[[i]], n, (i - (length(chart$series) + 1) / 2) * 0.08, colours[i])
  axis(1, at = seq_len(n), labels = chart$categories)
  axis(2)
  box()
  title(main = chart$title, sub = chart$subtitle, xlab = chart$x_title, ylab = chart$y_title)
  if (length(chart$series) > 1)
    legend("topright", legend = vapply(chart$series, function(s) s$name, ""), col = colours[seq_along(chart$series)],
           lty = 1, pch = 19, bty = "n")
}

est_draw_series <- function(series, n, shift, colour) {
  at <- seq_len(n) + if (series$kind == "band") 0 else shift
  top <- pmin(series$upper, par("usr")[4])
  known <- is.finite(series$lower) & !is.na(top)
  if (series$kind == "band")
    polygon(c(at[known], rev(at[known])), c(series$lower[known], rev(top[known])), border = NA,
            col = adjustcolor(colour, 0.25))
  else
    segments(at[known], series$lower[known], at[known], top[known], col = colour)
  lines(at, series$value, col = colour)
  points(at, series$value, col = colour, pch = 19)
}

# Written beside the target and renamed: a file is whole or not there.
est_write <- function(path, text) {
  path <- path.expand(path)
  part <- tempfile(".est-", tmpdir = dirname(path))
  on.exit(unlink(part))
  done <- tryCatch({
    output <- file(part, "wb")
    writeLines(text, output, sep = "", useBytes = TRUE)
    close(output)
    file.rename(part, path)
  }, error = function(e) FALSE, warning = function(w) FALSE)
  if (!done)
    est_stop("EST_EIO", where = path, message = sprintf("%s: cannot be written", path))
}

# The names of the program's own folder: METHOD.txt, METHOD_FRAME.csv, METHOD_CHART_chart.svg.
est_save_folder <- function(result, path) {
  dir.create(path, showWarnings = FALSE, recursive = TRUE)
  plain <- function(name) gsub("[^A-Za-z0-9_-]", "-", name)
  for (type in names(result$reports))
    est_write(file.path(path, paste0(plain(result$method), ".", if (type == "text") "txt" else type)), result$reports[[type]])
  # Frames that the library's own writers leave out (single records of private data) stay out here too.
  shown <- function(name) grepl(sprintf("\"%s\":{", name), gsub("[ \n]", "", result$reports[["json"]]), fixed = TRUE)
  for (name in Filter(shown, names(result$frames)))
    est_write(file.path(path, paste0(plain(result$method), "_", plain(name), ".csv")), est_frame_csv(result$frames[[name]], est_marks(result)))
  for (name in names(result$charts))
    est_write(file.path(path, paste0(plain(result$method), "_", plain(name), "_chart.svg")), result$charts[[name]]$svg)
}

# What the library writes in the last column of a CSV file.
est_marks <- function(result) {
  paste(c("SYNTHETIC DATA"[result$is_synthetic], "FOR INTERNAL USE"[result$is_internal]), collapse = "; ")
}

# Undefined numbers are empty; a text that a spreadsheet would run as a formula gets a leading single quote.
est_frame_csv <- function(frame, marks) {
  if (nzchar(marks))
    frame$marks <- rep(marks, nrow(frame))
  cell <- function(x) {
    if (is.numeric(x))
      return(ifelse(is.finite(x), est_number_text(x), ""))
    x <- ifelse(is.na(x), "", x)
    x <- paste0(ifelse(grepl("^[=+@\t\r-]", x), "'", ""), x)
    ifelse(grepl("[\",\r\n]|^ | $", x), paste0("\"", gsub("\"", "\"\"", x, fixed = TRUE), "\""), x)
  }
  rows <- if (nrow(frame) > 0) do.call(paste, c(unname(lapply(frame, cell)), sep = ","))
  paste0(paste(c(paste(cell(names(frame)), collapse = ","), rows), collapse = "\n"), "\n")
}

est_save <- function(result, path, format = NULL) {
  stopifnot(inherits(result, "est_result"))
  if (is.null(format) && (dir.exists(path) || grepl("/$", path))) {
    est_save_folder(result, path)
    return(invisible(path))
  }
  kinds <- c(txt = "text", json = "json", csv = "csv", md = "md", html = "html")
  extension <- sub(".*[.]", "", basename(path))
  if (is.null(format) && !extension %in% names(kinds))
    est_stop("EST_EOPTION", where = path, message = sprintf(
      "%s: found the extension '%s'; expected one of %s, or give format", path, extension,
      paste(names(kinds), collapse = ", ")))
  est_write(path, format(result, if (is.null(format)) kinds[[extension]] else format))
  invisible(path)
}
