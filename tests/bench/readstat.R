# The eight columns of readstat.sh by R's haven. Called by readstat.sh:
#   readstat.R installed   prints the versions; fails where the package is absent
#   readstat.R read FILE   prints, parted by tabs: seconds and the CPU time of the call alone; role, rows and sum of each column

columns <- c(weight = "v005", sex = "hl4", age = "hl6", hours_economic = "hours", strata = "v023", psu = "v021", county = "v024",
             region = "region")

say_installed <- function() {
  if (!requireNamespace("haven", quietly = TRUE)) return(FALSE)
  cat(sprintf("haven %s, R %s", utils::packageVersion("haven"), getRversion()))
  TRUE
}

read_columns <- function(file) {
  read <- if (grepl("[.]sav$", file)) haven::read_sav else haven::read_dta
  read(file, col_select = tidyselect::all_of(unname(columns)))
}

# As the codebook says: special codes are missing, weights have six decimals. A text counts with its length.
numbers_of <- function(data, role) {
  x <- data[[columns[[role]]]]
  if (role == "region") return(nchar(x))
  x <- as.numeric(x)
  if (role == "hours_economic") x[x %in% 97:99] <- NA
  if (role == "weight") x / 1e6 else x
}

time_reading <- function(file) {
  for (package in c("haven", "tidyselect")) requireNamespace(package, quietly = TRUE) # loaded before the clock starts
  before <- proc.time()
  data <- read_columns(file)
  took <- proc.time() - before
  cat(sprintf("seconds\t%.3f\n", took[["user.self"]] + took[["sys.self"]]))
  for (role in names(columns)) {
    x <- numbers_of(data, role)
    cat(sprintf("%s\t%d\t%.17g\n", role, sum(!is.na(x)), sum(x, na.rm = TRUE)))
  }
}

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) == 1 && arguments[1] == "installed") {
  if (!say_installed()) quit(status = 1)
} else if (length(arguments) == 2 && arguments[1] == "read") {
  time_reading(arguments[2])
} else {
  stop("usage: readstat.R installed | readstat.R read FILE")
}
