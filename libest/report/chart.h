/* A chart drawn on a canvas. */
#ifndef EST_I_REPORT_CHART_H
#define EST_I_REPORT_CHART_H

#include <est/result.h>

#include "core/text.h"
#include "report/canvas.h"
#include "report/shown_chart.h"

typedef enum est_i_svg_kind { EST_I_SVG_DOCUMENT = 0, EST_I_SVG_INLINE } est_i_svg_kind;

/* The banners of its result are drawn above the title. */
void est_i_chart_draw(const est_i_shown_chart *shown, const char *id, est_i_canvas *canvas);

/* id: unique in the page; other characters than letters, digits and "-" are replaced. */
void est_i_chart_svg(const est_i_shown_chart *shown, est_i_svg_kind kind, const char *id, est_i_text *output);

#endif
