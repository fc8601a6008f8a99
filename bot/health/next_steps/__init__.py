"""What to do next about a finding: one or two commands or edits that fit its reason.

`steps.next_step` answers for every view. One file holds the table of a group of checks; a reason
that is in no table has the general advice of its check.
"""
