# The other estimators, strata and diagnostics. Sources of the figures: est_datasets()$description.
source("harness.R")
hepatitis <- est_dataset("hepatitis_taiwan_1995")
quiet <- suppressWarnings

pairs <- quiet(est_two_list(hepatitis, odds_ratios = c(0.5, 1, 2)))
chapman <- pairs$rows[pairs$rows$estimand == "population" & pairs$rows$model == "Chapman", ]
same("Chapman", chapman$estimate[match(c("P:Q", "P:E", "Q:E"), chapman$pair)], c(333.560, 374.478, 331.362), 5e-4)
same("class of a method with a hyphen", class(pairs), c("est_two_list", "est_result"))
same("the text of odds ratios", quiet(est_run("two-list", hepatitis, odds_ratios = "0.5,1,2"))$json, pairs$json)
same("an underscore for the hyphen", quiet(est_run("two_list", hepatitis, odds_ratios = "0.5,1,2"))$json, pairs$json)
two <- quiet(est_two_list(subset(hepatitis, P + Q > 0, c(P, Q, count))))
same("one pair", row_of(two, "population")$estimate[1], 333.560, 5e-4)

low <- quiet(est_sample_coverage(hepatitis, replicates = 0))
same("low coverage", row_of(low, "population")$estimate[1], 507.772, 5e-4)
high <- quiet(est_sample_coverage(hepatitis, threshold = 0.4, replicates = 0))
same("the threshold is the method's", row_of(high, "population")$estimate[1], 970.805, 5e-4)
seeded <- function(threads) quiet(est_sample_coverage(hepatitis, replicates = 200, seed = 3, threads = threads))$json
same("sample coverage with 2 threads", seeded(2), seeded(1))
small <- data.frame(A = c(1, 0, 0, 1, 1, 0, 1), B = c(0, 1, 0, 1, 0, 1, 1), C = c(0, 0, 1, 0, 1, 1, 1),
                    count = c(140, 130, 120, 40, 30, 4, 12))
hidden <- quiet(est_sample_coverage(small, threshold = 0, replicates = 0))
same("and does not switch suppression off", any(unlist(lapply(hidden$frames, unlist)) == "4"), FALSE)
same("small cells are withheld", grepl("withheld", hidden$text), TRUE)

hares <- quiet(est_heterogeneity(est_dataset("hare_cormack")))
models <- hares$frames$models
same("M0, Mt, Mth of Darroch", models$population[match(c("M0", "Mt", "Mth-Darroch"), models$model)], c(75.4, 75.1, 90.5), 0.05)
same("class", class(hares), c("est_heterogeneity", "est_result"))

five <- est_dataset("uk_2013_five")
linked <- quiet(est_linkage(five, sensitivity = c(1, 0.9), false_match = 0, replicates = 0, simulations = 0))
same("linkage, as linked", row_of(linked, "population")$estimate[1], 25311.29, 0.01)
records <- data.frame(list = rep(c("Police", "Shelter"), each = 40), id = rep(1:40, 2), cluster = c(1:40, 21:60))
counted <- quiet(est_patterns(records, internal = TRUE))
same("patterns, persons", row_of(counted, "observed")$estimate, 60)
same("patterns, histories", sort(counted$frames$patterns$count), c(20, 20, 20))
same("the column of lists", quiet(est_patterns(setNames(records, c("source", "id", "cluster")), list = "source", internal = TRUE))$rows,
     counted$rows)

scotland <- est_dataset("scotland_pwid_2006")
strata <- quiet(est_mse(scotland, by = ~ region + sex + age, model = "all-pairs", ci = "wald"))
population <- row_of(strata, "population")
same("strata, total", population$estimate[population$region == ""], 39540.090, 5e-4)
same("strata add up", sum(population$estimate[population$region != ""]), population$estimate[population$region == ""], 1e-6)
same("a stratum", population$estimate[population$region == "GGC" & population$sex == "female" & population$age == "35+"], 1159.2, 0.05)
same("names of coef", "population GGC female 35+" %in% names(coef(strata)), TRUE)
same("strata by name", quiet(est_mse(scotland, by = c("region", "sex", "age"), model = "all-pairs", ci = "wald"))$rows, strata$rows)
same("nobs of strata", nobs(strata), 5670)

told <- quiet(est_mse(five, diagnose = TRUE, average = TRUE, ci = "wald", limit = 30000))
same("diagnose, a verdict", "verdict" %in% told$notes$code, TRUE)
same("diagnose, BIC's best", row_of(told, "population")$estimate, 25311.29, 0.01)
same("an average", nrow(row_of(told, "population_averaged")), 1L)
same("two charts", unname(vapply(told$charts, function(chart) chart$kind, "")), c("upset", "forest"))
grDevices::pdf(NULL)
for (chart in names(told$charts))
  same(paste("plot of", chart), class(plot(told, chart)), c("est_mse", "est_result"))
plot(hares)
same("stepwise has its own threshold", row_of(quiet(est_mse(five, select = "stepwise", threshold = 0.02, ci = "wald")), "population")$estimate,
     11313, 1)
same("class of models", grepl("LA:NG:PFNCA", quiet(est_mse(five, class = "pairwise", ci = "wald"))$stats$model), FALSE)
coverage <- data.frame(list = c("HCV", "HCV"), region = c("GGC", "nowhere"))
fails_with("a coverage table of another stratum", "EST_EVALUE", quiet(est_mse(scotland, by = c("region", "sex", "age"), coverage = coverage)))
finish()
