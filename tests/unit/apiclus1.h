/* 183 schools of 15 districts, a sample of clusters from the California Academic Performance Index of 2000 (California Department
 * of Education; the data set apiclus1 of the R package survey): district, type of school, score, and whether the school and its
 * groups of pupils met their targets. */
#ifndef EST_TESTS_APICLUS1_H
#define EST_TESTS_APICLUS1_H

#include <string.h>

#include <est.h>

#define APICLUS1_ROWS 183

static const char apiclus1[] =
    "dnum,stype,api00,wide,improved\n"
    "637,H,608,Y,Y\n637,E,684,Y,Y\n637,E,612,Y,Y\n637,E,710,Y,N\n637,E,729,Y,Y\n637,E,714,Y,Y\n"
    "637,E,759,Y,Y\n637,E,585,Y,N\n637,E,625,Y,Y\n637,M,664,Y,Y\n637,M,669,Y,Y\n437,H,443,Y,Y\n"
    "437,E,467,Y,Y\n437,M,482,Y,Y\n437,E,496,Y,Y\n778,M,411,N,N\n778,E,494,Y,Y\n197,E,493,Y,Y\n"
    "197,M,592,N,N\n197,E,550,Y,Y\n197,M,689,Y,N\n197,M,598,N,N\n197,E,628,Y,Y\n197,E,652,Y,Y\n"
    "197,E,628,Y,Y\n197,E,832,Y,Y\n197,E,777,Y,Y\n197,E,709,Y,Y\n197,E,709,N,N\n197,E,736,Y,Y\n"
    "406,E,561,Y,Y\n406,E,555,Y,Y\n815,H,696,N,N\n815,M,631,N,N\n815,E,564,Y,N\n815,E,602,Y,N\n"
    "178,H,529,Y,Y\n178,E,491,Y,Y\n178,E,510,Y,Y\n178,M,547,N,N\n255,E,814,Y,Y\n255,E,806,Y,Y\n"
    "255,E,715,Y,Y\n255,E,785,Y,N\n255,M,720,Y,Y\n255,E,905,Y,Y\n255,M,617,Y,Y\n255,E,630,Y,Y\n"
    "255,E,629,Y,Y\n255,E,696,Y,Y\n255,E,476,Y,Y\n255,E,757,Y,N\n255,E,825,Y,Y\n255,E,595,Y,Y\n"
    "255,E,552,N,N\n255,M,847,Y,Y\n568,H,714,Y,Y\n568,H,724,Y,N\n568,H,687,N,N\n568,H,723,Y,Y\n"
    "568,E,662,Y,Y\n568,E,699,N,N\n568,E,807,Y,N\n568,M,679,Y,N\n568,E,691,Y,Y\n135,E,622,Y,Y\n"
    "135,E,754,Y,N\n135,E,655,Y,Y\n135,E,764,Y,Y\n135,E,795,Y,Y\n135,E,505,Y,Y\n135,E,638,N,N\n"
    "135,E,733,Y,Y\n135,E,523,Y,Y\n135,E,511,Y,Y\n135,E,710,Y,N\n135,E,657,Y,Y\n135,E,602,Y,N\n"
    "135,E,490,Y,Y\n135,E,664,N,N\n135,E,651,Y,Y\n135,E,603,Y,Y\n135,E,698,Y,Y\n135,E,511,Y,Y\n"
    "135,E,814,Y,Y\n135,E,669,Y,N\n135,E,711,N,N\n135,E,538,Y,Y\n135,E,705,Y,Y\n135,E,595,Y,Y\n"
    "135,E,551,Y,Y\n135,E,762,Y,Y\n135,E,521,Y,Y\n135,E,709,Y,Y\n135,E,780,Y,Y\n135,E,780,Y,Y\n"
    "135,E,722,Y,N\n135,E,828,Y,Y\n135,E,737,Y,Y\n510,H,595,N,N\n510,H,661,Y,N\n510,E,502,Y,Y\n"
    "510,M,614,N,N\n510,E,585,Y,Y\n510,E,582,Y,Y\n510,M,642,Y,Y\n510,E,536,Y,N\n510,E,746,Y,Y\n"
    "510,E,667,Y,N\n510,E,629,N,N\n510,E,745,Y,Y\n510,E,674,Y,Y\n510,E,637,Y,Y\n510,E,696,Y,Y\n"
    "510,E,632,Y,Y\n510,E,639,Y,Y\n510,E,745,Y,Y\n510,E,789,Y,N\n510,M,656,Y,Y\n510,E,789,Y,Y\n"
    "716,H,517,Y,N\n716,H,478,Y,Y\n716,H,582,Y,N\n716,E,592,Y,Y\n716,E,587,Y,Y\n716,E,553,Y,Y\n"
    "716,E,516,Y,Y\n716,E,535,Y,N\n716,E,566,Y,Y\n716,E,481,N,N\n716,E,472,Y,Y\n716,E,559,Y,N\n"
    "716,E,610,Y,Y\n716,E,599,Y,Y\n716,E,551,Y,N\n716,E,554,Y,Y\n716,E,561,N,N\n716,E,505,N,N\n"
    "716,E,492,N,N\n716,E,504,Y,Y\n716,E,487,Y,Y\n716,E,627,Y,Y\n716,E,465,Y,Y\n716,E,529,Y,Y\n"
    "716,E,625,Y,Y\n716,E,436,Y,N\n716,E,542,Y,Y\n716,E,515,N,N\n716,M,461,Y,Y\n716,M,528,Y,Y\n"
    "716,M,512,Y,Y\n716,M,508,Y,Y\n716,E,670,Y,Y\n716,E,760,Y,Y\n716,E,652,Y,Y\n716,E,546,Y,Y\n"
    "716,E,717,Y,Y\n61,E,701,Y,Y\n61,E,748,Y,Y\n61,E,735,Y,N\n61,M,699,N,N\n61,E,685,Y,Y\n"
    "61,E,827,Y,Y\n61,M,711,Y,Y\n61,E,677,Y,Y\n61,M,759,N,N\n61,E,697,Y,Y\n61,E,742,Y,Y\n"
    "61,E,691,Y,Y\n61,E,700,Y,Y\n413,E,551,Y,Y\n448,H,703,Y,Y\n448,E,676,Y,Y\n448,E,714,Y,Y\n"
    "448,E,842,Y,Y\n448,E,824,Y,Y\n448,E,717,Y,Y\n448,E,836,Y,Y\n448,M,733,Y,N\n448,E,719,Y,Y\n"
    "448,M,817,Y,Y\n448,E,749,Y,Y\n448,E,781,Y,Y\n"
    "";

/* With the weight of every school and the number of districts in the state. */
static inline est_status apiclus1_open(est_table **table, est_error *error)
{
    double weight[APICLUS1_ROWS], districts[APICLUS1_ROWS];
    for (size_t i = 0; i < APICLUS1_ROWS; i++) {
        weight[i] = 33.846996307373;
        districts[i] = 757;
    }
    est_status status = est_table_parse_csv("apiclus1", apiclus1, strlen(apiclus1), NULL, table, error);
    if (status == EST_OK)
        status = est_table_add_numbers(*table, "weight", weight, error);
    return status == EST_OK ? est_table_add_numbers(*table, "districts", districts, error) : status;
}

#endif
