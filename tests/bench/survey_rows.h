/* SYNTHETIC rows of a household survey, the same on every machine: a row follows from its number alone. */
#ifndef EST_TESTS_SURVEY_ROWS_H
#define EST_TESTS_SURVEY_ROWS_H

#define SURVEY_STRATA 94 /* two in each of 47 counties */
#define SURVEY_COUNTIES 47
#define SURVEY_AGE_GROUPS 10

typedef struct survey_row {
    int stratum, psu, county, sex, age_group, age; /* from 1; sex: 0 male, 1 female */
    int work, school, married;                     /* 0 or 1; they differ between PSUs */
    double weight, hours;                          /* six decimals, one decimal */
    char note[48]; /* free text, some with commas, quotation marks and line feeds; often empty */
} survey_row;

/* Row `index` (from 0) of `rows` in `psus` PSUs, sorted by stratum and PSU; psus: a multiple of SURVEY_STRATA. */
survey_row survey_make_row(long index, long rows, long psus);
/* The PSUs of a bench of so many rows: 1,128 up to 100 thousand, 2,256 up to a million, 4,700 beyond. */
long survey_psus(long rows);

#endif
