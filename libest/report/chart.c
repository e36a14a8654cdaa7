#include "report/chart.h"

#include "report/chart_parts.h"
#include "report/table_layout.h"

void est_i_chart_draw(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas)
{
    switch (shown->chart.kind) {
    case EST_CHART_FOREST: est_i_chart_forest(shown, id, canvas); break;
    case EST_CHART_UPSET: est_i_chart_upset(shown, id, canvas); break;
    case EST_CHART_ALONG:
    default: est_i_chart_along(shown, id, canvas); break;
    }
}

void est_i_chart_svg(const est_i_shown_chart *shown, est_i_svg_kind kind, const char *id, est_i_text *output)
{
    est_i_canvas canvas = {kind == EST_I_SVG_INLINE ? &est_i_canvas_svg_inline : &est_i_canvas_svg_document,
                           output};
    est_i_text safe = {0};
    est_i_text_append(&safe, "chart-");
    for (const char *letter = id; *letter; letter++) {
        bool plain = (*letter >= 'a' && *letter <= 'z') || (*letter >= 'A' && *letter <= 'Z') ||
                     (*letter >= '0' && *letter <= '9');
        est_i_text_append_bytes(&safe, plain ? letter : "-", 1);
    }
    if (!safe.failed)
        est_i_chart_draw(shown, safe.data, &canvas);
    est_i_drop(&safe, &output->failed);
}
