class ShapeError(Exception):
    """A failure with a code, told to the operator in the error document of the step."""

    def __init__(self, code, message, fault="user", **facts):
        super().__init__(message)
        self.code, self.fault, self.facts = code, fault, facts
