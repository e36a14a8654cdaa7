/* Tables as sources. */
#ifndef EST_I_DATA_SCAN_TABLE_H
#define EST_I_DATA_SCAN_TABLE_H

#include "data/source_parts.h"

extern const est_i_source_kind est_i_table_kind;

#endif
