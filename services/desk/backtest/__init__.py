"""New watches over the days that are past: what they would have caught, and the letters that it would have made.

read.py      the articles of those days under new rules; basis.py: what of an earlier reading still holds
trial.py     each watch: gained, lost, excluded (reasons.py: why), and the forecast (forecast.py, stories.py)
samples.py   ticked articles become samples of the watch; pool.py: the machine's other cores
apply.py     what was not caught then comes into the archive, and mails nothing
"""
