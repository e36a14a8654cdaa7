/* The kernel for 4 data sets side by side. */
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#elif defined(__x86_64__)
#pragma GCC target("avx2")
#endif
#define LANES 4
#define SUFFIX 4
#include "mse/kernel_body.h"
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
