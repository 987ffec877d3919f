"""How giving goes: figures of a month and of the year before it, drawn, with a table each."""
