# Indicators from microdata, what is worked out from their results, and what they stand on: definitions and codebooks.

est_indicator <- function(name, data, codebook = NULL, preset = NULL, by = NULL, where = NULL, ages = NULL, indicators = NULL,
                          tables = NULL, population = NULL, numbers = NULL, benchmarks = NULL, small_area = NULL,
                          covariates = NULL, sampling_errors = NULL, level = NULL, set = NULL, reference_period = NULL, ...,
                          seed = 1, threads = 1, suppress = "default", suppress_below = NULL, internal = FALSE,
                          progress = interactive()) {
  method <- est_indicator_method(name)
  control <- est_control(seed, threads, suppress, suppress_below, internal)
  if (is.logical(numbers))
    numbers <- if (est_truth(numbers, "numbers")) "yes" else "no"
  options <- list(codebook = est_path(codebook), preset = preset, by = by, where = where, ages = est_commas(ages),
                  indicators = est_commas(indicators), tables = est_commas(tables), population = population, numbers = numbers,
                  benchmarks = benchmarks, small_area = small_area, covariates = covariates, sampling_errors = sampling_errors,
                  level = level, set = est_commas(set), reference_period = reference_period, ...)
  # A name of a condition is a role or a column: the codebook knows which.
  options <- est_survey_options(method, options[!vapply(options, is.null, NA)], NULL)
  est_request_named(method, data, options, control, progress, est_codebook_texts(options[["codebook"]]),
                    c("EST_ECOLUMN", "EST_EDEFINITION"))
}

# The methods that read microdata through a codebook.
est_indicator_method <- function(name) {
  methods <- .Call(R_swig_libest_methods, FALSE)
  ids <- names(Filter(function(method) "codebook" %in% method$options$name, methods))
  wanted <- gsub("_", "-", as.character(name), fixed = TRUE)
  if (length(wanted) != 1 || !wanted %in% ids)
    est_stop("EST_EOPTION", where = "name", message = sprintf(
      "name: found '%s'; expected one of %s", paste(wanted, collapse = " "), paste(ids, collapse = ", ")))
  wanted
}

est_path <- function(x) if (est_is_path(x)) path.expand(x) else x

# "a,b" of c("a", "b"), "a=1,b=2" of c(a = 1, b = 2).
est_commas <- function(x) {
  if (is.null(x))
    return(NULL)
  text <- if (is.numeric(x)) est_number_text(x) else as.character(x)
  paste(if (is.null(names(x))) text else paste0(names(x), "=", text), collapse = ",")
}

# What names columns in a codebook and in those that it changes: its sections, its columns, values and conditions.
est_codebook_texts <- function(codebook) {
  presets <- .Call(R_swig_libest_codebooks, FALSE)
  texts <- seen <- character()
  while (est_is_path(codebook) && !codebook %in% seen) {
    seen <- c(seen, codebook)
    at <- match(codebook, presets$id)
    lines <- if (!is.na(at)) strsplit(presets$text[at], "\n", fixed = TRUE)[[1]] else est_small_file(codebook)
    texts <- c(texts, grep("^[ \t]*([[]column|(column|value|sample)[ \t]*[=:])|^[ \t]", lines, value = TRUE, useBytes = TRUE))
    changed <- grep("^[ \t]*preset[ \t]*[=:]", lines, value = TRUE, useBytes = TRUE)
    codebook <- if (length(changed) > 0) trimws(sub("^[^=:]*[=:]", "", changed[1], useBytes = TRUE))
  }
  texts
}

# The library reports what is wrong with it.
est_small_file <- function(path) {
  if (isTRUE(file.size(path) < 1e7) && !dir.exists(path)) readLines(path, warn = FALSE, encoding = "UTF-8")
}

est_small_area <- function(data, area = NULL, estimate = NULL, se = NULL, variance = NULL, covariates = NULL, n = NULL, fit = NULL,
                           share = NULL, national = NULL, benchmark = NULL, unit = NULL, level = NULL, ...,
                           suppress = "default", suppress_below = NULL, internal = FALSE, progress = interactive()) {
  est_derived("small-area", data, list(area = area, estimate = estimate, se = se, variance = variance, covariates = covariates,
                                       n = n, fit = fit, share = share, national = national, benchmark = benchmark, unit = unit,
                                       level = level, ...),
              suppress, suppress_below, internal, progress)
}

est_trafficking <- function(data, population = NULL, denominator = NULL, by = NULL, period = NULL, count = NULL, sex = NULL,
                            age = NULL, form = NULL, forms = NULL, year = NULL, window_years = NULL, ..., suppress = "default",
                            suppress_below = NULL, internal = FALSE, progress = interactive()) {
  est_derived("trafficking", data, list(population = population, denominator = denominator, by = by, period = period,
                                        count = count, sex = sex, age = age, form = form, forms = est_commas(forms), year = year,
                                        window_years = window_years, ...),
              suppress, suppress_below, internal, progress)
}

est_compare <- function(data, with = NULL, estimand = NULL, domain = NULL, id = NULL, order = NULL, against = NULL,
                        allow_break = NULL, level = NULL, ..., suppress = "default", suppress_below = NULL, internal = FALSE,
                        progress = interactive()) {
  est_derived("compare", data, list(with = with, estimand = est_commas(estimand), domain = est_commas(domain), id = est_commas(id),
                                    order = order, against = against, allow_break = allow_break, level = level, ...),
              suppress, suppress_below, internal, progress)
}

est_derived <- function(method, data, options, suppress, suppress_below, internal, progress) {
  control <- est_control(1, 1, suppress, suppress_below, internal)
  options <- est_survey_options(method, options[!vapply(options, is.null, NA)], data)
  est_request(method, data, options, control, progress)
}

est_definitions <- function(method = NULL) {
  all <- as.data.frame(.Call(R_swig_libest_definitions, FALSE), stringsAsFactors = FALSE)
  fields <- setdiff(names(all), "text")
  if (is.null(method))
    return(all[fields])
  method <- est_indicator_method(method)
  rows <- all[all$method == method, fields]
  row.names(rows) <- NULL
  rows
}

est_definition <- function(id) as.list(est_one_of(.Call(R_swig_libest_definitions, FALSE), id, "definition"))

est_codebook <- function(preset = NULL) {
  all <- .Call(R_swig_libest_codebooks, FALSE)
  if (is.null(preset))
    return(as.data.frame(all[c("id", "title", "source")], stringsAsFactors = FALSE))
  est_one_of(all, preset, "preset")$text
}

est_one_of <- function(all, id, what) {
  at <- if (est_is_path(id)) match(id, all$id) else NA
  if (is.na(at))
    est_stop("EST_EOPTION", where = what, message = sprintf(
      "%s: found '%s'; expected one of %s", what, paste(format(id), collapse = " "), paste(all$id, collapse = ", ")))
  lapply(all, function(column) column[at])
}

est_codebook_init <- function(data, preset = NULL) {
  est_codebook_call(data, if (is.null(preset)) "" else preset, "preset", FALSE)$text
}

est_codebook_check <- function(data, codebook) {
  value <- est_codebook_call(data, codebook, "codebook", TRUE)
  list(faults = value$faults, text = value$text)
}

est_codebook_call <- function(data, codebook, name, check) {
  if (!est_is_path(codebook))
    est_stop("EST_EOPTION", where = name, message = sprintf(
      "%s: found %s; expected the id of a preset (est_codebook() lists them) or the path of a codebook, as one text", name,
      class(codebook)[1]))
  value <- .Call(R_swig_libest_codebook, est_table(data), path.expand(codebook), check, FALSE)
  if (isTRUE(value$interrupted))
    est_interrupt()
  if (!is.null(value$error))
    est_stop_with(value$error)
  value
}
