/* The kernel for 2 data sets side by side. */
#define LANES 2
#define SUFFIX 2
#include "mse/kernel_body.h"
