# Columns on their way to C: doubles (NaN = missing) or text (NA = missing).

est_column <- function(x, name, where) {
  refuse <- function(found) {
    est_stop("EST_ECOLUMN", column = name, where = where, message = sprintf(
      "%s, column '%s': found %s; expected numbers, text, a factor, logical values or dates",
      where, name, found))
  }
  if (is.matrix(x) || is.data.frame(x) || is.list(x) && !inherits(x, "POSIXlt"))
    refuse(if (is.list(x)) "a list" else "a matrix")
  if (inherits(x, "integer64") && !requireNamespace("bit64", quietly = TRUE))
    refuse("integer64 without the package bit64")
  if (inherits(x, "integer64"))
    return(as.character(x))
  if (inherits(x, c("Date", "POSIXt")))
    return(format(x, "%Y-%m-%d"))
  if (is.factor(x))
    x <- as.character(x)
  if (inherits(x, "haven_labelled")) # its codes, as they stand in the file
    x <- as.vector(unclass(x))
  if (is.character(x))
    return(ifelse(is.na(x) | x == "", NA_character_, x))
  if (is.logical(x) || is.numeric(x))
    return(as.double(unclass(x)))
  refuse(paste("type", typeof(x)))
}

# A data.frame, the path of a file that the library reads, or a result: its rows.
est_table <- function(data, option = "", name = "data") {
  if (est_is_path(data))
    return(list(option = option, path = path.expand(data)))
  if (inherits(data, "est_result"))
    data <- est_result_columns(data)
  if (!is.data.frame(data))
    est_stop("EST_EOPTION", where = name, message = sprintf(
      "%s: found %s; expected a data.frame, or the path of a file (.csv, .dta, .sav) as one text", name, class(data)[1]))
  columns <- as.list(data)
  for (i in seq_along(columns))
    columns[[i]] <- est_column(columns[[i]], names(data)[i], name)
  origin <- est_origin(data, name)
  list(option = option, name = origin$name, rows = nrow(data), public = origin$public,
       synthetic = isTRUE(attr(data, "est_synthetic")), columns = columns)
}

est_is_path <- function(data) is.character(data) && length(data) == 1 && !is.na(data)

# A bundled dataset is public as long as every row of it is still one of the bundled rows: new numbers under an old name are
# not. Whole, it bears its own name. Data marked by hand with attr(x, "est_public") <- TRUE are what their owner says they are.
est_origin <- function(data, name) {
  bundle <- attr(data, "est_name")
  public <- isTRUE(attr(data, "est_public"))
  if (is.null(bundle))
    return(list(name = name, public = public))
  bundled <- tryCatch(est_dataset(bundle), est_error = function(e) NULL)
  if (is.null(bundled) || ncol(data) == 0 || !all(names(data) %in% names(bundled)))
    return(list(name = name, public = FALSE))
  key <- function(frame) do.call(paste, c(unname(lapply(frame[names(data)], as.character)), sep = "\r"))
  rows <- key(data)
  known <- key(bundled)
  whole <- identical(rows, known) && identical(names(data), names(bundled))
  list(name = if (whole) paste0("dataset:", bundle) else name, public = public && all(rows %in% known))
}
