"""Stage 6: decide what is worth telling, route it to an owner, deliver it at least once.

`standing` puts rules and model together, `decide` compares with what was told before, `outbox`
keeps signals in the transaction that made them, `deliver` sends them. Deciding is pure; only
`outbox`, `bands`, `read` and `deliver` touch the record.
"""
