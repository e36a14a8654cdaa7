# What the library knows: methods with their options, bundled datasets, its version.

est_methods <- function(id = NULL) {
  methods <- .Call(R_swig_libest_methods, FALSE)
  for (i in seq_along(methods))
    methods[[i]]$options <- as.data.frame(methods[[i]]$options, stringsAsFactors = FALSE, optional = TRUE)
  if (!is.null(id)) {
    id <- gsub("_", "-", id, fixed = TRUE)
    if (!id %in% names(methods))
      est_stop("EST_EOPTION", where = "id", message = sprintf(
        "method '%s' is not known; expected one of %s", id, paste(names(methods), collapse = ", ")))
    return(methods[[id]])
  }
  fields <- c("id", "title", "summary", "reference", "data")
  frame <- lapply(fields, function(field) vapply(methods, function(method) method[[field]], ""))
  names(frame) <- fields
  data.frame(frame, row.names = NULL, stringsAsFactors = FALSE)
}

est_datasets <- function() {
  as.data.frame(.Call(R_swig_libest_datasets, FALSE), stringsAsFactors = FALSE)
}

est_dataset <- function(name) {
  if (!is.character(name) || length(name) != 1 || is.na(name))
    est_stop("EST_EOPTION", where = "name", message = sprintf(
      "name: found %s; expected the name of one bundled dataset as text", paste(format(name), collapse = " ")))
  name <- sub("^dataset:", "", name)
  value <- .Call(R_swig_libest_dataset, paste0("dataset:", name), FALSE)
  if (!is.null(value$error))
    est_stop_with(value$error)
  columns <- lapply(value$columns, function(x) {
    whole <- is.numeric(x) && all(is.na(x) | x == floor(x) & abs(x) <= .Machine$integer.max)
    if (whole) as.integer(x) else x
  })
  frame <- as.data.frame(columns, stringsAsFactors = FALSE, optional = TRUE)
  attr(frame, "est_name") <- name
  attr(frame, "est_public") <- value$public
  attr(frame, "est_synthetic") <- value$synthetic
  frame
}

est_version <- function() .Call(R_swig_libest_version, FALSE)
