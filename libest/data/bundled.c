#include "data/bundled.h"

#include <string.h>

size_t est_dataset_count(void)
{
    return est_i_bundled_count;
}

const est_dataset *est_dataset_get(size_t index)
{
    return index < est_i_bundled_count ? &est_i_bundled[index] : NULL;
}

const est_dataset *est_dataset_find(const char *name)
{
    const est_dataset *found = NULL;
    for (size_t i = 0; name && i < est_i_bundled_count && !found; i++)
        if (strcmp(est_i_bundled[i].name, name) == 0)
            found = &est_i_bundled[i];
    return found;
}
