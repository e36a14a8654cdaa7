# Conditions: a fault of the library, a note of severity "warning", an interrupt. Messages end in the greppable code.

est_stop <- function(code, message, where = "", column = "", record = 0, line = 0, call = NULL) {
  stop(structure(
    class = c(paste0("est_error_", code), "est_error", "error", "condition"),
    list(message = sprintf("%s (%s)", message, code), call = call, code = code, where = where, column = column, record = record, line = line)
  ))
}

est_stop_with <- function(fields) {
  est_stop(fields$code, fields$message, fields$where, fields$column, fields$record, fields$line)
}

# One warning a run. Its field `notes` has every note; the text lists them.
est_warn <- function(notes) {
  notes <- notes[notes$severity == "warning", , drop = FALSE]
  if (nrow(notes) > 0)
    warning(structure(
      class = c("est_warning", "warning", "condition"),
      list(message = paste(notes$message, collapse = "\n"), call = NULL, notes = notes)
    ))
}

# The library stopped because of Ctrl-C, which that check used up: raised again here.
est_interrupt <- function() {
  signalCondition(structure(class = c("interrupt", "condition"), list(message = "interrupted", call = NULL)))
  invokeRestart("abort")
}
