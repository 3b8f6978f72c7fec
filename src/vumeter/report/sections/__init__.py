"""The summary's sections: functions from a summary to lines; no lines where it has none."""
