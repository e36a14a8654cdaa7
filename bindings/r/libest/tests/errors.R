# Error conditions: class, code and place. Warnings. Small cells.
source("harness.R")
kosovo <- est_dataset("kosovo_1999")

broken <- kosovo
broken$EXH[5] <- 2
place <- fails_with("a list value of 2", "EST_EVALUE", est_mse(broken, lists = c("EXH", "ABA", "OSCE", "HRW")))
same("its record", place$record, 5)
same("its column", place$column, "EXH")
same("its table", place$where, "data")
same("its message", grepl("EST_EVALUE", conditionMessage(place), fixed = TRUE), TRUE)

fails_with("an unknown list", "EST_ECOLUMN", est_mse(kosovo, lists = c("EXH", "NONE")))
same("the nearest option", grepl("max-order", conditionMessage(
  fails_with("an unknown option", "EST_EOPTION", est_mse(kosovo, max_ordr = 2)))), TRUE)
fails_with("an unknown method", "EST_EOPTION", est_run("none", kosovo))
fails_with("two datasets", "EST_EOPTION", est_dataset(c("kosovo_1999", "korea")))
fails_with("a dataset by number", "EST_EOPTION", est_dataset(5))
for (value in list("no", NA, 1, NULL, c(TRUE, FALSE)))
  fails_with("internal that is no truth value", "EST_EOPTION", est_mse(kosovo, internal = value))
fails_with("an unknown dataset", "EST_EFILE", est_dataset("kosovo"))
fails_with("a level of 95", "EST_EOPTION", est_mse(kosovo, level = 95))
fails_with("a level of NA", "EST_EOPTION", est_mse(kosovo, level = NA_real_))
fails_with("half a seed", "EST_EOPTION", est_mse(kosovo, seed = 0.5))
fails_with("a seed below 0", "EST_EOPTION", est_mse(kosovo, seed = -1))
fails_with("no data frame", "EST_EOPTION", est_mse(as.list(kosovo)))
fails_with("a list column", "EST_ECOLUMN", est_mse(data.frame(A = I(list(1, 2)), B = 1:2)))
fails_with("a formula with an interaction", "EST_EOPTION", est_mse(kosovo, ~ EXH * ABA))
fails_with("no overlap", "EST_EIDENTIFY", est_mse(data.frame(A = c(1, 0), B = c(0, 1), count = c(30, 40)), model = "main"))
fails_with("one period", "EST_EDEFINITION", est_trend(data.frame(
  period = "2010", A = c(1, 0, 1, 1), B = c(0, 1, 1, 0), C = c(0, 0, 1, 1), count = c(20, 30, 11, 12))))
fails_with("suppress = none", "EST_EOPTION", est_mse(data.frame(
  A = c(1, 0, 1), B = c(0, 1, 1), count = c(20, 30, 11)), model = "main", ci = "none", suppress = "none"))

secret <- data.frame(A = c(1, 0, 1, 1), B = c(0, 1, 1, 0), C = c(0, 0, 0, 1), count = c(4321, 3210, 7, 612))
hidden <- suppressWarnings(est_mse(secret, model = "main", ci = "none"))
shown <- suppressWarnings(est_mse(secret, model = "main", ci = "none", internal = TRUE))
same("an overlap of 7 is withheld", any(hidden$frames$overlaps$persons %in% 7), FALSE)
same("internal shows it", any(shown$frames$overlaps$persons %in% 7), TRUE)
same("internal withholds nothing", row_of(shown, "observed")$estimate, 8150)
folder <- tempfile()
est_save(shown, paste0(folder, "/"))
for (name in c("mse.csv", "mse_overlaps.csv"))
  same("internal is marked in every record", grepl(",(marks|FOR INTERNAL USE)$", readLines(file.path(folder, name))),
       rep(TRUE, length(readLines(file.path(folder, name)))))
same("internal is marked", c(shown$is_internal, grepl("INTERNAL", shown$text)), c(TRUE, TRUE))

masked <- est_dataset("uk_2013")
same("bundled data are public", suppressWarnings(est_mse(masked, model = "main", ci = "none"))$is_public, TRUE)
masked$count[1] <- 55L
same("new numbers are not", suppressWarnings(est_mse(masked, model = "main", ci = "none"))$is_public, FALSE)

kenya <- est_dataset("kenya_tip_synthetic")
kenya$period <- NULL
synthetic <- suppressWarnings(est_mse(kenya, lists = c("DCI", "DCS", "NGO", "BMS", "NEA"),
                                      model = "main", ci = "none"))
same("synthetic data are marked", c(synthetic$is_synthetic, grepl("SYNTHETIC", synthetic$text)), c(TRUE, TRUE))

warned <- NULL
result <- withCallingHandlers(est_mse(est_dataset("korea"), model = "main", ci = "none"),
                              est_warning = function(w) { warned <<- w; invokeRestart("muffleWarning") })
same("warnings are the notes that warn", sum(result$notes$severity == "warning"), if (is.null(warned)) 0L else nrow(warned$notes))

same("another level", tryCatch(confint(result, level = 0.5), est_error = function(e) e$code), if (all(is.na(result$rows$level)))
  confint(result) else "EST_EOPTION")
fails_with("an unknown format", "EST_EOPTION", format(result, "pdf"))
fails_with("a folder that is not there", "EST_EIO", est_save(result, file.path(tempfile(), "x.json")))
finish()
