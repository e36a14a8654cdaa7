/* What a call may use of its surroundings: seed, threads, a way to stop it and to hear from it. */
#ifndef EST_CONTEXT_H
#define EST_CONTEXT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum est_severity { EST_NOTE = 0, EST_WARNING = 1 } est_severity;

/* Passed by pointer, NULL allowed (all defaults). Callbacks run on the calling thread only, and live only during the call.
 * poll: asked at least fifty times a second; nonzero cancels.
 * tick: told the stage and the fraction done (0 to 1) at most ten times a second; nonzero cancels.
 * note: hears each note as it is made; the result keeps them all.
 * A cancelled call frees everything and returns EST_ECANCELLED. */
typedef struct est_context {
    uint64_t seed;
    int threads; /* 0 or 1 = the calling thread only; results never depend on it */
    int (*poll)(void *user);
    int (*tick)(void *user, const char *stage, double fraction);
    void (*note)(void *user, est_severity severity, const char *code, const char *message);
    void *user;
} est_context;

/* seed 1, one thread, no callbacks. */
est_context est_context_default(void);

#ifdef __cplusplus
}
#endif

#endif
