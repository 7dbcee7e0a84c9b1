class Refused(Exception):
    """A write that the program's rules do not allow; the message says what happened and what to do next."""
