// The public header is C++ too, and its functions link.
#include <est.h>

#include <cstring>

int main()
{
    est_context context = est_context_default();
    est_error error;
    est_table *table = nullptr;
    est_error_clear(&error);
    if (est_table_open("dataset:no_such_dataset", &context, &table, &error) == EST_OK)
        return 1;
    if (table || error.code == EST_OK || std::strlen(error.message) == 0)
        return 2;
    return est_method_find("mse") ? 0 : 3;
}
