"""Điểm Báo: feeds -> collector -> bus -> enricher -> archive -> alerter -> mail.

domain/     what the press is; no I/O, no clock. text.py first: its tokens are what all the others read;
            place/ query/ fact/ feed/ are the subjects of several files, their types in front
ports/      what we need of the world: bus, hosts, archive, ledger, fetcher, extractor, mailer, clock
adapters/   <technology>_<port>.py, one file for each way to have it;
            sqlite/ kafka/ elasticsearch/ http/ extraction/ are what these share
rulebook/   what operators wrote: YAML -> domain rules, errors with line and column; versions, live reload
settings/   diembao.yaml and DIEMBAO_* -> frozen settings; loops.py how a service runs; resources.py where files are
collector/  feeds -> press.collected, press.unmatched      begins at collect.py
enricher/   press.collected -> archive, press.enriched     begins at enrich.py; steps.py is the pipeline
alerter/    press.enriched -> letters                      begins at alert.py; digest.py, finding_notice.py
            and urgent_notice.py are the three kinds of letter
desk/       what people do: review findings, ask why, try new watches, back up, examine the installation
replay/     past days again: into an archive, as letters; on a log and a ledger of its own
wiring/     settings -> adapters -> services
cli/        the commands; __main__.py puts them together
"""
