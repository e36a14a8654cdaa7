/* The kernel for 1 data set side by side. */
#define LANES 1
#define SUFFIX 1
#include "mse/kernel_body.h"
