"""What is given regularly: lists by how it goes, what comes this month, one of it; and a change
that its donor asked for by mail or by telephone."""
