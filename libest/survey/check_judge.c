/* Findings of the design: strata, units, corrections, domains, weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "survey/check.h"

#define NAMED 5 /* strata that a finding names */

/* The words of a tally: how many rows, and where the first is. */
static void find_rows(est_i_check *run, est_i_check_severity severity, const char *code, const char *where,
                      const est_i_check_tally *tally, const char *what, const char *advice)
{
    if (tally->rows > 0)
        est_i_check_find(run, severity, code, where, (double)tally->rows, advice, "%lld %s %s, first record %lld", tally->rows,
                         tally->rows == 1 ? "row" : "rows", what, tally->first);
}

/* Strata and units */

static void judge_missing(est_i_check *run)
{
    const est_i_check_plan *plan = &run->plan;
    for (size_t s = 0; s < plan->strata.n; s++)
        find_rows(run, EST_I_CHECK_ERROR, "missing_stratum", est_i_check_column_name(run, &plan->strata, s),
                  &run->design.no_stratum[s], "without a stratum",
                  "Fill it in from the sample list. A row is never left out of the design.");
    for (size_t s = 0; s < plan->psu.n; s++)
        find_rows(run, EST_I_CHECK_ERROR, "missing_unit", est_i_check_column_name(run, &plan->psu, s), &run->design.no_unit[s],
                  "without a sampling unit", "Fill it in from the sample list. A row is never left out of the design.");
}

static bool is_certainty(const est_i_check_strata *strata, size_t h)
{
    return strata->fpc_low[h] == 1 && strata->fpc_high[h] == 1;
}

static void judge_lonely(est_i_check *run)
{
    const est_i_check_strata *strata = &run->strata;
    const char *where = run->plan.strata.n ? est_i_check_column_name(run, &run->plan.strata, 0) : "";
    size_t lonely = 0, certain = 0;
    est_i_text names = {0};
    for (size_t h = 0; h < strata->n_strata; h++) {
        bool single = strata->psus[h] == 1, sure = is_certainty(strata, h);
        certain += single && sure;
        if (single && !sure && lonely++ < NAMED)
            est_i_text_printf(&names, "%s'%s'", lonely > 1 ? ", " : "", est_i_check_stratum_name(&run->design, strata, h));
    }
    run->failed = run->failed || names.failed;
    if (lonely > 0 && !names.failed)
        est_i_check_find(run, EST_I_CHECK_ERROR, "lonely_psu", where, (double)lonely,
                         "Join each with a neighbour in a new column of strata, or choose --lonely adjust, average, remove or "
                         "certainty.",
                         "%zu %s a single PSU: %s%s", lonely, lonely == 1 ? "stratum has" : "strata have", names.data,
                         lonely > NAMED ? ", ..." : "");
    if (certain > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "certainty_psu", where, (double)certain, "",
                         "%zu %s a single PSU that was drawn with certainty (fpc 1)", certain,
                         certain == 1 ? "stratum has" : "strata have");
    est_i_text_free(&names);
}

/* Numbered anew in each stratum, most ids recur; by mistake, few. */
static void judge_ids(est_i_check *run)
{
    const char *psu = run->plan.psu.n ? est_i_check_column_name(run, &run->plan.psu, 0) : "";
    size_t ids = run->psu_ids.ids, recurring = run->psu_ids.recurring;
    bool most = 2 * recurring > ids;
    if (!run->design.has_units || run->strata.n_strata < 2)
        return;
    if (recurring == 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "unique_ids", psu, (double)ids, "",
                         "every PSU id occurs in one stratum only: --nest makes no difference");
    else if (run->options->nest && most)
        est_i_check_find(run, EST_I_CHECK_NOTE, "nested_ids", psu, (double)recurring, "",
                         "PSU ids are numbered within strata, as --nest says: %zu of %zu ids occur in several", recurring, ids);
    else if (run->options->nest)
        est_i_check_find(run, EST_I_CHECK_WARNING, "recurring_ids", psu, (double)recurring,
                         "If these are the same places, their stratum is wrong in some rows, and --nest hides it.",
                         "only %zu of %zu PSU ids occur in several strata: ids do not look numbered within strata", recurring, ids);
    else
        est_i_check_find(run, EST_I_CHECK_ERROR, "recurring_ids", psu, (double)recurring,
                         most ? "Ids look numbered within strata: give --nest."
                              : "Few ids recur, so mend the stratum of these PSUs; only if ids are numbered within strata give "
                                "--nest.",
                         "%zu of %zu PSU ids occur in several strata", recurring, ids);
}

static void judge_sizes(est_i_check *run)
{
    const char *psu = run->plan.psu.n ? est_i_check_column_name(run, &run->plan.psu, 0) : "";
    size_t n = run->design.has_units ? run->strata.n_psus : 0, single = 0, varying = 0;
    for (size_t p = 0; p < n; p++) {
        single += run->strata.psu_rows[p] == 1;
        varying += run->strata.psu_varies[p];
    }
    if (single > 0 && single == n)
        est_i_check_find(run, EST_I_CHECK_WARNING, "single_rows", psu, (double)single,
                         "This looks like an id of rows, not of clusters. If rows were drawn in clusters, name their column.",
                         "every PSU has one row");
    else if (single > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "single_rows", psu, (double)single, "Look whether rows of these PSUs were lost.",
                         "%zu of %zu PSUs %s one row", single, n, single == 1 ? "has" : "have");
    if (run->plan.weight.n && varying > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "weights_vary", est_i_check_column_name(run, &run->plan.weight, 0), (double)varying,
                         "", "weights differ within %zu of %zu PSUs", varying, n);
    else if (run->plan.weight.n && n > 0 && run->weights.positive > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "weights_constant", est_i_check_column_name(run, &run->plan.weight, 0), NAN, "",
                         "weights are the same within each PSU");
}

void est_i_check_judge_design(est_i_check *run)
{
    if (run->plan.n_stages == 0)
        return;
    judge_missing(run);
    judge_lonely(run);
    judge_ids(run);
    judge_sizes(run);
    if (run->plan.strata.n && run->strata.n_strata == 1)
        est_i_check_find(run, EST_I_CHECK_NOTE, "one_stratum", est_i_check_column_name(run, &run->plan.strata, 0), 1, "",
                         "there is one stratum only");
    if (!run->plan.psu.n)
        est_i_check_find(run, EST_I_CHECK_NOTE, "no_psu", "", NAN,
                         "If rows were drawn in clusters, give --psu: else standard errors are too small.",
                         "no PSU was named: every row counts as a unit of its own");
    if (!run->plan.strata.n)
        est_i_check_find(run, EST_I_CHECK_NOTE, "no_strata", "", NAN, "If the sample was stratified, give --strata.",
                         "no strata were named");
}

/* Corrections */

typedef struct stage_fpc {
    size_t n;
    double *units, *low, *high; /* of each stratum of the stage */
} stage_fpc;

static void stage_free(stage_fpc *stage)
{
    free(stage->units);
    free(stage->low);
    free(stage->high);
}

static bool stage_make(const est_i_check_design *design, size_t s, stage_fpc *stage)
{
    const est_i_registry *registry = &design->registry;
    const est_i_registry_stage *from = &registry->stage[s];
    size_t last = design->n_stages - 1;
    stage->n = from->strata.count;
    stage->units = calloc(stage->n + 1, sizeof *stage->units);
    stage->low = malloc((stage->n + 1) * sizeof *stage->low);
    stage->high = malloc((stage->n + 1) * sizeof *stage->high);
    if (!stage->units || !stage->low || !stage->high)
        return false;
    for (size_t h = 0; h < stage->n; h++) {
        stage->low[h] = INFINITY;
        stage->high[h] = -INFINITY;
    }
    for (uint32_t u = 0; u < from->n_units && design->has_units; u++)
        stage->units[from->unit_stratum[u]]++;
    for (uint32_t l = 0; l < registry->stage[last].n_units; l++) {
        uint32_t unit = l;
        for (size_t t = last; t > s; t--)
            unit = registry->stage[t].stratum_parent[registry->stage[t].unit_stratum[unit]];
        uint32_t h = from->unit_stratum[unit];
        stage->low[h] = fmin(stage->low[h], design->units[l].fpc_low[s]);
        stage->high[h] = fmax(stage->high[h], design->units[l].fpc_high[s]);
        if (!design->has_units)
            stage->units[h] += (double)design->units[l].rows;
    }
    return true;
}

static void judge_stage(est_i_check *run, size_t s, const stage_fpc *stage)
{
    const char *where = est_i_check_column_name(run, &run->plan.fpc, s);
    size_t varying = 0, sizes = 0, shares = 0, small = 0, full = 0, known = 0;
    for (size_t h = 0; h < stage->n; h++) {
        if (!(stage->low[h] <= stage->high[h]))
            continue;
        known++;
        varying += stage->low[h] < stage->high[h];
        sizes += stage->low[h] >= 1;
        shares += stage->high[h] <= 1;
        small += stage->low[h] >= 1 && stage->low[h] < stage->units[h];
        full += stage->low[h] == stage->units[h];
    }
    bool are_shares = shares == known, are_sizes = sizes == known;
    if (varying > 0)
        est_i_check_find(run, EST_I_CHECK_ERROR, "fpc_varies", where, (double)varying,
                         "A correction belongs to the stratum: how many units it has, or the share drawn. Probabilities of single "
                         "units go "
                         "with est survey --pps.",
                         "the correction differs within %zu of %zu strata (stage %zu)", varying, known, s + 1);
    if (known > 0 && !are_shares && !are_sizes)
        est_i_check_find(run, EST_I_CHECK_ERROR, "fpc_mixed", where, (double)(known - sizes),
                         "Give sizes (1 or more) or shares (up to 1) throughout.",
                         "corrections are sizes in some strata and shares in others");
    if (known > 0 && !are_shares && small > 0)
        est_i_check_find(run, EST_I_CHECK_ERROR, "fpc_small", where, (double)small,
                         "Give the number of units in the population of the stratum, not in the sample.",
                         "%zu %s fewer units in the population than in the sample", small,
                         small == 1 ? "stratum has" : "strata have");
    if (known > 0 && are_sizes && !are_shares && full > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "fpc_full", where, (double)full, "",
                         "in %zu of %zu strata every unit is in the sample: they add nothing to the variance", full, known);
    if (known > 0 && (are_sizes || are_shares))
        est_i_check_find(run, EST_I_CHECK_NOTE, are_shares ? "fpc_shares" : "fpc_sizes", where, NAN, "",
                         are_shares ? "corrections are shares drawn" : "corrections are numbers of units");
}

void est_i_check_judge_fpc(est_i_check *run)
{
    for (size_t s = 0; s < run->plan.fpc.n; s++) {
        const char *where = est_i_check_column_name(run, &run->plan.fpc, s);
        stage_fpc stage = {0};
        find_rows(run, EST_I_CHECK_ERROR, "missing_fpc", where, &run->design.no_fpc[s], "without a correction",
                  "Every row of a stratum needs it.");
        find_rows(run, EST_I_CHECK_ERROR, "bad_fpc", where, &run->design.bad_fpc[s], "with a correction that is no number above 0",
                  "Expected the number of units in the stratum, or the share drawn.");
        if (stage_make(&run->design, s, &stage))
            judge_stage(run, s, &stage);
        else
            run->failed = true;
        stage_free(&stage);
    }
}

/* Domains */

void est_i_check_judge_domains(est_i_check *run)
{
    const est_i_check_design *design = &run->design;
    size_t n = design->domains.count, few = 0, some = 0, few_df = 0;
    size_t *psus = malloc((n + 1) * sizeof *psus), *strata = malloc((n + 1) * sizeof *strata);
    bool staged = run->plan.n_stages > 0, good = psus && strata;
    if (run->plan.by.n && good && staged)
        good = est_i_check_domains_count(design, &run->strata, psus, strata);
    for (size_t d = 0; d < n && good && run->plan.by.n; d++) {
        few += design->domain_rows[d] < EST_I_CHECK_FEW_CASES;
        some += design->domain_rows[d] >= EST_I_CHECK_FEW_CASES && design->domain_rows[d] < EST_I_CHECK_SOME_CASES;
        few_df += staged && psus[d] < strata[d] + EST_I_CHECK_FEW_DF;
    }
    run->failed = run->failed || !good;
    if (few > 0)
        est_i_check_find(run, EST_I_CHECK_WARNING, "few_cases", run->options->by, (double)few,
                         "Join domains: agencies withhold such estimates.", "%zu of %zu domains have fewer than %d cases", few, n,
                         EST_I_CHECK_FEW_CASES);
    if (some > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "some_cases", run->options->by, (double)some,
                         "Agencies print such estimates in parentheses.", "%zu of %zu domains have %d to %d cases", some, n,
                         EST_I_CHECK_FEW_CASES, EST_I_CHECK_SOME_CASES - 1);
    if (few_df > 0)
        est_i_check_find(run, EST_I_CHECK_WARNING, "few_df", run->options->by, (double)few_df,
                         "Their standard errors are themselves uncertain: join domains, or say so.",
                         "%zu of %zu domains have fewer than %d degrees of freedom", few_df, n, EST_I_CHECK_FEW_DF);
    if (design->no_domain > 0)
        est_i_check_find(run, EST_I_CHECK_NOTE, "missing_domain", run->options->by, (double)design->no_domain, "",
                         "%lld %s a value of --by and %s to no domain", design->no_domain,
                         design->no_domain == 1 ? "row misses" : "rows miss", design->no_domain == 1 ? "belongs" : "belong");
    free(psus);
    free(strata);
}

/* Weights */

est_i_check_scale est_i_check_scale_of(const est_i_check_weights *weights)
{
    double mean = weights->positive ? est_i_dd_value(weights->sum) / (double)weights->positive : 0;
    est_i_check_scale scale = EST_I_CHECK_NO_WEIGHTS;
    if (mean > 0)
        scale = mean >= 0.95e6 && mean <= 1.05e6 ? EST_I_CHECK_MILLIONS
                : mean < 0.95                    ? EST_I_CHECK_TOO_SMALL
                : mean <= 1.05                   ? EST_I_CHECK_NORMALISED
                                                 : EST_I_CHECK_POPULATION;
    return scale;
}

static void judge_scale(est_i_check *run, const char *where)
{
    est_i_text sum = {0}, rows = {0};
    est_i_check_number(&sum, est_i_dd_value(run->weights.sum));
    est_i_check_number(&rows, (double)run->weights.positive);
    const char *total = sum.failed ? "" : sum.data, *n = rows.failed ? "" : rows.data;
    double count = (double)run->weights.positive;
    switch (est_i_check_scale_of(&run->weights)) {
    case EST_I_CHECK_NORMALISED:
        est_i_check_find(run, EST_I_CHECK_NOTE, "normalised_weights", where, count,
                         "Means and proportions are right. For totals calibrate to a known population (--calibrate, --margins).",
                         "weights add up to %s for %s rows: normalised, they give no totals", total, n);
        break;
    case EST_I_CHECK_MILLIONS:
        est_i_check_find(run, EST_I_CHECK_WARNING, "weights_in_millions", where, count, "Give est survey --weight-scale 0.000001.",
                         "weights add up to %s for %s rows, a million a row: DHS weights, to be divided by 1,000,000", total, n);
        break;
    case EST_I_CHECK_TOO_SMALL:
        est_i_check_find(run, EST_I_CHECK_WARNING, "weights_below_rows", where, count,
                         "Look whether they are shares or were divided by something; a weight is 1 over the chance of selection.",
                         "weights add up to %s, less than the %s rows: neither normalised nor a population", total, n);
        break;
    case EST_I_CHECK_POPULATION:
        est_i_check_find(run, EST_I_CHECK_NOTE, "weights_to_population", where, count, "Compare it with the known population.",
                         "weights add up to %s: a population of that size", total);
        break;
    case EST_I_CHECK_NO_WEIGHTS:
        est_i_check_find(run, EST_I_CHECK_ERROR, "no_positive_weight", where, NAN, "", "no row has a weight above 0");
        break;
    }
    run->failed = run->failed || sum.failed || rows.failed;
    est_i_text_free(&sum);
    est_i_text_free(&rows);
}

static void judge_variation(est_i_check *run, const char *where)
{
    double kish = est_i_check_weights_kish(&run->weights), ratio = run->weights.high / est_i_check_weights_median(&run->weights);
    est_i_text number = {0};
    if (kish >= 2) {
        est_i_check_number(&number, kish);
        est_i_check_find(run, EST_I_CHECK_WARNING, "weights_spread", where, NAN,
                         "Look for strata with wrong weights, or trim the largest.",
                         "unequal weights alone multiply variances by about %s (Kish)", number.failed ? "" : number.data);
    }
    if (ratio >= 10) {
        number.length = 0;
        est_i_check_number(&number, ratio);
        est_i_check_find(run, EST_I_CHECK_WARNING, "large_weight", where, NAN,
                         "Look at the largest weights: single rows may rule an estimate.",
                         "the largest weight is %s times the median", number.failed ? "" : number.data);
    }
    run->failed = run->failed || number.failed;
    est_i_text_free(&number);
}

void est_i_check_judge_weights(est_i_check *run)
{
    const est_i_check_weights *weights = &run->weights;
    if (!run->plan.weight.n) {
        if (run->plan.n_stages > 0)
            est_i_check_find(run, EST_I_CHECK_NOTE, "no_weight", "", NAN,
                             run->plan.fpc.n ? "est survey takes weights from --fpc, or give --weight."
                                             : "Give --weight, unless everybody had the same chance.",
                             "no weight was named");
        return;
    }
    const char *where = est_i_check_column_name(run, &run->plan.weight, 0);
    find_rows(run, EST_I_CHECK_ERROR, "missing_weight", where, &weights->missing, "without a weight",
              "Give rows that do not count the weight 0, or find out why it is missing.");
    find_rows(run, EST_I_CHECK_ERROR, "text_weight", where, &weights->texts, "with a text as a weight",
              "Expected a number of 0 or more.");
    find_rows(run, EST_I_CHECK_ERROR, "negative_weight", where, &weights->negative, "with a negative weight",
              "Expected a number of 0 or more.");
    find_rows(run, EST_I_CHECK_NOTE, "zero_weight", where, &weights->zero, "with the weight 0",
              "They count for the design, not for estimates: right for those who are out of scope.");
    judge_scale(run, where);
    if (weights->positive > 0)
        judge_variation(run, where);
}

/* Suggestions */

static void add_names(const est_i_check *run, est_i_text *text, const char *option, const est_i_check_list *list)
{
    bool plain = true;
    est_i_text names = {0};
    for (size_t i = 0; i < list->n; i++) {
        const char *name = est_i_check_column_name(run, list, i);
        bool quoted = strpbrk(name, ",\"") != NULL || *name == ' ' || name[strlen(name) - 1] == ' ';
        est_i_text_append(&names, i ? "," : "");
        est_i_text_append(&names, quoted ? "\"" : "");
        for (const char *at = name; *at; at++) {
            if (*at == '\'')
                est_i_text_append(&names, "'\\'"); /* ends the shell's quotation, and the quote that follows begins the next */
            if (*at == '"' && quoted)
                est_i_text_append(&names, "\"");
            est_i_text_append_bytes(&names, at, 1);
        }
        est_i_text_append(&names, quoted ? "\"" : "");
        plain = plain && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")] == '\0';
    }
    text->failed = text->failed || names.failed;
    if (list->n > 0 && !names.failed)
        est_i_text_printf(text, " --%s %s%s%s", option, plain ? "" : "'", names.data, plain ? "" : "'");
    est_i_text_free(&names);
}

static bool has_finding(const est_i_check *run, const char *code)
{
    bool has = false;
    for (size_t i = 0; i < run->n_findings && !has; i++)
        has = strcmp(run->findings[i].code, code) == 0;
    return has;
}

void est_i_check_suggest(const est_i_check *run, est_i_text *text)
{
    const est_i_check_plan *plan = &run->plan;
    bool nests = run->psu_ids.recurring > 0 && (run->options->nest || 2 * run->psu_ids.recurring > run->psu_ids.ids);
    est_i_text_append(text, "est survey DATA");
    add_names(run, text, "weight", &plan->weight);
    if (has_finding(run, "weights_in_millions"))
        est_i_text_append(text, " --weight-scale 0.000001");
    add_names(run, text, "strata", &plan->strata);
    add_names(run, text, "psu", &plan->psu);
    add_names(run, text, "fpc", &plan->fpc);
    est_i_text_append(text, nests ? " --nest" : "");
    est_i_text_append(text, has_finding(run, "lonely_psu") ? " --lonely adjust" : "");
    add_names(run, text, "by", &plan->by);
}
