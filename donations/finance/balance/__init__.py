"""Where the money is: payouts, disputes, the books, and what each appeal brought."""
