"""The prober: a program of the standard library alone that tries connections where it runs.

`python -m bot.probe once JOB` does one job and ends; `… serve` is the agent of a DaemonSet. What
goes in and out is described in `bot.net.probing.protocol`, which this package must not import.
"""
