"""What operators wrote, from the folder to the rules that run; versions of it in the ledger.

folder.py    the texts that stand there, and texts put there whole; yaml_source.py reads each file
load.py      texts -> book.py's Rulebook or every error (convert.py, schema.py, *_checks.py, fair_words.py, errors.py)
proof.py     what lets changed watches take effect: a back-test or an override of that very text
accepted.py  which set is in force, and every one that was; changes.py tells them apart
live.py      one process follows folder and ledger; records.py is what it leaves there: pending.py, seen.py
apply.py     the same by a command: tested watches, an earlier version
versions.py  the rules that a message on its way was judged by
"""
