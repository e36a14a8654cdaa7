# Indicators, small areas, rates of trafficking, comparisons, definitions and codebooks: against the program, forms, errors. Every
# method of the registry.
source("harness.R")
quiet <- suppressWarnings
labour_data <- "dataset:kenya_child_labour_synthetic"
own <- "kenya-child-labour-synthetic"
labour <- function(data = labour_data, name = "child-labour", codebook = own, ...) quiet(est_indicator(name, data, codebook, ...))
children <- est_dataset("kenya_child_labour_synthetic")
broken_series <- c("census-2009-working-5-17", "census-2019-working-5-17")
un <- "UN WPP 2024 mid-year"

# Codebooks that a user has made of a preset: the strata are a decision.
made_of <- function(preset, strata) {
  path <- tempfile(fileext = ".ini")
  writeLines(c("[codebook]", paste("preset =", preset), "", "[role strata]", paste("column =", strata)), path)
  path
}
women <- made_of("kdhs-women-2022", "v022")
module <- made_of("kdhs-forced-marriage", "v022")
forced <- made_of("ilo-fls", "stratum")

# Ten areas; the numbers are invented.
areas <- data.frame(area = LETTERS[1:10], estimate = c(0.10, 0.16, 0.11, 0.25, 0.19, 0.30, 0.20, 0.07, 0.14, 0.17),
                    se = c(0.03, 0.02, 0.03, 0.05, 0.03, 0.06, 0.02, 0.02, 0.04, 0.03), poverty = c(3, 5, 4, 8, 6, 9, 7, 2, 5, 6),
                    n = c(100, 120, 90, 60, 80, 40, 150, 110, 70, 95))
areas_file <- tempfile(fileext = ".csv")
write.csv(areas, areas_file, row.names = FALSE)

dhs <- "dataset:kenya_dhs_women_synthetic"
workers <- "dataset:kenya_forced_labour_synthetic"
victims <- "dataset:kenya_victims_identified"
people <- "dataset:kenya_population"
results <- list(
  "child-labour" = labour(by = ~ residence + sex, numbers = TRUE),
  "child-marriage" = labour(dhs, "child-marriage", women, ages = c("20-24", "25-49"), by = ~ residence),
  "forced-marriage" = labour(dhs, "forced_marriage", module, sampling_errors = TRUE),
  "forced-labour" = labour(workers, "forced-labour", forced, reference_period = "12 months", where = "group == 'resident'"),
  "trafficking" = quiet(est_trafficking(victims, population = people, denominator = un, by = ~ sex)),
  "small-area" = quiet(est_small_area(areas_file, covariates = ~ poverty, n = ~ n, unit = "proportion", internal = TRUE)),
  "compare" = quiet(est_compare("dataset:kenya_benchmarks", id = broken_series, allow_break = TRUE)))
requests <- list(
  "child-labour" = c(labour_data, "--codebook", own, "--by", "residence,sex", "--numbers", "yes"),
  "child-marriage" = c(dhs, "--codebook", women, "--ages", "20-24,25-49", "--by", "residence"),
  "forced-marriage" = c(dhs, "--codebook", module, "--sampling-errors"),
  "forced-labour" = c(workers, "--codebook", forced, "--reference-period", "12 months", "--where", "group == 'resident'"),
  "trafficking" = c(victims, "--population", people, "--denominator", un, "--by", "sex"),
  "small-area" = c(areas_file, "--covariates", "poverty", "--n", "n", "--unit", "proportion", "--internal"),
  "compare" = c("dataset:kenya_benchmarks", "--id", paste(broken_series, collapse = ","), "--allow-break"))
program <- Sys.getenv("EST")
# "" if two texts are the same byte by byte, else the first lines that differ.
difference <- function(ours, theirs) {
  if (identical(charToRaw(ours), charToRaw(theirs)))
    return("")
  lines <- lapply(list(ours, theirs), function(text) strsplit(text, "\n", fixed = TRUE, useBytes = TRUE)[[1]])
  both <- vapply(lines, `[`, rep("", max(lengths(lines))), seq_len(max(lengths(lines))))
  paste(both[which(!(both[, 1] == both[, 2]) | is.na(both[, 1] == both[, 2]))[1], ], collapse = " | ")
}
printed <- function(...) {
  output <- tempfile()
  system2(program, shQuote(c(...)), stdout = output)
  readChar(output, file.size(output), useBytes = TRUE)
}
for (id in names(results)) {
  same(paste("class of", id), class(results[[id]]), c(paste0("est_", gsub("-", "_", id)), "est_result"))
  if (nzchar(program))
    for (type in c("json", "text"))
      same(paste("the program's", type, "of", id),
           difference(format(results[[id]], type), printed(id, requests[[id]], "--threads", "1", "--format", type, "--quiet")), "")
}

# SDG 8.7.1 written out again on the columns of the file: 1, 14, 43 hours, and the weighted proportion.
result <- results[["child-labour"]]
hours <- ifelse(children$hours_economic %in% c(98, NA), -1, children$hours_economic)
limit <- ifelse(children$age <= 11, 1, ifelse(children$age <= 14, 14, 43))
above <- children$economic_activity %in% 1 & hours >= limit
whole <- row_of(result, "child_labour_economic")[1, ]
same("child labour", whole$estimate, sum(children$weight[above]) / sum(children$weight), 1e-12)
same("what it is", unlist(whole[c("unit", "ages", "definition", "reference_period", "geography", "table")], use.names = FALSE),
     c("proportion", "5-17", "sdg-8.7.1", "7 days", "Kenya (invented)", ""))
rate <- row_of(results[["trafficking"]], "victims_detected_rate")
same("a rate", rate$estimate[rate$period == "2015" & rate$sex == ""], 153 / 47089000 * 1e5, 1e-12)
same("its unit", rate$unit[1], "per 100,000")

# Results.
told <- result$facts
same("facts", c(names(told), class(told)), c("group", "name", "value", "data.frame"))
same("a fact", told$value[told$group == "definition" & told$name == "Ages"], "5-17")
same("no facts", nrow(quiet(est_mse(est_dataset("kosovo_1999"), model = "main"))$facts), 0L)
kept <- tempfile(fileext = ".rds")
saveRDS(result, kept)
same("saveRDS", readRDS(kept), result)
same("as.data.frame", as.data.frame(result), result$rows)
same("columns", c("geography", "ages", "reference_period", "unit", "table") %in% names(result$rows), rep(TRUE, 5))
same("names of coef", anyDuplicated(names(coef(result))), 0L)
same("printed", paste0(paste(capture.output(print(result)), collapse = "\n"), "\n"), result$text)
invisible(capture.output(print(summary(result))))
tables <- labour(tables = c("T1", "T3"), indicators = "child_labour_economic")
same("tables", sort(setdiff(unique(tables$rows$table), "")), sort(tables$facts$name[tables$facts$group == "table"]))
mapped <- labour(by = ~ county, indicators = "child_labour_economic", small_area = ~ county)
same("two charts", length(mapped$charts) >= 2, TRUE)
grDevices::pdf(NULL)
for (chart in names(mapped$charts)) {
  same(paste("categories of", chart), length(mapped$charts[[chart]]$categories), 47L)
  same(paste("plot of", chart), class(plot(mapped, chart)), c("est_child_labour", "est_result"))
}

# Results as data.
tip <- est_dataset("kenya_tip_synthetic")
trend <- quiet(est_trend(tip, c("DCI", "DCS", "NGO", "BMS", "NEA"), max_order = 2))
saved <- tempfile(fileext = ".json")
est_save(trend, saved)
estimated <- quiet(est_trafficking(trend, population = people, denominator = un))
same("a result and its file", estimated$rows, quiet(est_trafficking(saved, population = people, denominator = un))$rows)
rate <- row_of(estimated, "victims_estimated_rate")[1, ]
before <- row_of(trend, "population")[1, ]
same("an estimated rate", c(rate$estimate, rate$upper), c(before$estimate, before$upper) / 51203000 * 1e5, 1e-10)
same("marks are carried", c(estimated$is_synthetic, estimated$is_public), c(TRUE, TRUE))
first <- labour()
second <- labour(preset = "sdg-8.7.1-strict")
fails_with("another definition", "EST_EDEFINITION", quiet(est_compare(first, second)))
compared <- quiet(est_compare(first, second, estimand = "child_labour_economic", domain = c(ages = "5-17"), order = "given",
                              allow_break = TRUE))
change <- row_of(compared, "difference(child_labour_economic)")
both <- rbind(row_of(first, "child_labour_economic")[1, ], row_of(second, "child_labour_economic")[1, ])
same("a difference", c(change$estimate, change$se), c(diff(both$estimate), sqrt(sum(both$se^2))), 1e-12)
same("is marked", grepl("definition_break", change$flags), TRUE)
secret <- quiet(est_mse(data.frame(A = c(1, 0, 1, 1), B = c(0, 1, 1, 0), C = c(0, 0, 0, 1), count = c(4321, 3210, 700, 612)),
                        model = "main", ci = "wald", internal = TRUE))
columns <- libest:::est_result_columns(secret)
same("internal results stay internal", c(columns$internal[1], columns$data_public[1], attr(columns, "est_public")), c(1, 0, 0))

# The forms of a request.
wanted <- function(data = labour_data, ..., by = ~ sex + residence)
  labour(data, ..., by = by, indicators = "child_labour_economic", internal = TRUE)$rows
rows <- wanted()
same("names", wanted(by = "sex,residence"), rows)
same("a vector", wanted(by = c("sex", "residence")), rows)
same("parameters", wanted(set = c(economic_hours_15_17 = 43, economic_hours_12_14 = 14)), rows)
same("a parameter matters", isTRUE(all.equal(wanted(set = c(economic_hours_15_17 = 20))$estimate, rows$estimate)), FALSE)
same("a data.frame", wanted(children), rows)
same("more columns do not matter", wanted(cbind(children, other = I(as.list(seq_len(nrow(children)))))), rows)
typed <- children
typed$age <- factor(typed$age)
typed$hours_economic <- as.character(typed$hours_economic)
same("types of columns", wanted(typed), rows)
labelled <- children
for (name in c("sex", "economic_activity"))
  labelled[[name]] <- structure(labelled[[name]], labels = c(a = 1, b = 2), label = name,
                                class = c("haven_labelled", "vctrs_vctr", "integer"))
same("labelled columns", wanted(labelled), rows)
numbers <- function(rows) rows[c("estimate", "se", "lower", "n")]
same("where", numbers(wanted(where = ~ sex == 2 & age %in% 5:11)),
     numbers(wanted(where = "sex == 2 and age in (5, 6, 7, 8, 9, 10, 11)")))
same("est_run", quiet(est_run("child_labour", labour_data, codebook = own, by = "sex,residence",
                              indicators = "child_labour_economic", internal = TRUE))$rows, rows)
same("no numbers", any(labour(numbers = FALSE)$rows$unit == "people"), FALSE)
path <- tempfile(fileext = ".ini")
writeLines(c("[codebook]", paste("preset =", own)), path)
same("a codebook by its path", wanted(codebook = path), rows)
same("and of a data.frame", wanted(children, codebook = path), rows)
renamed <- setNames(children, sub("^age$", "years", names(children)))
writeLines(c("[codebook]", paste("preset =", own), "", "[role age]", "column = years"), path)
same("another column", wanted(renamed, codebook = path), rows)
other <- setNames(areas, sub("^se$", "error", names(areas)))
modelled <- quiet(est_small_area(areas, covariates = ~ poverty, n = ~ n, unit = "proportion", internal = TRUE))
same("small areas", modelled$rows, results[["small-area"]]$rows)
same("their columns", quiet(est_small_area(other, se = "error", covariates = "poverty", n = "n", unit = "proportion",
                                           internal = TRUE))$rows, modelled$rows)
levels <- transform(areas, region = rep(c("a", "b"), 5))
by_levels <- quiet(est_small_area(levels, covariates = ~ poverty + factor(region), internal = TRUE))
same("covariates by levels", nrow(by_levels$rows), 20L)

# Definitions and codebooks.
every <- est_definitions()
same("definitions", sort(unique(every$method)), c("child-labour", "child-marriage", "forced-labour", "forced-marriage"))
default <- est_definitions("child_labour")
default <- default$id[default$status == "default"]
same("the default", default, "sdg-8.7.1")
same("its text", grepl("43", est_definition(default)$text), TRUE)
same("its fields", names(est_definition(default)), c("id", "method", "title", "status", "version", "source", "text"))
same("codebooks", "kdhs-women-2022" %in% est_codebook()$id, TRUE)
same("a codebook", grepl("v511", est_codebook("kdhs-women-2022")), TRUE)
written <- est_codebook_init(labour_data, "knbs-child-labour")
same("written for a file", grepl("[role strata]\n", written, fixed = TRUE), TRUE)
same("for a data.frame", grepl("[role hours_economic]", est_codebook_init(children, "knbs-child-labour"), fixed = TRUE), TRUE)
same("without a preset", identical(est_codebook_init(labour_data), written), FALSE)
same("a check", est_codebook_check(labour_data, own)$faults, 0)
wrong <- children
wrong$age[7] <- 130L
same("a fault is counted", est_codebook_check(wrong, own)$faults > 0, TRUE)
if (nzchar(program)) {
  same("est codebook show", difference(est_codebook("mics6"), printed("codebook", "show", "mics6")), "")
  same("est codebook init",
       difference(written, printed("codebook", "init", labour_data, "--preset", "knbs-child-labour", "--quiet")), "")
  same("est codebook check",
       difference(est_codebook_check(labour_data, own)$text, printed("codebook", "check", own, labour_data)), "")
}

# Errors with their place.
works <- which(children$economic_activity == 1)[1]
faults <- list(list("hours_economic", works, 97L), list("hours_economic", works, 169L), list("age", 7L, 130L), list("sex", 9L, 5L))
for (fault in faults) {
  wrong <- children
  wrong[fault[[2]], fault[[1]]] <- fault[[3]]
  place <- fails_with(paste(fault[[1]], fault[[3]]), "EST_EVALUE", wanted(wrong))
  same("its record, column, table", list(place$record, place$column, place$where), list(as.double(fault[[2]]), fault[[1]], "data"))
}
fails_with("no codebook", "EST_EOPTION", quiet(est_indicator("child-labour", labour_data)))
fails_with("a codebook that is not there", "EST_EFILE", labour(codebook = tempfile(fileext = ".ini")))
writeLines(c("[codebook]", "preset = mics6", "this is no line of it"), path)
same("its line", fails_with("a line that is none", "EST_EFORMAT", labour(codebook = path))$line, 3)
writeLines(c("[codebook]", "preset = mics6", "", "[role strta]", "column = stratum"), path)
place <- fails_with("an unknown role", "EST_EDEFINITION", labour(codebook = path))
same("the nearest role", grepl("strata", conditionMessage(place)), TRUE)
for (data in list(labour_data, children)) # the candidates are named, though no codebook names them
  same("its candidates", grepl("stratum 92", conditionMessage(
    fails_with("strata that nobody chose", "EST_EDEFINITION", labour(data, codebook = "knbs-child-labour")))), TRUE)
same("its column", fails_with("a missing column", "EST_ECOLUMN", labour(children[names(children) != "age"]))$column, "age")
for (name in list("mse", "none", 5, NA, c("child-labour", "child-marriage")))
  fails_with("no indicator", "EST_EOPTION", est_indicator(name, labour_data, own))
fails_with("no definition", "EST_EOPTION", labour(preset = "none"))
fails_with("no definition of that id", "EST_EOPTION", est_definition("none"))
fails_with("definitions of a method that has none", "EST_EOPTION", est_definitions("mse"))
fails_with("no preset", "EST_EOPTION", est_codebook("none"))
fails_with("nothing fits", "EST_EOPTION", est_codebook_init(labour_data, "none"))
fails_with("no file", "EST_EFILE", est_codebook_init(file.path(tempdir(), "none.csv")))
fails_with("a codebook by number", "EST_EOPTION", est_codebook_check(labour_data, 5))
fails_with("an unknown option", "EST_EOPTION", labour(levl = 0.9))
fails_with("margins alone", "EST_EOPTION", labour(margins = list(data.frame(sex = 1:2, Freq = c(5, 5)))))
fails_with("numbers that may be", "EST_EOPTION", labour(numbers = NA))
fails_with("no population", "EST_EOPTION", quiet(est_trafficking(victims)))
fails_with("a break", "EST_EDEFINITION", quiet(est_compare("dataset:kenya_benchmarks", id = broken_series)))
place <- fails_with("an estimate of x", "EST_EVALUE", quiet(est_compare(
  data.frame(estimand = "a", estimate = c("0.1", "x"), period = c(2010, 2020)))))
same("its place", list(place$record, place$column), list(2, "estimate"))
place <- fails_with("a negative error", "EST_EVALUE", quiet(est_small_area(transform(areas, se = ifelse(area == "D", -1, se)),
                                                                           internal = TRUE)))
same("its place", list(place$record, place$column), list(4, "se"))
fails_with("no such covariate", "EST_ECOLUMN", quiet(est_small_area(areas, covariates = ~ none)))
mean_only <- data.frame(estimand = "mean", estimate = 5, lower = 1, upper = 9, flags = "")
fails_with("nothing estimated", "EST_EIDENTIFY",
           quiet(est_trafficking(mean_only, population = people, denominator = un, year = 2019)))
private <- children[1:400, names(children) != "SYNTHETIC"]
attributes(private)[c("est_name", "est_public", "est_synthetic")] <- NULL
hidden <- labour(private, by = ~ county, indicators = "child_labour_economic", lonely = "average")
same("few cases are withheld", c(any(grepl("suppressed", hidden$rows$flags) & is.nan(hidden$rows$estimate)), hidden$is_public),
     c(TRUE, FALSE))

# Memory: the collector runs often, the result stays.
invisible(gctorture2(4999))
tortured <- quiet(est_compare("dataset:kenya_benchmarks", id = broken_series, allow_break = TRUE))
texts <- est_definitions()
invisible(gctorture2(0))
same("a result by value", tortured$rows, results[["compare"]]$rows)
same("definitions by value", texts, every)

# Each method of the registry by est_run, on bundled data: a new one needs a line here.
survey <- list(data = "dataset:kenya_women_synthetic", weight = "weight", strata = "stratum", psu = "cluster")
hepatitis <- list(data = "dataset:hepatitis_taiwan_1995")
calls <- list(
  "mse" = c(hepatitis, model = "main"), "two-list" = hepatitis, "sample-coverage" = c(hepatitis, replicates = 0),
  "heterogeneity" = hepatitis, "decomposable" = hepatitis,
  "linkage" = list(data = "dataset:uk_2013_five", replicates = 0, simulations = 0),
  "patterns" = list(data = "dataset:linked_records_synthetic"),
  "trend" = list(data = "dataset:kenya_tip_synthetic", lists = c("DCI", "DCS", "NGO", "BMS", "NEA"), ci = "none", max_order = 2),
  "survey" = c(survey, mean = "children"), "weight" = survey[c("data", "weight")], "check" = survey,
  "child-labour" = list(data = labour_data, codebook = own), "child-marriage" = list(data = dhs, codebook = women),
  "forced-marriage" = list(data = dhs, codebook = module),
  "forced-labour" = list(data = workers, codebook = forced, reference_period = "12 months"),
  "trafficking" = list(data = victims, population = people, denominator = un), "small-area" = list(data = areas, internal = TRUE),
  "compare" = list(data = "dataset:kenya_benchmarks", id = paste(broken_series, collapse = ","), allow_break = TRUE))
same("every method is here", sort(names(calls)), sort(est_methods()$id))
for (id in names(calls)) {
  found <- quiet(do.call(est_run, c(list(gsub("-", "_", id, fixed = TRUE)), calls[[id]])))
  same(paste("a run of", id), c(found$method, nzchar(found$text), nrow(found$rows) > 0 || length(found$frames) > 0),
       c(id, TRUE, TRUE))
}
finish()
