/* Stata (.dta) and SPSS (.sav) files as sources, through ReadStat. Rows are read one after the other into the scan's batches:
 * nothing is held but the variables, their labels and, if such a column is wanted, Stata's long strings (strL).
 *
 * Numbers are doubles. A column stored as float gives the double of the float as a number, and as a label the shortest text that
 * reads back as that float ("0.1"); whole numbers are exact. Dates are the numbers they are stored as. Texts lose their trailing
 * blanks; one without anything left is an empty field. System missing, tagged missing (.a to .z) and user-defined missing values
 * are NA; a field of reasons has the tag (".a") or the value ("98"), which value labels know. */
#ifndef EST_I_DATA_READSTAT_H
#define EST_I_DATA_READSTAT_H

#include "data/source_parts.h"

extern const est_i_source_kind est_i_stata_kind;
extern const est_i_source_kind est_i_spss_kind;

#endif
