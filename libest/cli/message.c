#include "message.h"

#include <stdarg.h>
#include <stdio.h>

est_status cli_fail(est_error *error, est_status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    est_error_clear(error);
    error->code = code;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return code;
}

void cli_say(const char *prefix, const char *text, const char *code)
{
    fputs(prefix, stderr);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        fputc(byte < 0x20 || byte == 0x7F ? ' ' : byte, stderr);
    }
    if (code)
        fprintf(stderr, " (%s)", code);
    fputc('\n', stderr);
}

void cli_show_error(const est_error *error, est_status status, const char *command)
{
    if (error->message[0])
        cli_say("est: ", error->message, est_status_name(status));
    else if (status != EST_EIO)
        cli_say("est: ", "failed", est_status_name(status));
    if (status == EST_EOPTION)
        fprintf(stderr, "see: %s --help\n", command);
}
