# Numbers, the forms of a request that must agree, and the text of the program.
source("harness.R")
kosovo <- est_dataset("kosovo_1999")
pairs <- est_mse(kosovo, model = "all-pairs")

# Four lists, all two-way terms; the point is the Poisson MLE (source of the data: est_datasets()$description).
same("Kosovo, all pairs", row_of(pairs, "population")$estimate, 14402.488952, 1e-6)
same("Kosovo, lower limit", row_of(pairs, "population")$lower, 12523.273999, 1e-4)
same("Kosovo, upper limit", row_of(pairs, "population")$upper, 16667.928282, 1e-4)
same("Kosovo, observed", row_of(pairs, "observed")$estimate, 4400)
same("nobs", nobs(pairs), 4400)
same("coef", unname(coef(pairs)["population"]), row_of(pairs, "population")$estimate)
same("confint", unname(confint(pairs)["population", ]), unlist(row_of(pairs, "population")[c("lower", "upper")], use.names = FALSE))
same("as.data.frame", as.data.frame(pairs), pairs$rows)
same("format", format(pairs, "json"), pairs$json)
same("class", class(pairs), c("est_mse", "est_result"))

same("a formula of lists", est_mse(kosovo, ~ EXH + ABA + OSCE + HRW, model = "all-pairs")$rows, pairs$rows)
same("names of lists", est_mse(kosovo, c("EXH", "ABA", "OSCE", "HRW"), model = "all-pairs")$rows, pairs$rows)
odd <- kosovo
names(odd)[names(odd) == "EXH"] <- 'EXH, "all"'
same("names with commas and quotes", est_mse(odd, c('EXH, "all"', "ABA", "OSCE", "HRW"), model = "all-pairs")$rows, pairs$rows)
same("est_run", est_run("mse", kosovo, model = "all-pairs")$text, pairs$text)

two_way <- function(...) est_mse(kosovo, ci = "bootstrap", replicates = 100, max_order = 2, ...)
one <- suppressWarnings(two_way(seed = 7, threads = 1))
for (threads in c(2, 7))
  same(sprintf("%d threads", threads), suppressWarnings(two_way(seed = 7, threads = threads))$json, one$json)
same("same seed", suppressWarnings(two_way(seed = 7, threads = 1))$json, one$json)
same("another seed", identical(suppressWarnings(two_way(seed = 8, threads = 1))$rows$upper, one$rows$upper), FALSE)

kept <- tempfile(fileext = ".rds")
saveRDS(pairs, kept)
same("saveRDS and readRDS", readRDS(kept), pairs)
same("printed", paste0(paste(capture.output(print(pairs)), collapse = "\n"), "\n"), pairs$text)
folder <- paste0(tempfile(), "/")
est_save(pairs, folder)
same("est_save, a folder", "mse.html" %in% list.files(folder), TRUE)
est_save(pairs, file.path(folder, "again.json"))
same("est_save, a file", paste0(readLines(file.path(folder, "again.json"), encoding = "UTF-8"), collapse = "\n"),
     sub("\n$", "", pairs$json))
invisible(capture.output(print(summary(pairs))))

options_of <- function(method) gsub("-", "_", est_methods(method)$options$name, fixed = TRUE)
common <- c("data", "...", "seed", "threads", "suppress", "suppress_below", "internal", "progress")
for (id in est_methods()$id) {
  microdata <- "codebook" %in% options_of(id)
  face <- if (microdata) "est_indicator" else paste0("est_", gsub("-", "_", id))
  same(paste("a function of", id), face %in% getNamespaceExports("libest"), TRUE)
  arguments <- names(formals(get(face)))
  same(paste("arguments of", id), setdiff(arguments, c(common, if (microdata) "name", options_of(id))), character())
  same(paste("common arguments that hide an option of", id), intersect(common, options_of(id)), character())
  # R matches the beginning of a name with the arguments before the dots: no option may be such a beginning.
  before <- arguments[seq_len(match("...", arguments) - 1L)]
  others <- setdiff(options_of(id), before)
  same(paste("options taken for another argument of", id), others[vapply(others, function(o) any(startsWith(before, o)), NA)],
       character())
}
further <- est_methods("child-labour")$options
same("further options", further$further[match(c("codebook", "lonely"), further$name)], c(FALSE, TRUE))
same("the underscore of an id", est_methods("two_list")$id, "two-list")
same("datasets", "uk_2013" %in% est_datasets()$name, TRUE)

colombia <- est_dataset("colombia_child_recruitment")
periods <- est_dataset("colombia_child_recruitment_periods")
trend <- suppressWarnings(est_trend(colombia, population = periods, ci = "none", max_order = 2))
same("trend, persons observed", nobs(trend), as.double(sum(colombia$count)))
same("trend, class", class(trend), c("est_trend", "est_result"))
grDevices::pdf(NULL)
plot(trend)
drawing <- tempfile(fileext = ".svg")
plot(trend, file = drawing)
same("plot to a file", substr(readLines(drawing, 1L), 1L, 1L), "<")

program <- Sys.getenv("EST")
if (nzchar(program)) {
  printed <- function(...) {
    output <- tempfile()
    system2(program, c(..., "--threads", "1", "--output", output, "--format", "text", "--quiet"))
    readChar(output, file.size(output), useBytes = TRUE)
  }
  bytes <- function(text) paste(charToRaw(text), collapse = "")
  same("text of est mse", bytes(pairs$text), bytes(printed("mse", "dataset:kosovo_1999", "--model", "all-pairs")))
  same("text of est mse, bootstrap", bytes(one$text), bytes(printed(
    "mse", "dataset:kosovo_1999", "--ci", "bootstrap", "--replicates", "100", "--max-order", "2", "--seed", "7")))
  same("text of est trend", bytes(trend$text), bytes(printed(
    "trend", "dataset:colombia_child_recruitment", "--population", "dataset:colombia_child_recruitment_periods",
    "--ci", "none", "--max-order", "2")))
  ours <- paste0(tempfile(), "/")
  theirs <- paste0(tempfile(), "/")
  est_save(trend, ours)
  system2(program, c("trend", "dataset:colombia_child_recruitment", "--population",
                     "dataset:colombia_child_recruitment_periods", "--ci", "none", "--max-order", "2", "--quiet", "--output", theirs))
  same("files of a folder", list.files(ours), list.files(theirs))
  for (name in list.files(theirs))
    same(paste("file", name), unname(tools::md5sum(file.path(ours, name))), unname(tools::md5sum(file.path(theirs, name))))
  own <- data.frame(A = c(1, 0, 1, 1), B = c(0, 1, 1, 0), C = c(0, 0, 0, 1), count = c(40, 30, 4, 12))
  path <- tempfile(fileext = ".csv")
  write.csv(own, path, row.names = FALSE)
  same("text of small cells, withheld", bytes(suppressWarnings(est_mse(own, model = "main", ci = "none"))$text),
       bytes(printed("mse", path, "--model", "main", "--ci", "none")))
}
finish()
