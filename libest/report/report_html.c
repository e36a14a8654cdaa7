/* One self-contained page: no address is fetched, no script, charts inline. The headline comes first, methods
 * last. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/encode.h"
#include "report/table_layout.h"
#include "report/writer.h"

#define LONG_FRAME 120 /* lines of a further table of a survey, from which on it is folded away until asked for */
#define LONG_WORD 30  /* code points; only a longer word may be broken */
#define DENSE_TABLE 11 /* columns of estimates from which on cells stand closer */
#define MOST_ACROSS 9  /* columns of a standard table that fit on a sheet */
#define WIDE_TABLE 6  /* columns of a frame from which on the type is smaller */

/* Five models and two columns of counts fit into a window of 1,000 pixels and on a sheet of A4: limits go
 * under each other before a number is ever cut. */
static const char style_sheet[] =
    "body{color-scheme:light;color:#000;background:#fff}\n"
    "body{max-width:66rem;margin:0 auto;padding:.6rem 1.2rem 3rem}\n"
    "body{font:1rem/1.5 'DejaVu Sans',Verdana,Arial,sans-serif}\n"
    "h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}\n"
    "h2{font-size:1.3rem;margin:2.2rem 0 .6rem;border-bottom:2px solid #000;padding-bottom:.2rem}\n"
    ".banner{border:3px solid #8b0000;color:#8b0000;font-weight:bold;padding:.6rem .8rem;margin:.8rem 0}\n"
    ".answer{border-left:8px solid #0b5394;padding:.3rem 1rem;margin:1rem 0;font-size:1.1rem}\n"
    ".answer strong{font-size:2.2rem;line-height:1.2}\n"
    ".table{margin:1rem 0}\n"
    "table{border-collapse:collapse;min-width:22rem;font-size:.875rem;line-height:1.4}\n"
    "table{font-variant-numeric:tabular-nums}\n"
    "caption{text-align:left;font-weight:bold;font-size:1rem;padding:.3rem 0}\n"
    "th,td{border-bottom:1px solid #999;padding:.35rem .6rem .35rem .3rem}\n"
    "th,td{text-align:left;vertical-align:top}\n"
    "thead th{border-bottom:2px solid #000;vertical-align:bottom;text-wrap:balance}\n"
    "tbody th{font-weight:normal;white-space:nowrap}\n"
    "td.words,th.words{white-space:normal}.long{overflow-wrap:anywhere}\n"
    "th.number,td.number{text-align:right}td.number{white-space:nowrap}th.number{max-width:12rem}\n"
    ".beside table{min-width:100%}.beside th,.beside td{padding:.3rem .3rem .3rem .2rem}\n"
    ".beside td b{font-size:.9375rem}\n"
    ".range{display:block;font-size:.8125rem;color:#333}\n"
    ".remark,.how{font-size:.95rem;max-width:56rem}\n"
    "ul.notes{padding-left:0;list-style:none}\n"
    "ul.notes li{border-left:6px solid #777;padding:.3rem .8rem;margin:.5rem 0}\n"
    "ul.notes li.warning{border-left-color:#8b0000;border-left-style:double}\n"
    "ul.first li.warning{border:2px solid #8b0000;border-left-width:8px;border-left-style:solid}\n"
    "figure{margin:1.5rem 0}figure svg{display:block;width:100%;height:auto;border:1px solid #999}\n"
    "figure svg{box-sizing:border-box}\n"
    "details{border:1px solid #999;padding:.4rem .8rem;margin:.6rem 0}\n"
    "summary{font-weight:bold;cursor:pointer}summary:focus-visible{outline:3px solid #0b5394}\n"
    ".frame,.values{overflow-x:auto}\n"
    ".frame table{font-size:.8125rem}.frame th,.frame td{padding:.3rem .4rem .3rem .2rem}\n"
    ".wide table{font-size:.75rem}.data{margin:.2rem 0}\n"
    ".several strong{font-size:1.5rem}.several{margin:.4rem 0}\n"
    ".definition{border:2px solid #000;padding:.4rem 1rem .7rem;margin:1.2rem 0;max-width:60rem}\n"
    ".definition h3{margin:.2rem 0 .4rem;font-size:1.05rem}\n"
    ".definition dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0;font-size:.9375rem}\n"
    ".definition dt{font-weight:bold;max-width:14rem;overflow-wrap:anywhere}.definition dd{margin:0;grid-column:2}\n"
    "tr.kind th{font-weight:bold;border-bottom:1px solid #000;padding-top:.7rem}tbody th.item{padding-left:1.4rem}\n"
    "tr.start th,tr.start td{border-top:2px solid #555}.again{color:#707070}\n"
    ".dense table{font-size:.8125rem}.dense th,.dense td{padding:.25rem .35rem .25rem .2rem}\n"
    ".given{display:block;font-weight:normal;font-size:.95rem}\n"
    "@media screen and (max-width:66rem){.table{overflow-x:auto}}\n"
    "@media screen and (max-width:40rem){.definition dl{display:block}.definition dt{max-width:none}}\n"
    "@media screen and (max-width:40rem){figure{overflow-x:auto}figure svg{min-width:38rem}}\n"
    "@page{margin:12mm}\n"
    "@media print{html{font-size:10pt}body{max-width:none;padding:0}table{font-size:8.5pt}\n"
    ".beside td b{font-size:9pt}.range{font-size:8pt}.frame table{font-size:7.5pt}\n"
    ".dense table{font-size:6.8pt}.dense th,.dense td{padding:.15rem .2rem}\n"
    ".frame,.values{overflow:visible}thead{display:table-header-group}.definition{break-inside:avoid}\n"
    "h2,figure,caption{break-after:avoid}figure,tr{break-inside:avoid}details{border:0;padding:0}\n"
    "details::details-content{content-visibility:visible;display:block;block-size:auto}}\n";

static void element(est_i_text *output, const char *name, const char *attributes, const char *text)
{
    est_i_text_printf(output, "<%s%s>", name, attributes);
    est_i_encode_xml(output, text);
    est_i_text_printf(output, "</%s>\n", name);
}

/* ---- tables ---- */

/* An interval may go on below after its "to", nowhere else. */
static void interval_content(est_i_text *output, const char *text)
{
    const char *to = strstr(text, " to ");
    size_t before = to ? (size_t)(to - text) + 4 : 0;
    est_i_text_append(output, "<span class=\"range\">");
    est_i_encode_xml_bytes(output, text, before);
    est_i_text_append(output, to ? "<wbr>" : "");
    est_i_encode_xml(output, text + before);
    est_i_text_append(output, "</span>");
}

static void number_content(est_i_text *output, const char *text, bool strong)
{
    size_t bytes = strcspn(text, "\n");
    est_i_text_append(output, strong ? "<b>" : "");
    est_i_encode_xml_bytes(output, text, bytes);
    est_i_text_append(output, strong ? "</b>" : "");
    if (text[bytes])
        interval_content(output, text + bytes + 1);
}

/* Words that no column has room for may be broken, others never. */
static void words_content(est_i_text *output, const char *text)
{
    while (*text) {
        size_t bytes = strcspn(text, " \n"), letters = 0;
        for (const char *at = text; at < text + bytes; letters++)
            est_i_utf8_next(&at);
        est_i_text_append(output, letters > LONG_WORD ? "<span class=\"long\">" : "");
        est_i_encode_xml_bytes(output, text, bytes);
        est_i_text_append(output, letters > LONG_WORD ? "</span>" : "");
        text += bytes;
        bytes = strspn(text, " \n");
        est_i_encode_xml_bytes(output, text, bytes);
        text += bytes;
    }
}

/* A heading over the lines below it: they are a group of their own. */
static void heading_row(est_i_text *output, const est_i_grid *grid, size_t row)
{
    est_i_text_append(output, row ? "</tbody>\n<tbody>\n" : "");
    est_i_text_printf(output, "<tr class=\"kind\"><th colspan=\"%zu\" scope=\"rowgroup\">", grid->n_columns);
    words_content(output, est_i_grid_at(grid, row, 0));
    est_i_text_append(output, "</th></tr>\n");
}

static void open_cell(est_i_text *output, const est_i_grid *grid, size_t row, size_t column, bool label)
{
    const char *text = est_i_grid_at(grid, row, column);
    bool right = est_i_grid_right(grid, column), words = !right && est_i_utf8_length(text) > 24;
    const char *class_name = right ? "number" : column == 0 && !words ? "" : "words";
    if (label && est_i_grid_repeats(grid, row, column))
        class_name = words ? "words again" : "again";
    else if (column == 0 && est_i_grid_kind(grid, row) == EST_I_LINE_ITEM)
        class_name = words ? "words item" : "item";
    est_i_text_append(output, label ? "<th scope=\"row\"" : "<td");
    if (class_name[0])
        est_i_text_printf(output, " class=\"%s\"", class_name);
    est_i_text_append(output, ">");
}

/* Where labels repeat, a line over the first of each. */
static bool begins_group(const est_i_grid *grid, size_t row)
{
    return grid->repeats && grid->n_labels > 1 && row > 0 && !est_i_grid_repeats(grid, row, 0);
}

static void table_row(est_i_text *output, const est_i_grid *grid, size_t row, bool strong)
{
    if (est_i_grid_kind(grid, row) == EST_I_LINE_HEADING) {
        heading_row(output, grid, row);
        return;
    }
    est_i_text_append(output, begins_group(grid, row) ? "<tr class=\"start\">" : "<tr>");
    for (size_t column = 0; column < grid->n_columns; column++) {
        const char *text = est_i_grid_at(grid, row, column);
        bool label = column == 0 || (grid->repeats && column < grid->n_labels);
        open_cell(output, grid, row, column, label);
        if (est_i_grid_right(grid, column))
            number_content(output, text, strong && column >= grid->n_labels);
        else
            words_content(output, text);
        est_i_text_append(output, label ? "</th>" : "</td>");
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
    bool strong = strcmp(class_name, "beside") == 0;
    if (est_i_grid_failed(grid)) {
        output->failed = true;
        return;
    }
    if (grid->n_columns == 0)
        return;
    est_i_text_printf(output, "<div class=\"table %s\" tabindex=\"0\"><table>\n", class_name);
    est_i_text_append(output, "<caption>");
    words_content(output, grid->caption.length ? grid->caption.data : "");
    if (grid->remark.length) {
        est_i_text_append(output, "<span class=\"given\">");
        words_content(output, grid->remark.data);
        est_i_text_append(output, "</span>");
    }
    est_i_text_append(output, "</caption>\n");
    est_i_text_append(output, "<thead><tr>");
    for (size_t column = 0; column < grid->n_columns; column++) {
        est_i_text_printf(output, "<th scope=\"col\"%s>",
                          est_i_grid_right(grid, column) ? " class=\"number\"" : "");
        words_content(output, est_i_grid_heading(grid, column));
        est_i_text_append(output, "</th>");
    }
    est_i_text_append(output, "</tr></thead>\n<tbody>\n");
    for (size_t row = 0; row < est_i_grid_rows(grid); row++)
        table_row(output, grid, row, strong);
    est_i_text_append(output, "</tbody></table></div>\n");
    remarks(output, grid->letters.length ? grid->letters.data : "");
}

static void open_details(est_i_text *output, const char *summary)
{
    est_i_text_append(output, "<details>");
    element(output, "summary", "", summary);
}

/* ---- headline ---- */

/* Warnings only, or those notes that the answer has not told already. */
static void note_list(est_i_text *output, const est_result *result, bool first)
{
    bool told = est_i_headline(result, 0) != NULL, open = false;
    for (size_t i = 0; i < est_result_notes(result); i++) {
        const est_note *note = est_result_note(result, i);
        bool warning = note->severity == EST_WARNING;
        if (first ? !warning : (told && warning) || est_i_note_is_told(result, note))
            continue;
        if (!open && !first)
            element(output, "h2", "", "What to know before using these numbers");
        if (!open)
            est_i_text_append(output, first ? "<ul class=\"notes first\">\n" : "<ul class=\"notes\">\n");
        open = true;
        est_i_text_append(output, warning ? "<li class=\"warning\"><b>Warning:</b> " : "<li><b>Note:</b> ");
        est_i_encode_xml(output, note->message);
        est_i_text_append(output, "</li>\n");
    }
    est_i_text_append(output, open ? "</ul>\n" : "");
}

/* A number for all the data, or one for each thing that was asked: it comes first, with its warnings. */
static void answer(est_i_text *output, const est_result *result)
{
    const est_row *row = NULL;
    bool several = est_i_headline(result, 1) != NULL;
    for (size_t i = 0; (row = est_i_headline(result, i)) != NULL; i++) {
        est_i_text before = {0}, number = {0}, after = {0};
        est_i_show_answer(result, row, &before, &number, &after);
        est_i_text_append(output, several ? "<p class=\"answer several\">" : "<p class=\"answer\">");
        est_i_encode_xml(output, before.length ? before.data : "");
        est_i_text_append(output, "<strong>");
        est_i_encode_xml(output, number.length ? number.data : "");
        est_i_text_append(output, "</strong>");
        est_i_encode_xml(output, after.length ? after.data : "");
        est_i_text_append(output, "</p>\n");
        est_i_drop(&before, &output->failed);
        est_i_drop(&number, &output->failed);
        est_i_drop(&after, &output->failed);
    }
    if (est_i_headline(result, 0))
        note_list(output, result, true);
}

/* Rules as the definition writes them: to look something up, not to read. */
static bool is_rule(const est_fact *fact)
{
    return strncmp(fact->name, "Rule: ", strlen("Rule: ")) == 0 || strcmp(fact->name, "Parameters") == 0;
}

static void fact_list(est_i_text *output, const est_result *result, const char *group, bool rules)
{
    const est_fact *fact = NULL;
    const char *before = "";
    est_i_text_append(output, "<dl>\n");
    for (size_t i = 0; (fact = est_i_fact(result, group, i)) != NULL; i++) {
        if (is_rule(fact) != rules)
            continue;
        if (strcmp(before, fact->name) != 0)
            element(output, "dt", "", fact->name);
        before = fact->name;
        est_i_text_append(output, "<dd>");
        words_content(output, fact->value);
        est_i_text_append(output, "</dd>\n");
    }
    est_i_text_append(output, "</dl>\n");
}

/* Facts of a group in a box. */
static void facts(est_i_text *output, const est_result *result, const char *group, const char *title)
{
    const est_fact *fact = NULL;
    if (!est_i_fact(result, group, 0))
        return;
    est_i_text_printf(output, "<section class=\"definition\" aria-label=\"%s\"><h3>%s</h3>\n", title, title);
    fact_list(output, result, group, false);
    for (size_t i = 0; (fact = est_i_fact(result, group, i)) != NULL && !is_rule(fact); i++)
        continue;
    if (fact) {
        open_details(output, "Rules and parameters");
        fact_list(output, result, group, true);
        est_i_text_append(output, "</details>\n");
    }
    est_i_text_append(output, "</section>\n");
}

static void how_to_read(est_i_text *output, const est_result *result)
{
    double level = NAN;
    bool models = false;
    const est_row *first = NULL;
    const char *estimand = est_i_headline_estimand(result);
    for (size_t i = 0; i < est_result_rows(result); i++) {
        const est_row *row = est_result_row(result, i);
        if (row->table[0] || strcmp(row->estimand, estimand) != 0)
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
            output, "How to read this: the interval of an estimate shows how uncertain it is. If the "
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

/* The group of the headline's first row. */
static size_t headline_group(const est_result *result, const est_i_grouping *grouping)
{
    const char *estimand = est_i_headline_estimand(result);
    for (size_t row = 0; row < grouping->n_rows; row++)
        if (grouping->group[row] != SIZE_MAX && strcmp(est_result_row(result, row)->estimand, estimand) == 0)
            return grouping->group[row];
    return SIZE_MAX;
}

static void group_table(est_i_text *output, const est_result *result, const est_i_grouping *grouping,
                        size_t first)
{
    est_i_grid grid = {0};
    est_i_group_grid(result, grouping, first, (est_i_room){.detailed = true}, &grid);
    table(output, &grid, grouping->beside[first] ? "beside" : grid.n_columns < DENSE_TABLE ? "estimates" : "estimates dense");
    est_i_grid_free(&grid);
}

/* How many tables there were. */
static size_t overviews(est_i_text *output, const est_result *result, const est_i_grouping *grouping)
{
    size_t shown = 0;
    for (size_t i = 0; i < est_i_overviews(result, grouping); i++) {
        est_i_grid grid = {0};
        shown += est_i_overview_grid(result, grouping, i, &grid);
        table(output, &grid, "beside");
        est_i_grid_free(&grid);
    }
    return shown;
}

/* Returns the group that needs no other table, SIZE_MAX if every group still needs one. */
static size_t headline(est_i_text *output, const est_result *result, const est_i_grouping *grouping)
{
    est_i_grid grid = {0};
    size_t group = headline_group(result, grouping), told = SIZE_MAX;
    if (group == SIZE_MAX) {
        facts(output, result, "definition", "Definition");
        return told;
    }
    element(output, "h2", "", "The answer");
    answer(output, result);
    facts(output, result, "definition", "Definition");
    if (overviews(output, result, grouping)) {
        how_to_read(output, result);
        return told;
    }
    if (est_i_headline_grid(result, &grid)) {
        table(output, &grid, "beside");
        told = grouping->beside[group] ? group : SIZE_MAX;
    } else if (!est_i_grid_failed(&grid)) {
        group_table(output, result, grouping, group);
        told = group;
    }
    output->failed |= est_i_grid_failed(&grid);
    est_i_grid_free(&grid);
    how_to_read(output, result);
    return told;
}

/* ---- sections ---- */

static void chart(est_i_text *output, const est_i_shown_chart *shown, size_t index)
{
    char id[32] = "";
    est_i_grid grid = {0};
    est_i_number_print_fixed((double)(index + 1), 0, id, sizeof id);
    est_i_text_append(output, "<figure tabindex=\"0\">\n");
    est_i_chart_svg(shown, EST_I_SVG_INLINE, id, output);
    element(output, "figcaption", " class=\"remark\"", shown->chart.alternative);
    est_i_text_append(output, "</figure>\n");
    est_i_chart_grid(shown, &grid);
    open_details(output, grid.caption.length ? grid.caption.data : "");
    table(output, &grid, "values");
    est_i_text_append(output, "</details>\n");
    est_i_grid_free(&grid);
}

static void charts(est_i_text *output, const est_result *result)
{
    if (est_result_charts(result))
        element(output, "h2", "", "In pictures");
    for (size_t i = 0; i < est_result_charts(result); i++) {
        est_i_shown_chart shown;
        if (est_i_shown_chart_make(result, est_result_chart(result, i), &shown))
            chart(output, &shown, i);
        else
            output->failed = true;
        est_i_shown_chart_free(&shown);
    }
}

/* Of the whole and its age groups first, then of domains, then of the age groups of domains. */
static void estimates(est_i_text *output, const est_result *result, const est_i_grouping *grouping,
                      size_t told)
{
    const char *title = est_i_has_units(result) ? "Estimates in detail" : told == SIZE_MAX ? "All estimates" : "More estimates";
    bool headed = false;
    for (int part = EST_I_AGES; part <= EST_I_DOMAIN_AGES; part++) {
        for (size_t first = 0; first < grouping->n_rows; first++) {
            bool plain = part == EST_I_AGES && grouping->part[first] == EST_I_PLAIN;
            if (grouping->group[first] != first || first == told || !(plain || grouping->part[first] == (est_i_part)part))
                continue;
            if (!headed)
                element(output, "h2", "", title);
            headed = true;
            group_table(output, result, grouping, first);
        }
    }
}

/* Columns beyond the width of a sheet are a table of their own, with the names of the lines. */
static void parts_of_table(est_i_text *output, est_i_grid *grid)
{
    size_t n = grid->n_columns > 1 ? grid->n_columns - 1 : 1, n_parts = (n + MOST_ACROSS - 1) / MOST_ACROSS;
    for (size_t part = 0; part < n_parts && n_parts > 1 && !est_i_grid_failed(grid); part++) {
        est_i_grid piece = {0};
        est_i_grid_piece(grid, 1 + part * n / n_parts, 1 + (part + 1) * n / n_parts, &piece);
        if (part)
            est_i_text_append(&piece.caption, " (continued)");
        table(output, &piece, "estimates");
        est_i_grid_free(&piece);
    }
    if (n_parts <= 1)
        table(output, grid, "estimates");
    output->failed |= est_i_grid_failed(grid);
}

static void standard_tables(est_i_text *output, const est_result *result)
{
    for (size_t i = 0; i < est_i_standard_tables(result); i++) {
        est_i_grid grid = {0};
        if (i == 0)
            element(output, "h2", "", "Standard tables");
        est_i_standard_grid(result, est_i_standard_table(result, i), &grid);
        parts_of_table(output, &grid);
        est_i_grid_free(&grid);
    }
}

static void stats(est_i_text *output, const est_result *result)
{
    est_i_grid grid = {0};
    if (est_result_stats(result) == 0)
        return;
    open_details(output, est_i_stats_title(result));
    est_i_text_append(&grid.caption, "Statistics");
    est_i_stats_grid(result, &grid);
    table(output, &grid, "statistics");
    est_i_text_append(output, "</details>\n");
    est_i_grid_free(&grid);
}

static bool is_survey(const est_result *result)
{
    bool survey = est_i_has_units(result);
    for (size_t i = 0; i < est_result_rows(result) && !survey; i++)
        survey = est_i_is_of_survey(est_result_row(result, i));
    return survey;
}

/* Those of a survey were asked for; those of a fit are there to look something up. */
static void frames(est_i_text *output, const est_result *result)
{
    bool survey = is_survey(result);
    for (size_t i = 0; i < est_result_frames(result); i++) {
        const est_frame *frame = est_result_frame(result, i);
        est_i_grid grid = {0};
        if (frame->print_rows == 0 || !est_i_frame_shown(result, frame))
            continue;
        est_i_frame_grid(result, frame, frame->print_rows, &grid);
        bool folded = !survey || est_i_grid_rows(&grid) > LONG_FRAME;
        if (folded)
            open_details(output, grid.caption.length ? grid.caption.data : frame->name);
        table(output, &grid, grid.n_columns < WIDE_TABLE ? "frame" : "frame wide");
        if (frame->n_rows > frame->print_rows)
            est_i_text_printf(output, "<p class=\"remark\">... %zu more</p>\n",
                              frame->n_rows - frame->print_rows);
        est_i_text_append(output, folded ? "</details>\n" : "");
        est_i_grid_free(&grid);
    }
}

/* What was asked and what the numbers are from, or the options that were left as they are. */
static void provenance_table(est_i_text *output, const est_result *result, bool defaults, const char *caption)
{
    est_i_grid grid = {0};
    est_i_text_append(&grid.caption, caption);
    est_i_grid_column(&grid, "Name", false);
    est_i_grid_column(&grid, "Value", false);
    for (size_t i = 0; i < est_result_provenances(result); i++) {
        const est_provenance *entry = est_result_provenance(result, i);
        if (!est_i_provenance_shown(result, entry) || est_i_option_is_default(result, entry) != defaults)
            continue;
        est_i_grid_cell(&grid, entry->name);
        est_i_grid_cell(&grid, entry->value);
    }
    table(output, &grid, "provenance");
    est_i_grid_free(&grid);
}

static void provenance(est_i_text *output, const est_result *result)
{
    est_i_text others = {0};
    if (est_result_provenances(result) == 0)
        return;
    open_details(output, "Method, options and data");
    provenance_table(output, result, false, "What is needed to make these numbers again");
    est_i_say_other_options(result, &others);
    if (others.length) {
        est_i_text_append(output, "<details><summary>Options: ");
        est_i_encode_xml(output, others.data);
        est_i_text_append(output, "</summary>\n");
        provenance_table(output, result, true, "Options that were left as they are");
        est_i_text_append(output, "</details>\n");
    }
    est_i_text_append(output, "</details>\n");
    est_i_drop(&others, &output->failed);
}

static void page_head(est_i_text *output, const est_result *result)
{
    const char *data = est_i_data_name(result, false);
    est_i_text_append(output, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    est_i_text_append(output, "<title>");
    est_i_encode_xml(output, est_result_title(result));
    if (data) {
        est_i_text_append(output, " (");
        est_i_encode_xml(output, data);
        est_i_text_append(output, ")");
    }
    est_i_text_append(output, "</title>\n");
    est_i_text_append(output, "<style>");
    est_i_text_append(output, style_sheet);
    est_i_text_append(output, "</style>\n</head>\n<body>\n<header>\n");
    for (int i = 0; est_i_banner(result, i); i++)
        element(output, "p", " class=\"banner\"", est_i_banner(result, i));
    element(output, "h1", "", est_result_title(result));
    if (data) {
        est_i_text_append(output, "<p class=\"data\">Data: ");
        words_content(output, data);
        est_i_text_append(output, "</p>\n");
    }
    est_i_text_append(output, "</header>\n<main>\n");
}

static void write_html(const est_result *result, est_i_text *output)
{
    est_i_grouping grouping;
    if (!est_i_grouping_make(result, &grouping)) {
        output->failed = true;
        return;
    }
    page_head(output, result);
    size_t told = headline(output, result, &grouping);
    note_list(output, result, false);
    charts(output, result);
    estimates(output, result, &grouping, told);
    standard_tables(output, result);
    facts(output, result, "benchmark", EST_I_BENCHMARKS);
    est_i_grouping_free(&grouping);
    if (est_result_stats(result) || est_result_frames(result) || est_result_provenances(result))
        element(output, "h2", "", "How the numbers were made");
    stats(output, result);
    frames(output, result);
    provenance(output, result);
    est_i_text_append(output, "</main>\n</body>\n</html>\n");
}

const est_i_writer est_i_writer_html = {"html", ".html", write_html};
