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
  if (is.character(x))
    return(ifelse(is.na(x) | x == "", NA_character_, x))
  if (is.logical(x) || is.numeric(x))
    return(as.double(unclass(x)))
  refuse(paste("type", typeof(x)))
}

est_table <- function(data, option = "", name = "data") {
  if (!is.data.frame(data))
    est_stop("EST_EOPTION", where = name, message = sprintf(
      "%s: found %s; expected a data.frame", name, class(data)[1]))
  columns <- as.list(data)
  for (i in seq_along(columns))
    columns[[i]] <- est_column(columns[[i]], names(data)[i], name)
  list(option = option, name = name, rows = nrow(data), public = est_is_public(data),
       synthetic = isTRUE(attr(data, "est_synthetic")), columns = columns)
}

# A bundled dataset is public as long as every row of it is still one of the bundled rows: new numbers under an old name are
# not. Data marked by hand with attr(x, "est_public") <- TRUE are what their owner says they are.
est_is_public <- function(data) {
  name <- attr(data, "est_name")
  if (!isTRUE(attr(data, "est_public")) || is.null(name))
    return(isTRUE(attr(data, "est_public")))
  bundled <- tryCatch(est_dataset(name), est_error = function(e) NULL)
  if (is.null(bundled) || !all(names(data) %in% names(bundled)))
    return(FALSE)
  key <- function(frame) do.call(paste, c(unname(lapply(frame[names(data)], as.character)), sep = "\r"))
  ncol(data) == 0 || all(key(data) %in% key(bundled))
}
