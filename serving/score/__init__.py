"""Who is asked about, what is known of them, and where they stand: the score calls."""
