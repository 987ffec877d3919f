"""Staff's pages about readers: how many come and go; one of them, who was asked for by address."""
