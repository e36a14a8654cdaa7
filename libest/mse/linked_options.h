/* Rows of the option table of a linked file. `type` is an options struct with an est_linked_options `linked`. */
#ifndef EST_I_MSE_LINKED_OPTIONS_H
#define EST_I_MSE_LINKED_OPTIONS_H

#include <stddef.h>

#include <est/linkage.h>

#define EST_I_LINKED_OPTIONS(type)                                                                                             \
    {.name = "id", .kind = EST_OPTION_COLUMN, .offset = offsetof(type, linked.id), .initial = "",                             \
     .doc = "linked file: column of the record's id within its list; default 'id'", .further = 1},                            \
    {.name = "cluster", .kind = EST_OPTION_COLUMN, .offset = offsetof(type, linked.cluster), .initial = "",                   \
     .doc = "linked file: column of the person that the linkage found; default 'cluster'", .further = 1},                     \
    {.name = "date", .kind = EST_OPTION_COLUMN, .offset = offsetof(type, linked.date), .initial = "",                         \
     .doc = "linked file: column of dates, which are checked; default 'date' if there is one", .further = 1},                 \
    {.name = "until", .kind = EST_OPTION_TEXT, .offset = offsetof(type, linked.until), .initial = "",                         \
     .doc = "linked file: no date may lie after this one, for example 2024-12-31", .further = 1},                             \
    {.name = "repeats", .kind = EST_OPTION_CHOICE, .offset = offsetof(type, linked.repeats), .initial = "warn",               \
     .choices = "warn|allow|refuse",                                                                                          \
     .doc = "linked file: persons with several records of one list; they count once", .further = 1},                          \
    {.name = "largest-cluster", .kind = EST_OPTION_INTEGER, .offset = offsetof(type, linked.largest_cluster),                 \
     .initial = "0", .minimum = 0, .maximum = 1e9,                                                                            \
     .doc = "linked file: most records that one person can have (in a period); 0: any number", .further = 1},                 \
    {.name = "larger", .kind = EST_OPTION_CHOICE, .offset = offsetof(type, linked.larger), .initial = "warn",                 \
     .choices = "warn|allow|refuse", .doc = "linked file: clusters with more records than that", .further = 1}

#endif
