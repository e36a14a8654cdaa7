/* The kernel for 8 data sets side by side. */
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#elif defined(__x86_64__)
#pragma GCC target("avx512f")
#endif
#define LANES 8
#define SUFFIX 8
#include "mse/kernel_body.h"
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#endif
