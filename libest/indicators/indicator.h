/* The methods on microdata: what their files share. A run goes: open (definition, codebook) -> plan (columns of the view, items) -> numbers
 * (known totals) -> survey (one pass, rows of the items) -> write (rows, box, frames, tables, charts). */
#ifndef EST_I_INDICATORS_INDICATOR_H
#define EST_I_INDICATORS_INDICATOR_H

#include <est/indicator.h>
#include <est/survey.h>

#include "core/monitor.h"
#include "core/result.h"
#include "core/text.h"
#include "data/codebook.h"
#include "data/view.h"
#include "indicators/definition.h"

extern const est_method est_i_method_child_labour, est_i_method_child_marriage, est_i_method_forced_marriage, est_i_method_forced_labour;

/* The option table that these methods share. */
#define EST_I_INDICATOR_SPECS 30
extern const est_option_spec est_i_indicator_specs[EST_I_INDICATOR_SPECS];
est_status est_i_indicator_validate(const void *options, est_error *error);

/* est_indicator on a table in memory. */
est_status est_i_indicator_fit_table(const char *method, const est_table *data, const est_indicator_options *options,
                                     const est_context *context, est_result **result, est_error *error);

typedef enum est_i_item_kind {
    EST_I_ITEM_PROPORTION = 0,
    EST_I_ITEM_RATIO,  /* of two sums: a proportion with another denominator than its cases */
    EST_I_ITEM_MEAN,
    EST_I_ITEM_MEDIAN
} est_i_item_kind;

typedef enum est_i_item_use { EST_I_USE_INDICATOR = 0, EST_I_USE_BOUND, EST_I_USE_COUNT, EST_I_USE_MISSING } est_i_item_use;

/* An age group of the rows. */
typedef struct est_i_band {
    char *name, *where;
    double lowest, highest; /* the youngest and the oldest age, of its name; NaN = not told, infinite = open */
} est_i_band;

/* One column of the view: an indicator (or bound, count, missing share) in an age group. */
typedef struct est_i_item {
    const est_i_ini_section *section;
    est_i_item_use use;
    est_i_item_kind kind;
    size_t band;
    bool whole;        /* the first age group of its section: its rows have no label of age */
    bool number;       /* its number of people is wanted */
    char *column;      /* "_v3": 1, 0 or missing; missing outside the group */
    char *denominator; /* "_v4"; NULL */
    char *estimate;    /* the survey's name of the estimate: "share(_v3)" */
    char *total;       /* "total(_v3)"; NULL */
} est_i_item;

/* How numbers of people come about. */
typedef enum est_i_numbers {
    EST_I_NUMBERS_NONE = 0,   /* not asked for, or not to be had: `why` */
    EST_I_NUMBERS_WEIGHTS,    /* the weights add up to the population */
    EST_I_NUMBERS_POPULATION, /* one known total */
    EST_I_NUMBERS_MARGINS     /* calibration to known totals */
} est_i_numbers;

typedef struct est_i_indicator_table est_i_indicator_table;

typedef struct est_i_indicator_run {
    const est_method *method;
    est_source *source;
    const est_indicator_options *options;
    const est_context *context;
    est_i_monitor monitor;
    est_i_definition definition;
    est_i_codebook *codebook;
    est_i_view_plan *plan; /* NULL once the view is open */
    est_source *view;
    size_t n_bands, n_items, n_columns;
    est_i_band *bands;
    est_i_item *items;
    char **gone;      /* variables that cannot be computed, since a role is not mapped */
    size_t n_gone;
    size_t n_tables;
    est_i_indicator_table *tables;
    est_i_text left_out; /* indicators that cannot be computed, and why */
    est_i_text changed;  /* parameters that --set moved from the definition's values: "light_work_hours = 12" */
    est_i_numbers numbers;
    const char *why;  /* there are no numbers */
    est_table *totals;
    est_survey_options survey;
    est_i_text lists[4]; /* of share, ratio, mean, total: of the survey's options */
    est_i_text median_list;
    est_result *estimates, *medians, *printed; /* of the survey engine */
    est_i_result_builder *builder;
} est_i_indicator_run;

/* Bands, universe, variables, items: everything that the definition says, as columns of the view. */
est_status est_i_indicator_plan(est_i_indicator_run *run, est_error *error);
/* A column of the view that is `value` where the band, the section's `where` and `extra` (NULL = none) hold, else missing; *column: its name. */
est_status est_i_indicator_column(est_i_indicator_run *run, const est_i_ini_section *section, const char *key, const char *band_where,
                                  const char *extra, char **column, est_error *error);
/* Can everything that the section's rules need be computed? What cannot is added to run->left_out. */
est_status est_i_indicator_available(est_i_indicator_run *run, const est_i_ini_section *section, bool *available, est_error *error);

/* May the section be estimated in an age group ("youngest", "oldest")? If not, run->left_out says so. */
bool est_i_indicator_fits_ages(est_i_indicator_run *run, const est_i_ini_section *section, const est_i_band *band);

/* Are numbers of people wanted in an age group? --population is known of the first one: outside it says nothing. A first group without ages is
 * everybody. */
bool est_i_indicator_has_numbers(const est_i_indicator_run *run, size_t band);

/* The options of the survey engine that do not depend on what is estimated. */
est_survey_options est_i_indicator_survey_options(const est_i_indicator_run *run);
/* Decides how numbers come about; makes run->totals. */
est_status est_i_indicator_numbers(est_i_indicator_run *run, est_error *error);
/* Estimates all items. */
est_status est_i_indicator_estimate(est_i_indicator_run *run, est_error *error);

/* Texts of a row that is being made, to be freed after it was added. */
typedef struct est_i_row_texts {
    est_i_text place, population, definition;
} est_i_row_texts;

/* The row that the survey engine made for an item, as a row of the indicator: names, keys, unit. labels: room for n_domain + 1. A section with a
 * condition is of another population, so that nobody takes its cases for those of the whole, and so is a run with --where; parameters that
 * --set changed make another definition. */
est_row est_i_indicator_row(const est_i_indicator_run *run, const est_i_item *item, const est_row *from, bool is_number, est_label *labels,
                            est_i_row_texts *texts);
/* The limits of a number of people, the engine's row `from`. Nobody or everybody among those asked: the standard error says nothing, the exact
 * limits of the proportion in `result` do. Nor are there fewer than none. */
void est_i_indicator_judge_number(const est_result *result, const est_row *from, est_row *row);
void est_i_row_texts_free(est_i_row_texts *texts, est_i_result_builder *builder);

est_status est_i_indicator_write(est_i_indicator_run *run, est_error *error);
void est_i_indicator_facts(est_i_indicator_run *run);
const char *est_i_indicator_file_name(const char *path); /* without folders: they may name a person */
void est_i_indicator_frames(est_i_indicator_run *run);
void est_i_indicator_charts(est_i_indicator_run *run);
est_status est_i_indicator_plan_tables(est_i_indicator_run *run, est_error *error);
void est_i_indicator_free_tables(est_i_indicator_run *run);
est_status est_i_indicator_tables(est_i_indicator_run *run, est_error *error);
est_status est_i_indicator_areas(est_i_indicator_run *run, est_error *error);

#endif
