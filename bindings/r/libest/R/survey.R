# Surveys: requests in the forms that R users write, as options of the method `survey`.

est_survey <- function(data, mean = NULL, total = NULL, proportion = NULL, ratio = NULL, quantile = NULL, by = NULL, where = NULL,
                       contrast = NULL, linear = NULL, logistic = NULL, association = NULL, weight = NULL, strata = NULL,
                       psu = NULL, fpc = NULL, variance = NULL, calibrate = NULL, margins = NULL, ci = NULL, level = NULL,
                       covariance = NULL, ..., seed = 1, threads = 1, suppress = "default", suppress_below = NULL,
                       internal = FALSE, progress = interactive()) {
  control <- est_control(seed, threads, suppress, suppress_below, internal)
  options <- list(mean = mean, total = total, proportion = proportion, ratio = ratio, quantile = quantile, by = by, where = where,
                  contrast = contrast, linear = linear, logistic = logistic, association = association, weight = weight,
                  strata = strata, psu = psu, fpc = fpc, variance = variance, calibrate = calibrate, margins = margins, ci = ci,
                  level = level, covariance = covariance, ...)
  options <- options[!vapply(options, is.null, NA)]
  design <- if (est_is_design(data)) est_design(data, options) else list(data = data, options = list())
  options <- est_survey_options("survey", options, design$data)
  if (!is.null(design$where)) # the rows of a subset of a calibrated design
    options[["where"]] <- paste(c(sprintf("(%s)", options[["where"]]), design$where), collapse = " and ")
  options <- c(options, design$options)
  est_request_named("survey", design$data, options, control, progress)
}

# If a column is missing, the message shall name the nearest one: again with every column. Another column's fault is none of ours.
# texts: what else names columns. again: the faults after which other columns are looked at.
est_request_named <- function(method, data, options, control, progress, texts = NULL, again = "EST_ECOLUMN") {
  picked <- est_named_columns(method, data, options, texts)
  tryCatch(est_request(method, picked, options, control, progress), est_error = function(fault) {
    whole <- if (is.data.frame(data)) data[vapply(data, function(x) is.atomic(x) && is.null(dim(x)), NA)]
    if (!fault$code %in% again || is.null(whole) || identical(names(picked), names(whole)))
      stop(fault)
    for (mark in est_marks_of_data)
      attr(whole, mark) <- attr(data, mark)
    tryCatch(est_request(method, whole, options, control, progress), est_error = function(second)
      stop(if (identical(second$column, fault$column)) second else fault))
  })
}

# What is written as formulas, numbers or factors becomes names and texts. `$` would match the beginning of a name: hence [[ ]].
est_survey_options <- function(method, options, data) {
  kinds <- function(options) est_option_kinds(method)[gsub("_", "-", names(options), fixed = TRUE)]
  for (i in which(kinds(options) %in% c("column", "columns") & names(options) != "quantile"))
    options[[i]] <- est_terms(options[[i]], names(options)[i], kinds(options)[i])
  if (method == "survey")
    options <- est_categories(options, data)
  for (name in intersect(names(options), names(est_survey_forms)))
    options[[name]] <- est_survey_forms[[name]](options[[name]], data)
  names <- kinds(options) %in% "columns" & vapply(options, is.character, NA)
  options[names] <- lapply(options[names], est_joined)
  options
}

est_limits <- function(value, data) {
  if (is.numeric(value)) paste(ifelse(is.finite(value), est_number_text(value), ""), collapse = ",") else value
}

est_survey_forms <- list(
  quantile = function(value, data) est_quantiles(value),
  where = function(value, data) if (inherits(value, "formula")) est_condition(value, data) else value,
  association = function(value, data) if (length(value) == 2) paste(value, collapse = ":") else value,
  contrast = function(value, data) paste(value, collapse = "; "),
  linear = function(value, data) if (inherits(value, "formula")) est_model(value, data, "linear") else value,
  logistic = function(value, data) if (inherits(value, "formula")) est_model(value, data, "logistic") else value,
  propensity = function(value, data) if (inherits(value, "formula")) est_model(value, data, "propensity") else value,
  bounds = est_limits,
  trim = est_limits,
  margins = function(value, data) if (is.list(value) && !is.data.frame(value)) est_margins(value) else value
)

est_weight <- function(data, weight = NULL, probability = NULL, response = NULL, response_cells = NULL, propensity = NULL,
                       calibrate = NULL, margins = NULL, bounds = NULL, trim = NULL, trim_median = NULL, ...,
                       suppress = "default", suppress_below = NULL, internal = FALSE, progress = interactive()) {
  control <- est_control(1, 1, suppress, suppress_below, internal)
  options <- list(weight = weight, probability = probability, response = response, response_cells = response_cells,
                  propensity = propensity, calibrate = calibrate, margins = margins, bounds = bounds, trim = trim,
                  trim_median = trim_median, ...)
  options <- est_survey_options("weight", options[!vapply(options, is.null, NA)], data)
  est_request_named("weight", data, options, control, progress)
}

est_check <- function(data, weight = NULL, strata = NULL, psu = NULL, fpc = NULL, nest = NULL, by = NULL, id = NULL, columns = NULL,
                      ..., suppress = "default", suppress_below = NULL, internal = FALSE, progress = interactive()) {
  control <- est_control(1, 1, suppress, suppress_below, internal)
  options <- list(weight = weight, strata = strata, psu = psu, fpc = fpc, nest = nest, by = by, id = id, columns = columns, ...)
  options <- est_survey_options("check", options[!vapply(options, is.null, NA)], data)
  est_request("check", data, options, control, progress)
}

est_option_kinds <- function(method) {
  options <- .Call(R_swig_libest_methods, FALSE)[[method]]$options
  stats::setNames(options$kind, options$name)
}

est_joined <- function(names) paste(est_quoted_names(names), collapse = ",")

# The names in "a,b", in c("a", "b") or in ~ a + b. Terms may be a/b, a:b, a == "level" and number(a) where the option knows them.
est_terms <- function(value, option, kind = "columns") {
  if (inherits(value, "formula")) {
    if (length(value) != 2)
      est_refuse_term(value, option)
    value <- unlist(lapply(est_summands(value[[2]]), est_term, option = option))
    return(if (is.null(value)) "" else value)
  }
  if (kind == "columns" && is.character(value) && length(value) == 1 && !is.na(value) && grepl("[,\"]", value))
    value <- scan(text = value, what = "", sep = ",", quote = "\"", strip.white = TRUE, quiet = TRUE)
  value
}

est_summands <- function(term) {
  if (is.call(term) && identical(term[[1]], as.name("+")) && length(term) == 3)
    c(est_summands(term[[2]]), est_summands(term[[3]]))
  else if (is.call(term) && identical(term[[1]], as.name("(")))
    est_summands(term[[2]])
  else
    list(term)
}

est_term <- function(term, option) {
  if (is.name(term))
    return(as.character(term))
  if (is.numeric(term) && term %in% 0:1) # ~ 1: none
    return(NULL)
  known <- list(ratio = "/", association = ":", calibrated = c(":", "number"), covariates = "factor", proportion = "==",
                total = "==")[[option]]
  operator <- if (is.call(term) && is.name(term[[1]])) as.character(term[[1]]) else ""
  if (!operator %in% known)
    est_refuse_term(term, option)
  parts <- vapply(as.list(term[-1]), function(part) if (is.call(part)) est_term(part, option) else as.character(part), "")
  if (operator %in% c("number", "factor"))
    return(sprintf("%s(%s)", operator, parts))
  paste(parts, collapse = if (operator == "==") "=" else operator)
}

est_refuse_term <- function(term, option) {
  est_stop("EST_EOPTION", where = option, message = sprintf(
    "%s: found %s; expected names of columns joined by +, for example ~ a + b; what must be computed is made a column first",
    option, paste(deparse(term), collapse = " ")))
}

est_is_category <- function(x) is.factor(x) || is.character(x)

# As svymean and svytotal take a factor: its mean is the proportion of each level, its total the number in each.
est_categories <- function(options, data) {
  if (!is.data.frame(data))
    return(options)
  is_category <- function(name) name %in% names(data) && est_is_category(data[[name]])
  means <- options[["mean"]]
  in_mean <- vapply(means, is_category, NA)
  options[["proportion"]] <- c(options[["proportion"]], means[in_mean])
  options[["mean"]] <- if (any(!in_mean)) means[!in_mean]
  options[["total"]] <- unlist(lapply(options[["total"]], function(name) {
    if (!is_category(name))
      return(name)
    column <- data[[name]]
    levels <- if (is.factor(column)) levels(column) else sort(unique(column), method = "radix")
    paste0(name, "=", setdiff(intersect(levels, column), ""))
  }))
  options
}

# c(age = 0.5), list(age = c(0.25, 0.5)), ~ age (medians) or "age@0.5".
est_quantiles <- function(value) {
  if (inherits(value, "formula"))
    return(paste0(est_terms(value, "quantile"), "@0.5"))
  if (is.character(value))
    return(est_terms(value, "quantile"))
  if (!is.list(value))
    value <- as.list(value)
  good <- length(value) > 0 && !is.null(names(value)) && all(nzchar(names(value))) && all(vapply(value, is.numeric, NA))
  if (!good)
    est_stop("EST_EOPTION", where = "quantile", message = paste(
      "quantile: expected probabilities named by their columns, for example c(age = 0.5) or list(age = c(0.25, 0.75)), a formula,",
      "whose columns get medians, or text such as \"age@0.5\""))
  unlist(Map(function(name, probability) paste0(name, "@", est_number_text(probability)), names(value), value), use.names = FALSE)
}

# Known totals as rake() and postStratify() take them: data frames of levels with a column Freq, or named vectors for numbers.
est_margins <- function(margins) {
  one <- function(margin, name) {
    if (is.numeric(margin) && is.null(names(margin)) && length(margin) == 1 && nzchar(name))
      return(data.frame(variable = name, level = NA_character_, total = as.double(margin)))
    columns <- setdiff(names(margin), "Freq")
    if (!is.data.frame(margin) || !"Freq" %in% names(margin) || length(columns) == 0)
      est_stop("EST_EOPTION", where = "margins", message = paste(
        "margins: expected one data.frame with columns variable, level, total; or a list whose elements are data frames of levels",
        "with a column Freq, or single numbers named by their columns, as in",
        "list(data.frame(sex = c(\"f\", \"m\"), Freq = c(510, 490)), age = 31000)"))
    levels <- do.call(paste, c(unname(lapply(margin[columns], as.character)), sep = ":"))
    data.frame(variable = paste(columns, collapse = ":"), level = levels, total = as.double(margin$Freq))
  }
  labels <- if (is.null(names(margins))) rep("", length(margins)) else names(margins)
  do.call(rbind, unname(Map(one, unname(margins), labels)))
}

# Conditions and regressions ---------------------------------------------------------------------------------------------------

est_name_text <- function(name) {
  plain <- grepl("^[A-Za-z_][A-Za-z0-9_.]*$", name) && !tolower(name) %in% c("and", "or", "not", "in", "missing", "factor")
  if (plain) name else paste0("`", gsub("`", "``", name, fixed = TRUE), "`")
}

est_literal <- function(value) {
  if (is.logical(value))
    value <- as.numeric(value)
  ifelse(is.na(value), NA_character_, if (is.numeric(value)) est_number_text(as.double(value))
         else paste0("'", gsub("'", "''", as.character(value), fixed = TRUE), "'"))
}

# ~ age >= 5 & sex == "f" as text of --where. Names that are no columns are looked up where the formula was written.
est_condition <- function(formula, data) {
  refuse <- function(e) est_stop("EST_EOPTION", where = "where", message = sprintf(
    "where: found %s; expected comparisons of columns with values, %%in%%, is.na, &, | and !, as in ~ age >= 5 & sex == \"f\"",
    paste(deparse(e), collapse = " ")))
  column <- function(e) is.name(e) && (!is.data.frame(data) || as.character(e) %in% names(data))
  value <- function(e) {
    found <- tryCatch(eval(e, list(), environment(formula)), error = function(fault) NULL)
    if (is.factor(found))
      found <- as.character(found)
    if (!is.atomic(found) || length(found) == 0 || anyNA(found))
      refuse(e)
    est_literal(found)
  }
  side <- function(e) {
    if (column(e))
      return(est_name_text(as.character(e)))
    found <- value(e)
    if (length(found) == 1) found else refuse(e)
  }
  walk <- function(e) {
    if (column(e)) # a column of TRUE and FALSE
      return(paste(est_name_text(as.character(e)), "== 1"))
    operator <- if (is.call(e) && is.name(e[[1]])) as.character(e[[1]]) else ""
    switch(operator,
           "(" = walk(e[[2]]),
           "!" = sprintf("not (%s)", walk(e[[2]])),
           "&" = , "&&" = sprintf("(%s) and (%s)", walk(e[[2]]), walk(e[[3]])),
           "|" = , "||" = sprintf("(%s) or (%s)", walk(e[[2]]), walk(e[[3]])),
           "==" = , "!=" = , "<" = , "<=" = , ">" = , ">=" = paste(side(e[[2]]), operator, side(e[[3]])),
           "%in%" = sprintf("%s in (%s)", if (column(e[[2]])) side(e[[2]]) else refuse(e), paste(value(e[[3]]), collapse = ", ")),
           is.na = if (column(e[[2]])) sprintf("missing(%s)", side(e[[2]])) else refuse(e),
           refuse(e))
  }
  if (length(formula) != 2)
    refuse(formula)
  walk(formula[[2]])
}

# y ~ a + b as text of --linear and --logistic: factors and text are factor(a); a response of two levels is its second one. The
# model of a propensity has no response: ~ a + b.
est_model <- function(formula, data, option) {
  if (length(formula) != if (option == "propensity") 2 else 3)
    est_refuse_term(formula, option)
  is_category <- function(name) is.data.frame(data) && name %in% names(data) && est_is_category(data[[name]])
  walk <- function(e) {
    operator <- if (is.call(e) && is.name(e[[1]])) as.character(e[[1]]) else ""
    if (is.name(e)) {
      name <- est_name_text(as.character(e))
      if (is_category(as.character(e))) sprintf("factor(%s)", name) else name
    } else if (operator %in% c("+", "-", ":", "*") && length(e) == 3) {
      paste(walk(e[[2]]), operator, walk(e[[3]]))
    } else if (operator %in% c("factor", "as.factor") && length(e) == 2 && is.name(e[[2]])) {
      sprintf("factor(%s)", est_name_text(as.character(e[[2]])))
    } else if (operator == "-" && length(e) == 2) {
      paste("-", walk(e[[2]]))
    } else {
      paste(deparse(e), collapse = " ")
    }
  }
  response <- function(e) {
    if (is.call(e) && identical(e[[1]], as.name("==")) && is.name(e[[2]])) {
      level <- eval(e[[3]], list(), environment(formula))
      return(sprintf("%s == %s", est_name_text(as.character(e[[2]])), est_literal(as.character(level))))
    }
    if (!is.name(e))
      return(paste(deparse(e), collapse = " "))
    name <- as.character(e)
    if (!is_category(name))
      return(est_name_text(name))
    column <- data[[name]]
    levels <- if (is.factor(column)) levels(column) else sort(unique(column[!is.na(column)]), method = "radix")
    if (length(levels) != 2)
      est_stop("EST_EOPTION", where = option, message = sprintf(
        "%s: column '%s' is text of %d levels; expected numbers, or two levels, or a level as in %s == \"...\" ~ x",
        option, name, length(levels), name))
    sprintf("%s == %s", est_name_text(name), est_literal(levels[2]))
  }
  if (option == "propensity") walk(formula[[2]]) else paste(response(formula[[2]]), "~", walk(formula[[3]]))
}

# Columns ----------------------------------------------------------------------------------------------------------------------

# Survey files have thousands of columns: only those that an option names cross. A name counts as named wherever it occurs.
est_marks_of_data <- c("est_name", "est_public", "est_synthetic")

est_named_columns <- function(method, data, options, further = NULL) {
  tables <- est_option_kinds(method)[gsub("_", "-", names(options), fixed = TRUE)] %in% "table"
  if (!is.data.frame(data) || any(vapply(options[tables], est_is_path, NA)))
    return(data)
  texts <- unlist(lapply(options, function(value)
    as.character(if (is.data.frame(value)) unlist(value["variable" == names(value)]) else value)))
  text <- paste(texts, collapse = "\n")
  for (mark in c("\"", "'", "`")) # doubled within quotes
    text <- gsub(strrep(mark, 2), mark, text, fixed = TRUE)
  patterns <- sub("[*]$", "", unlist(strsplit(grep("[*]", texts, value = TRUE), ",", fixed = TRUE)))
  patterns <- patterns[nzchar(patterns)]
  named <- vapply(names(data), function(name) name == "SYNTHETIC" || nzchar(name) && grepl(name, text, fixed = TRUE) ||
                    any(startsWith(name, patterns)), NA)
  if (length(further) > 0) # whole words, for a codebook is long
    named <- named | names(data) %in% unlist(strsplit(further, "[^A-Za-z0-9_.]+")) |
      grepl("[^A-Za-z0-9_.]", names(data)) & vapply(names(data), function(name) any(grepl(name, further, fixed = TRUE)), NA)
  if (!any(named)) # the library says what is missing
    return(data)
  picked <- data[named]
  for (mark in est_marks_of_data)
    attr(picked, mark) <- attr(data, mark)
  picked
}
