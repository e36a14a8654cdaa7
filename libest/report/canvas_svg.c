/* SVG back end: real text, a title and a description for those who cannot see the picture. */
#include <math.h>
#include <string.h>

#include "report/canvas.h"
#include "report/encode.h"

/* Two decimals at most, without trailing zeros. */
static void coordinate(est_i_text *output, double value)
{
    char digits[64];
    size_t length = est_i_number_print_fixed(isfinite(value) ? value : 0, 2, digits, sizeof digits);
    while (length > 0 && digits[length - 1] == '0')
        length--;
    if (length > 0 && digits[length - 1] == '.')
        length--;
    est_i_text_append_bytes(output, digits, length);
}

static void attribute(est_i_text *output, const char *name, double value)
{
    est_i_text_printf(output, " %s=\"", name);
    coordinate(output, value);
    est_i_text_append(output, "\"");
}

static void begin(est_i_canvas *canvas, const est_i_picture *picture, const char *name_space)
{
    est_i_text *output = canvas->output;
    est_i_text_append(output, "<svg");
    est_i_text_append(output, name_space);
    est_i_text_append(output, " viewBox=\"0 0 ");
    coordinate(output, picture->width);
    est_i_text_append(output, " ");
    coordinate(output, picture->height);
    est_i_text_append(output, "\"");
    attribute(output, "width", picture->width);
    attribute(output, "height", picture->height);
    est_i_text_printf(output, " role=\"img\" aria-labelledby=\"%s-title %s-desc\"", picture->id, picture->id);
    est_i_text_append(output, " font-family=\"'DejaVu Sans', Verdana, Arial, sans-serif\">\n");
    est_i_text_printf(output, "<title id=\"%s-title\">", picture->id);
    est_i_encode_xml(output, picture->title);
    est_i_text_printf(output, "</title>\n<desc id=\"%s-desc\">", picture->id);
    est_i_encode_xml(output, picture->description);
    est_i_text_append(output, "</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
}

static void begin_document(est_i_canvas *canvas, const est_i_picture *picture)
{
    est_i_text_append(canvas->output, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    begin(canvas, picture, " xmlns=\"http://www.w3.org/2000/svg\"");
}

static void begin_inline(est_i_canvas *canvas, const est_i_picture *picture)
{
    begin(canvas, picture, "");
}

static void pen_attributes(est_i_text *output, const est_i_pen *pen)
{
    est_i_text_printf(output, " fill=\"%s\"", pen->fill ? pen->fill : "none");
    if (!pen->stroke)
        return;
    est_i_text_printf(output, " stroke=\"%s\"", pen->stroke);
    attribute(output, "stroke-width", pen->width);
    if (pen->dash && pen->dash[0])
        est_i_text_printf(output, " stroke-dasharray=\"%s\"", pen->dash);
}

static void shape(est_i_canvas *canvas, const char *name, const est_i_point *points, size_t count,
                  const est_i_pen *pen)
{
    est_i_text_printf(canvas->output, "<%s points=\"", name);
    for (size_t i = 0; i < count; i++) {
        est_i_text_append(canvas->output, i ? " " : "");
        coordinate(canvas->output, points[i].x);
        est_i_text_append(canvas->output, ",");
        coordinate(canvas->output, points[i].y);
    }
    est_i_text_append(canvas->output, "\"");
    pen_attributes(canvas->output, pen);
    est_i_text_append(canvas->output, "/>\n");
}

static void line(est_i_canvas *canvas, const est_i_point *points, size_t count, const est_i_pen *pen)
{
    est_i_pen open = *pen;
    open.fill = NULL;
    shape(canvas, "polyline", points, count, &open);
}

static void polygon(est_i_canvas *canvas, const est_i_point *points, size_t count, const est_i_pen *pen)
{
    shape(canvas, "polygon", points, count, pen);
}

static void text(est_i_canvas *canvas, est_i_point at, const est_i_font *font, const char *words,
                 size_t bytes)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    est_i_text *output = canvas->output;
    est_i_text_append(output, "<text");
    attribute(output, "x", at.x);
    attribute(output, "y", at.y);
    attribute(output, "font-size", font->size);
    est_i_text_printf(output, " text-anchor=\"%s\" fill=\"%s\"", anchors[font->anchor], font->colour);
    est_i_text_append(output, font->bold ? " font-weight=\"bold\"" : "");
    if (font->angle != 0) {
        est_i_text_append(output, " transform=\"rotate(");
        coordinate(output, font->angle);
        est_i_text_append(output, " ");
        coordinate(output, at.x);
        est_i_text_append(output, " ");
        coordinate(output, at.y);
        est_i_text_append(output, ")\"");
    }
    est_i_text_append(output, ">");
    est_i_encode_xml_bytes(output, words, bytes);
    est_i_text_append(output, "</text>\n");
}

/* A nested picture with the same coordinates clips without an id that a second chart on the page could
 * repeat. */
static void clip(est_i_canvas *canvas, est_i_point corner, double width, double height)
{
    est_i_text *output = canvas->output;
    est_i_text_append(output, "<svg");
    attribute(output, "x", corner.x);
    attribute(output, "y", corner.y);
    attribute(output, "width", width);
    attribute(output, "height", height);
    est_i_text_append(output, " viewBox=\"");
    const double box[] = {corner.x, corner.y, width, height};
    for (size_t i = 0; i < 4; i++) {
        est_i_text_append(output, i ? " " : "");
        coordinate(output, box[i]);
    }
    est_i_text_append(output, "\">\n");
}

static void end(est_i_canvas *canvas)
{
    est_i_text_append(canvas->output, "</svg>\n");
}

const est_i_canvas_type est_i_canvas_svg_document = {"svg", begin_document, line, polygon,
                                                     text,  clip,           end,  end};
const est_i_canvas_type est_i_canvas_svg_inline = {"svg-inline", begin_inline, line, polygon,
                                                   text,         clip,         end,  end};
