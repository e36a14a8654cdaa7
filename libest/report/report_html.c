/* One self-contained page: no address is fetched, no script, charts inline. The headline comes first, methods
 * last. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

#define LONG_TABLE 12 /* longer ones are folded away until asked for */

static const char style_sheet[] =
    "body{color-scheme:light;color:#000;background:#fff}\n"
    "body{max-width:62rem;margin:0 auto;padding:1rem 1.5rem 3rem}\n"
    "body{font:1rem/1.5 'DejaVu Sans',Verdana,Arial,sans-serif}\n"
    "h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}\n"
    "h2{font-size:1.3rem;margin:2.2rem 0 .6rem;border-bottom:2px solid #000;padding-bottom:.2rem}\n"
    ".banner{border:3px solid #8b0000;color:#8b0000;font-weight:bold;padding:.6rem .8rem;margin:.8rem 0}\n"
    ".answer{border-left:8px solid #0b5394;padding:.3rem 1rem;margin:1rem 0}\n"
    ".answer strong{display:block;font-size:2.4rem;line-height:1.2}\n"
    ".scroll{overflow-x:auto;margin:1rem 0}\n"
    "table{border-collapse:collapse;min-width:22rem;font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:bold;padding:.3rem 0}\n"
    "th,td{border-bottom:1px solid #999;padding:.35rem .8rem .35rem .4rem}\n"
    "th,td{text-align:left;vertical-align:top}\n"
    "thead th{border-bottom:2px solid #000;vertical-align:bottom}\n"
    "tbody th{font-weight:normal;white-space:nowrap}\n"
    "td.words,th.words{white-space:normal;overflow-wrap:anywhere}\n"
    "th.number,td.number{text-align:right}td.number{white-space:nowrap}th.number{max-width:12rem}\n"
    ".headline td b{font-size:1.15rem}\n"
    ".range{display:block;font-size:.9rem;color:#333}\n"
    ".remark,.how{font-size:.95rem;max-width:50rem}\n"
    "ul.notes{padding-left:0;list-style:none}\n"
    "ul.notes li{border-left:6px solid #777;padding:.3rem .8rem;margin:.5rem 0}\n"
    "ul.notes li.warning{border-left-color:#8b0000;border-left-style:double}\n"
    "figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto;border:1px solid #999}\n"
    "details{border:1px solid #999;padding:.4rem .8rem;margin:.6rem 0}\n"
    "summary{font-weight:bold;cursor:pointer}summary:focus-visible{outline:3px solid #0b5394}\n"
    "@media print{body{max-width:none;padding:0;font-size:10pt}.scroll{overflow:visible}\n"
    "h2,figure,caption{break-after:avoid}figure,tr{break-inside:avoid}details{border:0;padding:0}\n"
    "details::details-content{content-visibility:visible;display:block;block-size:auto}}\n";

static void element(est_i_text *output, const char *name, const char *attributes, const char *text)
{
    est_i_text_printf(output, "<%s%s>", name, attributes);
    est_i_encode_xml(output, text);
    est_i_text_printf(output, "</%s>\n", name);
}

/* ---- tables ---- */

/* A second line in a cell is the interval of the number above it. */
static void cell_content(est_i_text *output, const char *text, bool strong)
{
    const char *second = strchr(text, '\n');
    est_i_text_append(output, strong ? "<b>" : "");
    est_i_encode_xml_bytes(output, text, second ? (size_t)(second - text) : strlen(text));
    est_i_text_append(output, strong ? "</b>" : "");
    if (!second)
        return;
    est_i_text_append(output, "<span class=\"range\">");
    est_i_encode_xml(output, second + 1);
    est_i_text_append(output, "</span>");
}

static void table_row(est_i_text *output, const est_i_grid *grid, size_t row, bool strong)
{
    est_i_text_append(output, "<tr>");
    for (size_t column = 0; column < grid->n_columns; column++) {
        const char *text = est_i_grid_at(grid, row, column);
        bool right = est_i_grid_right(grid, column), words = !right && est_i_utf8_length(text) > 24;
        if (column == 0)
            est_i_text_printf(output, "<th scope=\"row\"%s>",
                              right   ? " class=\"number\""
                              : words ? " class=\"words\""
                                      : "");
        else
            est_i_text_append(output, right ? "<td class=\"number\">" : "<td class=\"words\">");
        cell_content(output, text, strong && column > 0);
        est_i_text_append(output, column ? "</td>" : "</th>");
    }
    est_i_text_append(output, "</tr>\n");
}

/* A line each. */
static void remarks(est_i_text *output, const char *text)
{
    const char *joint = "<p class=\"remark\">";
    while (*text) {
        size_t length = strcspn(text, "\n");
        est_i_text_append(output, joint);
        est_i_encode_xml_bytes(output, text, length);
        text += length + (text[length] == '\n');
        joint = "<br>\n";
    }
    est_i_text_append(output, joint[1] == 'b' ? "</p>\n" : "");
}

static void table(est_i_text *output, const est_i_grid *grid, const char *class_name)
{
    bool strong = strcmp(class_name, "headline") == 0;
    if (est_i_grid_failed(grid)) {
        output->failed = true;
        return;
    }
    if (grid->n_columns == 0)
        return;
    est_i_text_printf(output, "<div class=\"scroll\" tabindex=\"0\"><table class=\"%s\">\n", class_name);
    element(output, "caption", "", grid->caption.length ? grid->caption.data : "");
    est_i_text_append(output, "<thead><tr>");
    for (size_t column = 0; column < grid->n_columns; column++) {
        est_i_text_printf(output, "<th scope=\"col\"%s>",
                          est_i_grid_right(grid, column) ? " class=\"number\"" : "");
        est_i_encode_xml(output, est_i_grid_heading(grid, column));
        est_i_text_append(output, "</th>");
    }
    est_i_text_append(output, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < est_i_grid_rows(grid); row++)
        table_row(output, grid, row, strong);
    est_i_text_append(output, "</tbody></table></div>\n");
    remarks(output, grid->remark.length ? grid->remark.data : "");
}

static void open_details(est_i_text *output, const char *summary)
{
    est_i_text_append(output, "<details>");
    element(output, "summary", "", summary);
}

/* ---- headline ---- */

/* The one row without a domain, if the headline's estimand has exactly one such row. */
static const est_row *overall_row(const est_result *result, const char *estimand)
{
    const est_row *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (row->n_domain == 0 && strcmp(row->estimand, estimand) == 0) {
            found = row;
            count++;
        }
    }
    return count == 1 ? found : NULL;
}

static void answer(est_i_text *output, const est_row *row)
{
    est_i_text text = {0}, name = {0};
    est_i_show_estimand(&name, row->estimand);
    est_i_text_append(output, "<p class=\"answer\">");
    est_i_encode_xml(output, name.length ? name.data : "");
    est_i_show_estimate(&text, row);
    est_i_text_append(output, " <strong>");
    est_i_encode_xml(output, text.length ? text.data : "");
    est_i_text_append(output, "</strong> ");
    est_i_drop(&text, &output->failed);
    if (!isnan(row->lower) || !isnan(row->upper)) {
        if (!isnan(row->level))
            est_i_show_level(&text, row->level);
        est_i_text_append(&text, text.length ? " interval: " : "Interval: ");
        est_i_show_interval(&text, row);
        est_i_encode_xml(output, text.length ? text.data : "");
    }
    est_i_drop(&text, &output->failed);
    est_i_show_flags(&text, est_i_remarks(row));
    if (text.length) {
        est_i_text_append(output, "<span class=\"range\">");
        est_i_encode_xml(output, text.data);
        est_i_text_append(output, "</span>");
    }
    est_i_text_append(output, "</p>\n");
    est_i_drop(&text, &output->failed);
    est_i_drop(&name, &output->failed);
}

static void how_to_read(est_i_text *output, const est_result *result)
{
    double level = NAN;
    bool models = false;
    const est_row *first = NULL;
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (strcmp(row->estimand, est_i_headline_estimand(result)) != 0)
            continue;
        first = first ? first : row;
        models |= row != first && est_i_same_domain(row, first);
        if (isnan(level) && !isnan(row->lower))
            level = row->level;
    }
    if (isnan(level) && !models)
        return;
    est_i_text_append(output, "<p class=\"how\">");
    if (!isnan(level)) {
        est_i_text_append(
            output, "How to read this: the interval beside an estimate shows how uncertain it is. If the "
                    "assumptions hold, intervals made this way hold the true number in about ");
        est_i_show_level(output, level);
        est_i_text_append(output, " of cases. A wide interval means that the data say little.");
    }
    if (models)
        est_i_text_append(
            output,
            " The models stand side by side because the data alone do not say which of them is right: "
            "where they disagree, the disagreement is part of the uncertainty.");
    est_i_text_append(output, "</p>\n");
}

/* Where models do not stand side by side: the table that the headline's first row belongs to. */
static void headline_group(est_i_text *output, const est_result *result)
{
    est_i_grouping grouping;
    est_i_grid grid = {0};
    size_t row = 0;
    if (!est_i_grouping_make(result, &grouping)) {
        output->failed = true;
        return;
    }
    while (strcmp(est_result_row(result, row)->estimand, est_i_headline_estimand(result)) != 0)
        row++;
    est_i_group_grid(result, &grouping, grouping.group[row], false, &grid);
    table(output, &grid, "estimates");
    est_i_grid_free(&grid);
    est_i_grouping_free(&grouping);
}

static void headline(est_i_text *output, const est_result *result)
{
    est_i_grid grid = {0};
    if (est_result_rows(result) == 0)
        return;
    const est_row *overall = overall_row(result, est_i_headline_estimand(result));
    element(output, "h2", "", "The answer");
    if (overall)
        answer(output, overall);
    if (est_i_headline_grid(result, &grid))
        table(output, &grid, "headline");
    else if (!est_i_grid_failed(&grid))
        headline_group(output, result);
    output->failed |= est_i_grid_failed(&grid);
    est_i_grid_free(&grid);
    how_to_read(output, result);
}

/* ---- sections ---- */

static void notes(est_i_text *output, const est_result *result)
{
    if (est_result_notes(result) == 0)
        return;
    element(output, "h2", "", "What to know before using these numbers");
    est_i_text_append(output, "<ul class=\"notes\">\n");
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        bool warning = note->severity == EST_WARNING;
        est_i_text_append(output, warning ? "<li class=\"warning\"><b>Warning:</b> " : "<li><b>Note:</b> ");
        est_i_encode_xml(output, note->message);
        est_i_text_append(output, "</li>\n");
    }
    est_i_text_append(output, "</ul>\n");
}

static void charts(est_i_text *output, const est_result *result)
{
    if (est_result_charts(result))
        element(output, "h2", "", "In pictures");
    for (size_t i = 0; i < est_result_charts(result); i++) {
        const est_chart *chart = est_result_chart(result, i);
        char id[32] = "";
        est_i_grid grid = {0};
        est_i_number_print_fixed((double)(i + 1), 0, id, sizeof id);
        est_i_text_append(output, "<figure>\n");
        est_i_chart_svg(chart, result, EST_I_SVG_INLINE, id, output);
        element(output, "figcaption", " class=\"remark\"", chart->alternative);
        est_i_text_append(output, "</figure>\n");
        est_i_chart_grid(chart, &grid);
        table(output, &grid, "values");
        est_i_grid_free(&grid);
    }
}

static void estimates(est_i_text *output, const est_result *result)
{
    est_i_grouping grouping;
    if (!est_i_grouping_make(result, &grouping)) {
        output->failed = true;
        return;
    }
    if (grouping.n_rows)
        element(output, "h2", "", "All estimates");
    for (size_t first = 0; first < grouping.n_rows; first++) {
        if (grouping.group[first] != first)
            continue;
        est_i_grid grid = {0};
        est_i_group_grid(result, &grouping, first, true, &grid);
        bool folded = est_i_grid_rows(&grid) > LONG_TABLE;
        if (folded)
            open_details(output, grid.caption.length ? grid.caption.data : "");
        table(output, &grid, "estimates");
        est_i_text_append(output, folded ? "</details>\n" : "");
        est_i_grid_free(&grid);
    }
    est_i_grouping_free(&grouping);
}

static void stats(est_i_text *output, const est_result *result)
{
    est_i_grid grid = {0};
    if (est_result_stats(result) == 0)
        return;
    open_details(output, "Statistics of the fit");
    est_i_text_append(&grid.caption, "Statistics");
    est_i_stats_grid(result, &grid);
    table(output, &grid, "statistics");
    est_i_text_append(output, "</details>\n");
    est_i_grid_free(&grid);
}

static void frames(est_i_text *output, const est_result *result)
{
    for (size_t i = 0; i < est_result_frames(result); i++) {
        const est_frame *frame = est_result_frame(result, i);
        est_i_grid grid = {0};
        if (frame->print_rows == 0)
            continue;
        est_i_frame_grid(frame, frame->print_rows, &grid);
        open_details(output, grid.caption.length ? grid.caption.data : frame->name);
        table(output, &grid, "frame");
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "<p class=\"remark\">... %zu more</p>\n",
                              frame->n_rows - frame->print_rows);
        est_i_text_append(output, "</details>\n");
        est_i_grid_free(&grid);
    }
}

static void provenance(est_i_text *output, const est_result *result)
{
    est_i_grid grid = {0};
    if (est_result_provenances(result) == 0)
        return;
    open_details(output, "Method, options and data");
    est_i_text_append(&grid.caption, "What is needed to make these numbers again");
    est_i_grid_column(&grid, "Name", false);
    est_i_grid_column(&grid, "Value", false);
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (!est_i_provenance_shown(result, entry))
            continue;
        est_i_grid_cell(&grid, entry->name);
        est_i_grid_cell(&grid, entry->value);
    }
    table(output, &grid, "provenance");
    est_i_text_append(output, "</details>\n");
    est_i_grid_free(&grid);
}

static void page_head(est_i_text *output, const est_result *result)
{
    est_i_text_append(output, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    element(output, "title", "", est_result_title(result));
    est_i_text_append(output, "<style>");
    est_i_text_append(output, style_sheet);
    est_i_text_append(output, "</style>\n</head>\n<body>\n<header>\n");
    for (int i = 0; est_i_banner(result, i); i++)
        element(output, "p", " class=\"banner\"", est_i_banner(result, i));
    element(output, "h1", "", est_result_title(result));
    est_i_text_append(output, "</header>\n<main>\n");
}

static void write_html(const est_result *result, est_i_text *output)
{
    page_head(output, result);
    headline(output, result);
    notes(output, result);
    charts(output, result);
    estimates(output, result);
    if (est_result_stats(result) || est_result_frames(result) || est_result_provenances(result))
        element(output, "h2", "", "How the numbers were made");
    stats(output, result);
    frames(output, result);
    provenance(output, result);
    est_i_text_append(output, "</main>\n</body>\n</html>\n");
}

const est_i_writer est_i_writer_html = {"html", ".html", write_html};
