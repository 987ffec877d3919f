"""What comes to readers by the calendar: the welcome series, the question to who is silent."""
