# Designs of the package survey (and of srvyr, which inherits from them) as data and options. Their lists are read: the package
# itself is not needed. Columns that are added begin with ".est_".

est_is_design <- function(x) inherits(x, c("survey.design", "survey.design2", "svyrep.design", "twophase", "twophase2"))

est_refuse_design <- function(found, advice) {
  est_stop("EST_EDEFINITION", where = "data", message = sprintf("data: found %s; %s", found, advice))
}

est_design <- function(design, options) {
  replicated <- inherits(design, "svyrep.design")
  if (inherits(design, c("twophase", "twophase2")))
    est_refuse_design("a two-phase design", "expected one of svydesign() or svrepdesign(): two phases are not known here")
  if (!is.null(design$db) || !is.data.frame(design$variables))
    est_refuse_design("a design whose data are in a database",
                      "expected data in memory: fetch the table, or give the path of a file")
  if (!replicated && is.null(design$fpc$sampsize))
    est_refuse_design("a design of an old version of the package survey", "make it again with svydesign()")
  if (inherits(design, "grouped_svy") && is.null(options[["by"]]))
    est_refuse_design("a grouped design", "give the groups by name: by = ~ a + b")
  made <- if (replicated) est_replicate_design(design) else est_linear_design(design)
  clash <- intersect(names(options), c(names(made$options), "weight", "strata", "psu", "fpc", "nest", "replicates", "pps"))
  if (length(clash) > 0)
    est_stop("EST_EOPTION", where = clash[1], message = sprintf(
      "%s: comes with the design; change the design, or give a data.frame with all that describes its design", clash[1]))
  has_totals <- any(c("mean", "total", "proportion", "ratio") %in% names(Filter(Negate(is.null), options)))
  if (has_totals && is.null(options[["covariance"]]) && is.null(options[["by"]])) # as svymean has it and svyby has not
    made$options$covariance <- TRUE
  made
}

# The variables with the columns of the design beside them. `rows`: those that a variable stands in; 0 = none.
est_with_columns <- function(design, columns, extra = 0L) {
  variables <- as.data.frame(design$variables, optional = TRUE)
  attributes <- attributes(design$variables)
  if (extra > 0L) # sampled, but not in the subset: weight 0, whatever their values
    variables <- variables[c(seq_len(nrow(variables)), rep(1L, extra)), , drop = FALSE]
  variables <- variables[!startsWith(names(variables), ".est_")]
  variables[names(columns)] <- columns
  for (mark in est_marks_of_data)
    attr(variables, mark) <- attributes[[mark]]
  row.names(variables) <- NULL
  variables
}

est_replicate_design <- function(design) {
  weights <- design$repweights
  if (inherits(weights, "repweights_compressed") || is.list(weights) && !is.data.frame(weights))
    weights <- weights$weights[weights$index, , drop = FALSE]
  weights <- as.matrix(weights)
  base <- if (is.data.frame(design$pweights)) design$pweights[[1]] else design$pweights
  columns <- lapply(seq_len(ncol(weights)), function(i) as.double(weights[, i]))
  names(columns) <- sprintf(".est_rep_%d", seq_along(columns))
  columns <- c(list(.est_weight = as.double(base)), columns)
  types <- c(JK1 = "jk1", JKn = "jkn", JK2 = "jkn", BRR = "brr", Fay = "fay", ACS = "sdr", "successive-difference" = "sdr",
             bootstrap = "bootstrap", subbootstrap = "bootstrap", mrbbootstrap = "bootstrap")
  type <- types[design$type]
  options <- list(weight = ".est_weight", variance = "supplied", replicates = ".est_rep_*",
                  replicate_type = if (is.na(type)) "other" else type[[1]],
                  replicate_factors = !isTRUE(as.logical(design$combined.weights)), scale = as.double(design$scale),
                  rscales = if (any(design$rscales != 1)) as.double(design$rscales), mse = isTRUE(as.logical(design$mse)))
  if (!is.null(design$degf) && "replicate-df" %in% names(est_option_kinds("survey")))
    options$replicate_df <- as.double(design$degf)
  list(data = est_with_columns(design, columns), options = options[!vapply(options, is.null, NA)])
}

est_linear_design <- function(design) {
  probability <- as.double(design$prob)
  made <- list(weight = ifelse(is.finite(probability), 1 / probability, 0), options = list(), extra = 0L)
  made <- est_add_stages(made, design)
  made <- est_add_pps(made, design)
  if (length(design$postStrata) > 0)
    made <- est_add_calibration(made, design)
  made <- est_add_lost_units(made, design)
  columns <- c(list(.est_weight = made$weight), made$columns)
  stages <- function(what) grep(sprintf("^[.]est_%s_[0-9]+$", what), names(columns), value = TRUE)
  options <- Filter(length, list(strata = stages("strata"), psu = stages("psu"), fpc = stages("fpc")))
  list(data = est_with_columns(design, columns, made$extra), where = made$where,
       options = c(list(weight = ".est_weight", nest = TRUE), lapply(options, est_joined), made$options))
}

est_codes <- function(x) as.double(match(x, unique(x)))

# Below a stage without a correction nothing adds to the variance: such stages are left out, as R leaves them out.
est_add_stages <- function(made, design) {
  sizes <- design$fpc$popsize
  corrected <- if (is.null(sizes)) 0L else sum(cumprod(apply(as.matrix(sizes), 2L, function(x) any(is.finite(x)))))
  stages <- min(ncol(design$cluster), corrected + 1L)
  columns <- list()
  for (k in seq_len(stages)) {
    strata <- design$strata[[k]]
    columns[[sprintf(".est_strata_%d", k)]] <- if (k == 1L) as.character(strata) else est_codes(strata)
    columns[[sprintf(".est_psu_%d", k)]] <- est_codes(design$cluster[[k]])
    if (k <= corrected)
      columns[[sprintf(".est_fpc_%d", k)]] <- as.double(as.matrix(sizes)[, k])
  }
  made$columns <- columns
  made$stages <- stages
  made
}

est_add_pps <- function(made, design) {
  if (!isTRUE(design$pps) && !inherits(design, "pps"))
    return(made)
  form <- if (inherits(design, "pps")) est_pps_form(design) else "brewer"
  if (is.na(form))
    est_refuse_design("a design with joint probabilities of its own", "expected pps = \"brewer\", \"overton\" or HR()")
  made$columns$.est_fpc_1 <- as.double(as.matrix(design$allprob)[, 1L])
  made$options$pps <- form
  if (inherits(design, "pps"))
    made$options$pps_form <- if (identical(design$variance, "YG")) "yates-grundy" else "horvitz-thompson"
  made
}

# The object holds d_ij = (p_ij - p_i p_j) / p_ij, not their formula: one pair of a stratum tells which it is.
est_pps_form <- function(design) {
  p <- as.double(as.matrix(design$allprob)[, 1L])
  if (length(design$dcheck) != 1)
    return(NA_character_)
  step <- design$dcheck[[1]]
  at <- match(step$id, design$cluster[[1]])
  stratum <- est_codes(design$strata[[1]])[at]
  kept <- which(is.finite(design$prob[at]))
  pair <- kept[stratum[kept] == stratum[kept[duplicated(stratum[kept])][1]]][1:2]
  n <- sum(stratum == stratum[pair[1]])
  found <- est_sparse_cell(step$dcheck, pair)
  level <- c(overton = sum(p[at[pair]]) / 2 - 1, "hartley-rao" = sum(p[at[pair]]) - 1 - sum(p[at[stratum == stratum[pair[1]]]]) / n)
  names(level)[which(abs(level / (n - 1) - found) < 1e-9)][1]
}

# A cell of a compressed matrix of the package Matrix, from its slots.
est_sparse_cell <- function(matrix, pair) {
  rows <- attr(matrix, "i")
  starts <- attr(matrix, "p")
  if (is.null(rows) || is.null(starts) || anyNA(pair))
    return(NA_real_)
  within <- seq_len(starts[pair[2] + 1L] - starts[pair[2]]) + starts[pair[2]]
  c(attr(matrix, "x")[within[rows[within] == pair[1] - 1L]], NA_real_)[1]
}

# subset() drops rows, and with them units that were sampled and count as zeros. fpc$sampsize still knows how many there were in
# each stratum: as many units of weight 0 are added as are missing, stage by stage. Units below a missing unit add nothing.
est_add_lost_units <- function(made, design) {
  stages <- made$stages
  added <- list()
  for (k in seq_len(stages)) {
    stratum <- est_codes(design$strata[[k]])
    unit <- est_codes(design$cluster[[k]])
    first <- which(!duplicated(stratum))
    here <- stratum[!duplicated(paste(stratum, unit))]
    missing <- as.matrix(design$fpc$sampsize)[first, k] - tabulate(here, length(first))
    missing[is.na(missing) | inherits(design, "pps") | isTRUE(design$pps)] <- 0
    added[[k]] <- rep(first, pmax(missing, 0))
  }
  count <- lengths(added)
  if (sum(count) == 0)
    return(made)
  template <- unlist(added)
  lost_at <- rep(seq_len(stages), count)
  number <- seq_along(template)
  made$columns <- Map(function(column, name) {
    new <- column[template]
    stage <- if (grepl("^[.]est_(strata|psu|fpc)_", name)) as.integer(sub(".*_", "", name)) else 0L
    below <- lost_at < stage
    fresh <- if (startsWith(name, ".est_psu")) lost_at <= stage else below
    if (name == ".est_base") {
      new[] <- 0
    } else if (startsWith(name, ".est_fpc")) {
      new[below] <- 1 # a single unit, drawn with certainty
    } else if (any(fresh)) {
      if (is.character(column)) new[fresh] <- paste(".est", number[fresh]) else new[fresh] <- max(column) + number[fresh]
    }
    c(column, new)
  }, made$columns, names(made$columns))
  made$weight <- c(made$weight, numeric(length(template)))
  made$extra <- length(template)
  made
}

# Weights that were calibrated with the package survey: the variance is that of the residuals, so the weights before and what they
# were calibrated on are taken from the object. Rows that a subset gave the probability Inf keep their weight and are left out by a
# condition.
est_add_calibration <- function(made, design) {
  advice <- "calibrate within est_survey() instead: calibrate = and margins =, on the design before its calibration"
  steps <- design$postStrata
  if (length(steps) != 1)
    est_refuse_design(sprintf("weights that were calibrated in %d steps", length(steps)), advice)
  step <- steps[[1]]
  base <- 1 / apply(as.matrix(design$allprob), 1L, prod)
  if (inherits(step, "greg_calibration"))
    found <- est_regression_calibration(step, base, advice)
  else
    found <- est_strata_calibration(if (inherits(step, "raking")) unclass(step) else list(step), base)
  inside <- is.finite(design$prob)
  if (any(abs(found$weight[inside] * design$prob[inside] - 1) > 1e-6))
    est_refuse_design("weights that were changed after their calibration, or calibrated with a variance of their own", advice)
  made$weight <- found$weight
  made$columns <- c(made$columns, list(.est_base = found$base), found$columns)
  made$options <- c(made$options, list(calibrate = "declared", base_weight = ".est_base", calibrated = est_joined(found$names)))
  if (!all(inside)) {
    made$columns$.est_inside <- as.double(inside)
    made$where <- "`.est_inside` == 1"
  }
  made
}

# calibrate(): the QR decomposition is that of x * sqrt(base), w is g * sqrt(base).
est_regression_calibration <- function(step, base, advice) {
  if (!identical(as.double(step$stage), 0) || !is.null(step$index))
    est_refuse_design("weights that were calibrated at a later stage", advice)
  x <- qr.X(step$qr) / sqrt(base)
  x <- x[, step$qr$pivot[seq_len(step$qr$rank)], drop = FALSE]
  columns <- stats::setNames(lapply(seq_len(ncol(x)), function(i) as.double(x[, i])), sprintf(".est_x_%d", seq_len(ncol(x))))
  list(weight = as.double(step$w) * sqrt(base), base = base, columns = columns, names = sprintf("number(%s)", names(columns)))
}

# postStratify() and rake(): groups of rows, with the weights after it.
est_strata_calibration <- function(groups, base) {
  columns <- lapply(groups, function(group) as.character(as.vector(group)))
  names(columns) <- sprintf(".est_group_%d", seq_along(columns))
  list(weight = as.double(attr(groups[[length(groups)]], "weights")), base = base, columns = columns, names = names(columns))
}
