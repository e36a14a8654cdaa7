/* The domains of a survey's rows, and which of them add up to which.
 *
 * A domain is a population, an age group and values of labels: a set of cases. Rows of the same set are of one domain, whatever
 * their table, their estimand and the order of their labels. Populations told in other words, that have the same cases and the same
 * weights wherever both are shown, are one. Beside the domains that rows are of there are those that follow: sums of what is shown
 * (by one label of several), the ages that groups differ by, and the cases that have no value of a label.
 *
 * An equation is a list of domains: the first is the sum of the others.
 * - Labels: a domain is the sum of the domains that have more labels of the same names. There may be several such divisions.
 * - Ages: a group is the sum of the smallest intervals between the ends of all groups, so that groups may overlap as they like.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/reliability.h"
#include "core/suppress_parts.h"

#define NONE SIZE_MAX
#define MOST_NAMES 32 /* of labels, as bits; a result has a handful */

/* Lists that grow */

static bool reserve(void **list, size_t *room, size_t wanted, size_t size)
{
    size_t grown = *room ? *room : 64;
    void *larger = *list;
    while (grown < wanted)
        grown *= 2;
    if (grown > *room || !*list) {
        larger = grown <= SIZE_MAX / 2 / size ? realloc(*list, grown * size) : NULL;
        if (larger) {
            *list = larger;
            *room = grown;
        }
    }
    return larger != NULL;
}

/* Texts: few, or found by their texts */

static size_t hash_text(const char *text, size_t hash)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * (size_t)0x100000001b3u;
    return hash ^ (hash >> 15);
}

static size_t text_number(const char **texts, size_t *count, const char *text)
{
    size_t i = 0;
    while (i < *count && strcmp(texts[i], text) != 0)
        i++;
    if (i == *count)
        texts[(*count)++] = text;
    return i;
}

/* The number of a label; slots hold number + 1. Tables may have many thousand domains. */
static size_t label_number(est_i_divisions *d, const est_label *label)
{
    size_t slot = hash_text(label->value, hash_text(label->name, (size_t)0xcbf29ce484222325u)) & (d->n_label_slots - 1);
    while (d->label_slots[slot]) {
        const est_label *other = d->pairs[d->label_slots[slot] - 1];
        if (strcmp(other->name, label->name) == 0 && strcmp(other->value, label->value) == 0)
            return d->label_slots[slot] - 1;
        slot = (slot + 1) & (d->n_label_slots - 1);
    }
    d->names[d->n_pairs] = text_number(d->name_texts, &d->n_names, label->name) % MOST_NAMES;
    d->pairs[d->n_pairs] = label;
    d->label_slots[slot] = d->n_pairs + 1;
    return d->n_pairs++;
}

/* Ages */

/* The number of an age group; a group of no known ages (NaN) is one by its name. */
static size_t ages_number(est_i_divisions *d, const char *name, double youngest, double oldest)
{
    size_t i = 0;
    bool known = !isnan(youngest);
    while (i < d->n_ages && !(known ? d->ages[i].youngest == youngest && d->ages[i].oldest == oldest
                                    : isnan(d->ages[i].youngest) && strcmp(d->ages[i].name, name) == 0))
        i++;
    if (i == d->n_ages) {
        if (!reserve((void **)&d->ages, &d->ages_room, i + 1, sizeof *d->ages))
            d->failed = true;
        else
            d->ages[d->n_ages++] = (est_i_ages){name, youngest, oldest};
    }
    return i;
}

static size_t ages_of_row(est_i_divisions *d, const est_row *row)
{
    const est_result *result = d->result;
    const char *name = result->n_ages ? row->ages : "";
    for (size_t i = 0; i < result->n_ages; i++)
        if (strcmp(result->ages[i].name, name) == 0)
            return ages_number(d, name, result->ages[i].youngest, result->ages[i].oldest);
    return ages_number(d, name, NAN, NAN);
}

/* The label that says the age group is none. */
static bool is_age_label(const est_i_divisions *d, const est_row *row, size_t label)
{
    return d->result->n_ages > 0 && strcmp(row->domain[label].name, "age") == 0 && strcmp(row->domain[label].value, row->ages) == 0;
}

static void add_cut(est_i_divisions *d, double age)
{
    size_t at = 0;
    while (at < d->n_cuts && d->cuts[at] < age)
        at++;
    if (at < d->n_cuts && d->cuts[at] == age)
        return;
    memmove(d->cuts + at + 1, d->cuts + at, (d->n_cuts - at) * sizeof *d->cuts);
    d->cuts[at] = age;
    d->n_cuts++;
}

/* Where groups begin, or end: the first age beyond. */
static bool make_cuts(est_i_divisions *d)
{
    const est_result *result = d->result;
    d->cuts = calloc(2 * (result->n_ages + result->n_age_shares) + 1, sizeof *d->cuts);
    for (size_t i = 0; i < result->n_ages && d->cuts; i++) {
        add_cut(d, result->ages[i].youngest);
        add_cut(d, result->ages[i].oldest + 1);
    }
    for (size_t i = 0; i < result->n_age_shares && d->cuts; i++) {
        add_cut(d, result->age_shares[i].youngest);
        add_cut(d, result->age_shares[i].oldest + 1);
    }
    return d->cuts != NULL;
}

/* Domains */

static size_t key_hash(size_t population, size_t ages, const size_t *labels, size_t n)
{
    size_t hash = (population * 8191 + ages) * 127 + n;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ labels[i]) * (size_t)0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static size_t find_slot(const est_i_divisions *d, size_t population, size_t ages, const size_t *labels, size_t n)
{
    size_t slot = key_hash(population, ages, labels, n) & (d->n_slots - 1);
    for (; d->slots[slot]; slot = (slot + 1) & (d->n_slots - 1)) {
        const est_i_domain *other = &d->list[d->slots[slot] - 1];
        bool same = other->population == population && other->ages == ages && other->n_labels == n;
        if (same && (n == 0 || memcmp(d->labels + other->at, labels, n * sizeof *labels) == 0))
            break;
    }
    return slot;
}

static size_t find_domain(const est_i_divisions *d, size_t population, size_t ages, const size_t *labels, size_t n)
{
    size_t found = d->slots[find_slot(d, population, ages, labels, n)];
    return found ? found - 1 : NONE;
}

static bool rehash(est_i_divisions *d, size_t n_slots)
{
    size_t *slots = calloc(n_slots, sizeof *slots);
    free(d->slots);
    d->slots = slots;
    d->n_slots = n_slots;
    for (size_t i = 0; i < d->n_domains && slots; i++) {
        const est_i_domain *domain = &d->list[i];
        if (domain->source != EST_I_OF_NOBODY)
            slots[find_slot(d, domain->population, domain->ages, d->labels + domain->at, domain->n_labels)] = i + 1;
    }
    return slots != NULL;
}

/* A domain without a key; `labels` may stand in d->labels. */
static size_t append_domain(est_i_divisions *d, size_t population, size_t ages, const size_t *labels, size_t n, est_i_source source)
{
    size_t copy[EST_I_MOST_LABELS];
    for (size_t i = 0; i < n; i++)
        copy[i] = labels[i];
    if (!reserve((void **)&d->list, &d->room, d->n_domains + 1, sizeof *d->list) ||
        !reserve((void **)&d->labels, &d->label_room, d->n_labels + n + 1, sizeof *d->labels)) {
        d->failed = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        d->labels[d->n_labels + i] = copy[i];
    d->list[d->n_domains] = (est_i_domain){.first = NONE, .population = population, .ages = ages, .at = d->n_labels, .n_labels = n,
                                           .n = NAN, .n_weighted = NAN, .source = source};
    d->n_labels += n;
    return d->n_domains++;
}

/* The domain of that key, made if there is none. There is always a domain, so that a failure leaves a valid number. */
static size_t domain_of(est_i_divisions *d, size_t population, size_t ages, const size_t *labels, size_t n, est_i_source source)
{
    size_t found = find_domain(d, population, ages, labels, n);
    if (found == NONE && !d->failed) {
        found = append_domain(d, population, ages, labels, n, source);
        if (!d->failed && 2 * d->n_domains > d->n_slots)
            d->failed = !rehash(d, 2 * d->n_slots);
        else if (!d->failed)
            d->slots[find_slot(d, population, ages, d->labels + d->list[found].at, n)] = found + 1;
    }
    return d->failed ? 0 : found;
}

/* Labels of a row as numbers, in the order of their names, so that the order on the page does not matter. */
static size_t labels_of_row(est_i_divisions *d, const est_row *row, size_t *labels)
{
    size_t n = 0;
    for (size_t i = 0; i < row->n_domain && n < EST_I_MOST_LABELS; i++)
        if (!is_age_label(d, row, i))
            labels[n++] = label_number(d, &row->domain[i]);
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && d->names[labels[j]] < d->names[labels[j - 1]]; j--) {
            size_t spare = labels[j];
            labels[j] = labels[j - 1];
            labels[j - 1] = spare;
        }
    return n;
}

/* Steps of a weighting are the same people over again, and comparisons nobody of their own: they add up to nothing. What the method
 * itself does not show, for few cases, is a part like others. */
static bool adds_up(const est_row *row)
{
    bool step = row->n_domain == 1 && strcmp(row->domain[0].name, "step") == 0;
    bool unknown = isnan(row->n) && !(row->flags & EST_FLAG_BIT(EST_FLAG_FEW_CASES));
    return est_i_kind_of(row) != EST_I_KIND_CONTRAST && !step && !unknown;
}

/* A domain has the most cases of its rows. */
static void count_row(est_i_domain *domain, size_t index, const est_row *row)
{
    domain->first = domain->first == NONE ? index : domain->first;
    domain->source = EST_I_OF_ROWS;
    domain->adds_up = domain->adds_up || (adds_up(row) && row->n_domain <= EST_I_MOST_LABELS);
    if (est_i_kind_of(row) != EST_I_KIND_CONTRAST && !isnan(row->n) && !(row->n <= domain->n)) {
        domain->n = row->n;
        domain->n_weighted = row->n_weighted;
    }
}

/* The domains of all rows; `same[p]`: the population that p is. */
static void number_rows(est_i_divisions *d, const size_t *same)
{
    const est_result *result = d->result;
    size_t labels[EST_I_MOST_LABELS], n_populations = 0;
    d->n_domains = d->n_labels = 0;
    d->failed = d->failed || !rehash(d, d->n_slots);
    for (size_t r = 0; r < result->n_rows && !d->failed; r++) {
        const est_row *row = &result->rows[r];
        size_t population = same[text_number(d->populations, &n_populations, row->population)];
        size_t n = labels_of_row(d, row, labels), ages = ages_of_row(d, row);
        d->domain[r] = d->failed ? 0 : domain_of(d, population, ages, labels, n, EST_I_OF_ROWS);
        if (!d->failed)
            count_row(&d->list[d->domain[r]], r, row);
    }
    d->n_populations = n_populations;
}

/* Are the two the same people, as far as both are shown? Conditions on the age may be part of one of them: then they share no domain,
 * and add up with it as its other ages do. */
static bool is_same_population(const est_i_divisions *d, size_t a, size_t b)
{
    size_t stem = strcspn(d->populations[a], ";");
    bool same = strcspn(d->populations[b], ";") == stem && memcmp(d->populations[a], d->populations[b], stem) == 0;
    for (size_t i = 0; i < d->n_domains && same; i++) {
        const est_i_domain *one = &d->list[i];
        size_t other = one->population == b ? find_domain(d, a, one->ages, d->labels + one->at, one->n_labels) : NONE;
        if (other != NONE)
            same = one->n == d->list[other].n && one->n_weighted == d->list[other].n_weighted;
    }
    return same;
}

static void merge_populations(est_i_divisions *d, size_t *same)
{
    for (size_t b = 1; b < d->n_populations && !d->failed; b++)
        for (size_t a = 0; a < b && same[b] == b && !d->failed; a++)
            if (same[a] == a && is_same_population(d, a, b)) {
                same[b] = a;
                number_rows(d, same);
            }
}

/* Equations */

static size_t new_margin(est_i_divisions *d, size_t of, const size_t *labels, size_t n)
{
    const est_i_domain domain = d->list[of];
    return domain_of(d, domain.population, domain.ages, labels, n, EST_I_OF_SUMS);
}

/* The labels of the domain that have these names; `names` bit by bit. */
static size_t labels_named(const est_i_divisions *d, size_t domain, size_t names, size_t *labels)
{
    size_t n = 0;
    for (size_t i = 0; i < d->list[domain].n_labels; i++) {
        size_t label = d->labels[d->list[domain].at + i];
        if (names >> d->names[label] & 1)
            labels[n++] = label;
    }
    return n;
}

static size_t names_of(const est_i_divisions *d, size_t domain)
{
    size_t names = 0;
    for (size_t i = 0; i < d->list[domain].n_labels; i++)
        names |= (size_t)1 << d->names[d->labels[d->list[domain].at + i]];
    return names;
}

/* A sum that no row shows is what its parts add up to; one that is shown may have more, cases without a value of a label: few of them
 * are to be protected like others, many are taken as known. */
static void finish_sum(est_i_divisions *d, size_t total, size_t start, double least)
{
    double sum = 0;
    for (size_t i = start + 1; i < d->sums.n_members; i++)
        sum += d->list[d->sums.members[i]].n;
    double rest = d->list[total].n - sum;
    if (d->list[total].source == EST_I_OF_SUMS && isnan(d->list[total].n))
        d->list[total].n = sum;
    if (rest >= 1 && rest < least) {
        size_t others = append_domain(d, d->list[total].population, d->list[total].ages, NULL, 0, EST_I_OF_NOBODY);
        if (!d->failed) {
            d->list[others].n = rest;
            est_i_groups_add(&d->sums, others);
        }
    }
    est_i_groups_end(&d->sums);
}

/* Domains of these names, by their labels of `sum_names`: one equation for each sum. */
static void add_division(est_i_divisions *d, size_t names, size_t sum_names, size_t n_rows_domains, double least)
{
    size_t *first = malloc((n_rows_domains + 1) * sizeof *first), *next = malloc((n_rows_domains + 1) * sizeof *next);
    size_t *total = malloc((n_rows_domains + 1) * sizeof *total);
    d->failed = d->failed || !first || !next || !total;
    size_t n_totals = 0, labels[EST_I_MOST_LABELS];
    for (size_t i = n_rows_domains; i-- > 0 && !d->failed;) {
        if (!d->list[i].adds_up || names_of(d, i) != names)
            continue;
        size_t n = labels_named(d, i, sum_names, labels), sum = new_margin(d, i, labels, n), t = d->list[sum].mark;
        if (!(t < n_totals && total[t] == sum)) {
            t = d->list[sum].mark = n_totals++;
            total[t] = sum;
            first[t] = NONE;
        }
        next[i] = first[t];
        first[t] = i;
    }
    for (size_t t = n_totals; t-- > 0 && !d->failed;) {
        size_t start = d->sums.n_members;
        est_i_groups_add(&d->sums, total[t]);
        for (size_t i = first[t]; i != NONE; i = next[i])
            est_i_groups_add(&d->sums, i);
        if (!d->sums.failed)
            finish_sum(d, total[t], start, least);
    }
    free(first);
    free(next);
    free(total);
}

/* Every set of names that rows have, against each smaller one that rows have, single names, and none. */
static void add_divisions(est_i_divisions *d, double least)
{
    size_t n = d->n_domains, n_shapes = 0, *shapes = malloc((n + d->n_names + 2) * sizeof *shapes);
    d->failed = d->failed || !shapes;
    for (size_t i = 0; i < n && !d->failed; i++) {
        size_t names = names_of(d, i), s = 0;
        while (s < n_shapes && shapes[s] != names)
            s++;
        if (s == n_shapes && d->list[i].adds_up)
            shapes[n_shapes++] = names;
    }
    size_t of_rows = n_shapes;
    for (size_t name = 0; name <= d->n_names && name <= MOST_NAMES && !d->failed; name++) {
        size_t names = name < d->n_names && name < MOST_NAMES ? (size_t)1 << name : 0, s = 0;
        while (s < n_shapes && shapes[s] != names)
            s++;
        if (s == n_shapes)
            shapes[n_shapes++] = names;
    }
    for (size_t s = 0; s < of_rows && !d->failed; s++)
        for (size_t t = 0; t < n_shapes && !d->failed; t++)
            if (shapes[t] != shapes[s] && (shapes[t] & ~shapes[s]) == 0)
                add_division(d, shapes[s], shapes[t], n, least);
    free(shapes);
}

/* The group is the sum of the intervals between the cuts that lie in it, if these are several. */
static void add_ages(est_i_divisions *d, size_t domain)
{
    est_i_ages ages = d->ages[d->list[domain].ages];
    size_t from = 0;
    while (from < d->n_cuts && d->cuts[from] < ages.youngest)
        from++;
    if (isnan(ages.youngest) || from + 1 >= d->n_cuts || !(d->cuts[from + 1] <= ages.oldest))
        return;
    est_i_groups_add(&d->sums, domain);
    for (size_t i = from; i + 1 < d->n_cuts && d->cuts[i] <= ages.oldest && !d->failed; i++) {
        size_t number = ages_number(d, "", d->cuts[i], d->cuts[i + 1] - 1);
        const est_i_domain of = d->list[domain];
        if (!d->failed)
            est_i_groups_add(&d->sums, domain_of(d, of.population, number, d->labels + of.at, of.n_labels, EST_I_OF_AGES));
    }
    est_i_groups_end(&d->sums);
}

bool est_i_divisions_relate(est_i_divisions *d, double least)
{
    add_divisions(d, least);
    d->n_by_labels = d->sums.n_groups;
    for (size_t i = 0, n = d->n_domains; i < n && !d->failed; i++)
        if (d->list[i].adds_up || d->list[i].source == EST_I_OF_SUMS)
            add_ages(d, i);
    d->failed = d->failed || d->sums.failed;
    return !d->failed;
}

/* Shares of ages */

static const est_i_ages *share_of(const est_result *result, const est_row *row)
{
    const est_i_ages *found = NULL;
    for (size_t i = 0; i < result->n_age_shares && !found; i++) {
        size_t length = strlen(result->age_shares[i].name);
        bool same = strncmp(row->estimand, result->age_shares[i].name, length) == 0;
        if (same && (row->estimand[length] == '\0' || strcmp(row->estimand + length, "_number") == 0))
            found = &result->age_shares[i];
    }
    return found;
}

/* The numerator is the number of cases of a domain, which counts as shown in the row. */
static void number_shares(est_i_divisions *d)
{
    for (size_t r = 0; r < d->result->n_rows && !d->failed; r++) {
        const est_row *row = &d->result->rows[r];
        const est_i_ages *share = share_of(d->result, row);
        const est_i_domain of = d->list[d->domain[r]];
        est_i_ages ages = d->ages[of.ages];
        d->share[r] = NONE;
        double youngest = share ? fmax(ages.youngest, share->youngest) : NAN, oldest = share ? fmin(ages.oldest, share->oldest) : NAN;
        if (!(youngest <= oldest))
            continue;
        size_t number = ages_number(d, "", youngest, oldest);
        if (!d->failed)
            d->share[r] = domain_of(d, of.population, number, d->labels + of.at, of.n_labels, EST_I_OF_ROWS);
        est_i_domain *part = &d->list[d->failed ? 0 : d->share[r]];
        if (isnan(part->n))
            part->n = row->numerator;
        part->adds_up = true;
    }
}

bool est_i_divisions_make(est_i_divisions *d, const est_result *result)
{
    size_t n = result->n_rows + 1, n_labels = 1;
    for (size_t r = 0; r < result->n_rows; r++)
        n_labels += result->rows[r].n_domain;
    *d = (est_i_divisions){.result = result, .n_slots = 64, .n_label_slots = 16};
    while (d->n_label_slots < 2 * n_labels)
        d->n_label_slots *= 2;
    d->domain = calloc(n, sizeof *d->domain);
    d->share = calloc(n, sizeof *d->share);
    d->populations = calloc(n, sizeof *d->populations);
    d->pairs = calloc(n_labels, sizeof *d->pairs);
    d->names = calloc(n_labels, sizeof *d->names);
    d->name_texts = calloc(n_labels, sizeof *d->name_texts);
    d->label_slots = calloc(d->n_label_slots, sizeof *d->label_slots);
    size_t *same = malloc(n * sizeof *same);
    d->failed = !d->domain || !d->share || !d->populations || !d->pairs || !d->names || !d->name_texts || !d->label_slots || !same ||
                !make_cuts(d);
    for (size_t i = 0; i < n && !d->failed; i++)
        same[i] = i;
    if (!d->failed)
        number_rows(d, same);
    if (!d->failed)
        merge_populations(d, same);
    if (!d->failed)
        number_shares(d);
    free(same);
    return !d->failed;
}

void est_i_divisions_free(est_i_divisions *d)
{
    est_i_groups_free(&d->sums);
    free(d->domain);
    free(d->share);
    free(d->populations);
    free(d->pairs);
    free(d->names);
    free(d->name_texts);
    free(d->label_slots);
    free(d->slots);
    free(d->list);
    free(d->labels);
    free(d->ages);
    free(d->cuts);
    *d = (est_i_divisions){0};
}
