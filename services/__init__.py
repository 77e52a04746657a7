"""Điểm Báo: feeds -> collector -> bus -> enricher -> archive -> alerter -> mail.

domain/     what the press is; no I/O, no clock. text.py first: its tokens are what all the others read;
            place/ query/ fact/ feed/ are the subjects of several files, their types in front
ports/      what we need of the world: bus, archive, ledger, fetcher, extractor, mailer, clock
adapters/   <technology>_<port>.py, one file for each way to have it; sqlite/ http/ extraction/ are what these share
rulebook/   what operators wrote: YAML -> domain rules, errors with line and column
collector/  feeds -> press.collected, press.unmatched      begins at collect.py
enricher/   press.collected -> archive, press.enriched     begins at enrich.py; steps.py is the pipeline
alerter/    press.enriched -> letters                      begins at alert.py
desk/       what people do: review findings, ask why, examine the installation
wiring.py   settings -> adapters -> services
cli/        the commands
"""
