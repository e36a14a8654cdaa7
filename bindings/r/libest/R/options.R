# Options on their way to C: text, in the form that the option's kind wants. Checks and defaults are the library's.

# The shortest decimal that reads back the same.
est_number_text <- function(x) {
  text <- sprintf("%.15g", x)
  for (format in c("%.16g", "%.17g")) {
    longer <- is.finite(x)
    longer[longer] <- as.numeric(text[longer]) != x[longer]
    text[longer] <- sprintf(format, x[longer])
  }
  text
}

# Several names become one text: those that hold a comma or a quote stand between quotes, as in a CSV file.
est_quoted_names <- function(names) {
  needs <- grepl('[,"]|^[ \t]|[ \t]$', names)
  names[needs] <- paste0('"', gsub('"', '""', names[needs], fixed = TRUE), '"')
  names
}

est_option_text <- function(value, kind, name) {
  if (inherits(value, "formula"))
    value <- est_quoted_names(est_formula_names(value, name))
  else if (identical(kind, "columns") && is.character(value) && length(value) > 1)
    value <- est_quoted_names(value)
  if (is.logical(value))
    value <- ifelse(value, "1", "0")
  separator <- if (is.numeric(value) || identical(kind, "columns")) "," else " "
  if (is.numeric(value))
    value <- est_number_text(value)
  paste(as.character(value), collapse = separator)
}

# ~ LA + NG + PF: the names of list columns. ~ . means the library's own rule.
est_formula_names <- function(formula, name = "lists") {
  if (length(formula) != 2 || !all(setdiff(all.names(formula), all.vars(formula)) %in% c("~", "+", "(")))
    est_stop("EST_EOPTION", where = name, message = sprintf(
      "%s: found %s; expected names joined by +, for example ~ LA + NG + PF", name,
      paste(deparse(formula), collapse = " ")))
  names <- all.vars(formula)
  if (identical(names, ".")) "" else names
}

# Splits the arguments into texts and companion tables; NULL = the library's default.
est_arguments <- function(method, arguments) {
  arguments <- arguments[!vapply(arguments, is.null, NA)]
  if (length(arguments) > 0 && (is.null(names(arguments)) || any(names(arguments) == "")))
    est_stop("EST_EOPTION", "every option needs its name")
  names <- gsub("_", "-", names(arguments), fixed = TRUE)
  specs <- .Call(R_swig_libest_methods, FALSE)[[method]]$options
  kinds <- specs$kind[match(names, specs$name)]
  is_table <- kinds %in% "table" | vapply(arguments, is.data.frame, NA)
  texts <- mapply(est_option_text, arguments[!is_table], kinds[!is_table], names(arguments)[!is_table])
  tables <- Map(function(data, name) est_table(data, name, name), arguments[is_table], names[is_table])
  list(texts = stats::setNames(as.character(texts), names[!is_table]), tables = unname(tables))
}

est_whole <- function(value, name, minimum, maximum) {
  whole <- is.numeric(value) && length(value) == 1 && !is.na(value) && value == floor(value)
  if (!whole || value < minimum || value > maximum)
    est_stop("EST_EOPTION", where = name, message = sprintf(
      "%s: found %s; expected a whole number from %.0f to %.0f",
      name, paste(format(value), collapse = " "), minimum, maximum))
  as.double(value)
}

# No truth value is guessed: "no" is an error, not FALSE.
est_truth <- function(value, name) {
  if (!is.logical(value) || length(value) != 1 || is.na(value))
    est_stop("EST_EOPTION", where = name, message = sprintf(
      "%s: found %s; expected TRUE or FALSE", name, paste(format(value), collapse = " ")))
  value
}

est_control <- function(seed, threads, suppress, suppress_below, internal) {
  list(seed = est_whole(seed, "seed", 0, 2^53), threads = est_whole(threads, "threads", 0, 1024),
       suppress = if (!is.null(suppress)) as.character(suppress)[1],
       threshold = if (!is.null(suppress_below)) est_whole(suppress_below, "suppress_below", 0, 1e9),
       internal = unname(est_truth(internal, "internal")))
}
