"""Recording the processes that a program starts, beside the program itself."""
