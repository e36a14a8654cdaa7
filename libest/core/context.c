/* Defaults of a context. */
#include <est/context.h>
#include <stddef.h>

est_context est_context_default(void)
{
    return (est_context){.seed = 1, .threads = 1, .poll = NULL, .tick = NULL, .note = NULL, .user = NULL};
}
