/* Files written whole or not at all. */
#ifndef EST_I_CORE_FILE_H
#define EST_I_CORE_FILE_H

#include <stddef.h>

#include <est/error.h>

/* Writes beside the target and renames; on failure nothing is left and an old file stands as it was. EST_EIO. */
est_status est_i_file_write(const char *path, const char *bytes, size_t length, est_error *error);
/* The same; a new file is for its owner alone. */
est_status est_i_file_write_private(const char *path, const char *bytes, size_t length, est_error *error);

#endif
