/* Drawing primitives; coordinates in pixels, y downwards. A back end appends its document to `output`. */
#ifndef EST_I_REPORT_CANVAS_H
#define EST_I_REPORT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

typedef struct est_i_point {
    double x, y;
} est_i_point;

/* Colours as "#rrggbb", NULL = none. dash: lengths of strokes and gaps, "" = solid. */
typedef struct est_i_pen {
    const char *stroke, *fill;
    double width;
    const char *dash;
} est_i_pen;

typedef enum est_i_anchor { EST_I_START = 0, EST_I_MIDDLE, EST_I_END } est_i_anchor;

typedef struct est_i_font {
    double size;
    bool bold;
    const char *colour;
    est_i_anchor anchor;
    double angle; /* degrees, clockwise, about the anchor */
} est_i_font;

/* What a reader who cannot see the picture is told. id: a name unique in the document, of letters, digits and
 * "-". */
typedef struct est_i_picture {
    double width, height;
    const char *id, *title, *description;
} est_i_picture;

typedef struct est_i_canvas est_i_canvas;

typedef struct est_i_canvas_type {
    const char *name;
    void (*begin)(est_i_canvas *canvas, const est_i_picture *picture);
    void (*line)(est_i_canvas *canvas, const est_i_point *points, size_t count, const est_i_pen *pen);
    void (*polygon)(est_i_canvas *canvas, const est_i_point *points, size_t count, const est_i_pen *pen);
    void (*text)(est_i_canvas *canvas, est_i_point at, const est_i_font *font, const char *text,
                 size_t bytes);
    void (*clip)(est_i_canvas *canvas, est_i_point corner, double width, double height); /* until unclip */
    void (*unclip)(est_i_canvas *canvas);
    void (*end)(est_i_canvas *canvas);
} est_i_canvas_type;

struct est_i_canvas {
    const est_i_canvas_type *type;
    est_i_text *output;
};

/* A document of its own, and an element inside an HTML page (which needs no name space, hence no address). */
extern const est_i_canvas_type est_i_canvas_svg_document;
extern const est_i_canvas_type est_i_canvas_svg_inline;

#endif
