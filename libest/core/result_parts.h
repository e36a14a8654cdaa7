/* The inside of a result, for the files of core that make one. Everyone else uses the accessors of
 * <est/result.h>. */
#ifndef EST_I_CORE_RESULT_PARTS_H
#define EST_I_CORE_RESULT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <est/error.h>
#include <est/result.h>

struct est_i_arena_block;

/* Ages from the youngest to the oldest, in completed years, both among them. name: of est_row.ages, or an estimand. */
typedef struct est_i_ages {
    const char *name;
    double youngest, oldest; /* infinite = open */
} est_i_ages;

/* Texts and inner arrays live in the arena, the nine lists on their own. */
struct est_result {
    struct est_i_arena_block *arena;
    const char *method, *title;
    const char *profile; /* how it is made ready for publication unless the request names one: a profile of est_suppression */
    est_row *rows;
    est_stat *stats;
    est_frame *frames;
    est_note *notes;
    est_chart *charts;
    est_provenance *provenances;
    est_fact *facts;
    est_i_ages *ages, *age_shares; /* what suppression is told of ages; never written out */
    size_t n_rows, n_stats, n_frames, n_notes, n_charts, n_provenances, n_facts, n_ages, n_age_shares;
    size_t row_room, stat_room, frame_room, note_room, chart_room, provenance_room, fact_room, ages_room, age_share_room;
    bool is_public, is_synthetic, is_internal;
    double smallest_count; /* of any cell behind the result; NaN = not known */
};

/* A deep copy. EST_ENOMEM. */
est_status est_i_result_copy(const est_result *source, est_result **copy, est_error *error);

/* A copy of a text in the result's own memory; NULL without memory. */
const char *est_i_result_text(est_result *result, const char *text);

/* Adds a note that no context hears. EST_ENOMEM. */
est_status est_i_result_append_note(est_result *result, est_severity severity, const char *code,
                                    const char *message, est_error *error);

#endif
