"""How events become matches. A docstring only: importing the engine must not import Faust."""
