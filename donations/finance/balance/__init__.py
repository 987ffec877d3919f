"""Where the money is: payouts, disputes, the books and their months, the bank, gifts without
Stripe, and what each appeal brought."""
