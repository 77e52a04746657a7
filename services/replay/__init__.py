"""Days again: what the log holds of them, through the very enricher and the very alerter.

scratch.py  the log, ledger and clock that a replay writes to; the installation's own are only read
fill.py     press.collected -> an archive
letters.py  the letters that those days would have brought under the rules at hand
"""
