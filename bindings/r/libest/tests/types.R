# Every column type that holds the same data gives the same result.
source("harness.R")
kosovo <- est_dataset("kosovo_1999")
lists <- c("EXH", "ABA", "OSCE", "HRW")
fit <- function(data, ...) est_mse(data, lists = lists, model = "all-pairs", internal = TRUE, ...)$rows
expected <- fit(kosovo)

as_type <- function(convert) { kosovo[lists] <- lapply(kosovo[lists], convert); kosovo }
same("doubles", fit(as_type(as.double)), expected)
same("logical values", fit(as_type(as.logical)), expected)
same("text", fit(as_type(as.character)), expected)
same("factors", fit(as_type(factor)), expected)
same("a column of another role", fit(cbind(kosovo, when = as.Date("2020-01-01"), text = "x")), expected)

persons <- kosovo[rep(seq_len(nrow(kosovo)), kosovo$count), lists]
same("one row per person", fit(persons, shape = "persons"), expected)
same("one row per person, guessed", fit(persons), expected)
row.names(persons) <- NULL
long <- do.call(rbind, lapply(lists, function(name) data.frame(person = which(persons[[name]] == 1), list = name)))
same("long", sort(est_mse(long, shape = "long", model = "all-pairs", internal = TRUE)$rows$estimate),
     sort(expected$estimate), 1e-6)

column <- function(x) libest:::est_column(x, "x", "data")
same("NA of numbers", is.na(column(c(1, NA, NaN))), c(FALSE, TRUE, TRUE))
same("NA of integers", column(c(3L, NA)), c(3, NA))
same("NA of text", column(c("a", NA, "")), c("a", NA, NA))
same("NA of factors", column(factor(c("b", NA))), c("b", NA))
same("dates", column(as.Date(c("2019-03-31", NA))), c("2019-03-31", NA))
same("times", column(as.POSIXct("2019-03-31 12:00:00", tz = "Africa/Nairobi")), "2019-03-31")
same("logical", column(c(TRUE, NA, FALSE)), c(1, NA, 0))

missing <- kosovo
missing$ABA[3] <- NA
place <- fails_with("a missing list value", "EST_EVALUE", fit(missing))
same("its record", place$record, 3)

latin <- kosovo
names(latin)[1] <- "\u00c9XH"
unicode <- est_mse(latin, model = "all-pairs", internal = TRUE)
same("names beyond ASCII", unicode$rows$estimate, expected$estimate)
finish()
