/* The registry: the only file that knows every method. */
#include <string.h>

#include <est/method.h>

#define EST_METHOD(id) extern const est_method est_i_method_##id;
#include "methods.h"
#undef EST_METHOD

#define EST_METHOD(id) &est_i_method_##id,
static const est_method *const registry[] = {
#include "methods.h"
};
#undef EST_METHOD

size_t est_method_count(void)
{
    return sizeof registry / sizeof registry[0];
}

const est_method *est_method_get(size_t index)
{
    return index < est_method_count() ? registry[index] : NULL;
}

const est_method *est_method_find(const char *id)
{
    const est_method *found = NULL;
    for (size_t i = 0; id && i < est_method_count() && !found; i++)
        if (strcmp(registry[i]->id, id) == 0)
            found = registry[i];
    return found;
}
