/* Rows of the option table that every method on lists shares. `type` is its options struct. */
#ifndef EST_I_MSE_CAPTURE_OPTIONS_H
#define EST_I_MSE_CAPTURE_OPTIONS_H

#include <stddef.h>

#include <est/method.h>
#include <est/mse.h>

#define EST_I_CAPTURE_OPTIONS(type)                                                                                            \
    {"lists", EST_OPTION_COLUMNS, offsetof(type, capture.lists), "", 0, 0, NULL,                                               \
     "list columns (0/1); default: all without a role", 0},                                                       \
    {"count", EST_OPTION_COLUMN, offsetof(type, capture.count), "", 0, 0, NULL,                                                \
     "column of counts; default 'count' if there is one", 0},                                               \
    {"shape", EST_OPTION_CHOICE, offsetof(type, capture.shape), "auto", 0, 0, "auto|counts|persons|long",                      \
     "counts per history, one row a person, or long rows (person, list)", 1},                                                    \
    {"person", EST_OPTION_COLUMN, offsetof(type, capture.person), "", 0, 0, NULL,                                              \
     "long shape: column that names the person; default 'person'", 1},                                                           \
    {"list", EST_OPTION_COLUMN, offsetof(type, capture.list), "", 0, 0, NULL,                                                  \
     "long shape: column that names the list; default 'list'", 1}

#define EST_I_LEVEL_OPTION(type)                                                                                               \
    {"level", EST_OPTION_NUMBER, offsetof(type, level), "0.95", 0.5, 0.9999, NULL, "confidence level of the intervals", 0}

#endif
