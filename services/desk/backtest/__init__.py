"""New watches over the days that are past: what they would have caught, and the letters that it would have made.

read.py      the articles of those days (days.py) under new rules; judge.py: those that came unmatched
             basis.py: what of an earlier reading still holds; pool.py: the machine's other cores
trial.py     the back-test as a whole: compare.py: each watch's gained, lost, excluded (reasons.py: why);
             forecast.py: the letters (stories.py); beside.py: with files that are not in force
samples.py   ticked articles become samples of the watch
apply.py     what was not caught then comes into the archive, and mails nothing
"""
