/* The version, given by the build (EST_VERSION). */
#include <est.h>

const char *est_version(void)
{
    return EST_VERSION;
}
