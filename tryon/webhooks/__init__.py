"""Events on their way to the shop's programs, as Standard Webhooks 1.0 has it.

The rows are the queue of record (`models.webhooks`); losing every message or killing
any process loses none of them.
"""
