"""The workshop: from wins and losses to a registered model. Offline, never on the way of an event.

dataset.py    labels → examples: the feature vectors of each lead as they were known at its moments
columns.py    which of a CRM's own columns may teach
leaks.py      the columns of a CRM that know the end, found before anything is learnt from them
feature_leaks.py  features of ours that do: then something of the past is told too late
single.py     what one column tells by itself
table.py      what is fitted: a matrix, how each row ended, which rows belong together
fit.py        such a table → trees and calibration (the same routine for any table):
  search.py       other parameters, tried on folds
  grow.py         trees, on all rows or in folds (folds.py)
  later.py        the newest slice, to calibrate on where rows are many
  calibration.py  margins → Platt's curve, a beta or an isotonic one, as the rows ask for
  ages.py         what that curve misses at other ages, as a last tree
  blend.py        where ends are few: how much of a propensity the rules say, and what
  losses.py       log loss, and when it is clearly lower
build.py      examples → the two files of a release, by `fit`
report.py     a model beside its baselines, as figures, pictures and a model card:
  scorecard.py, rules_alone.py  the baselines
  evaluation.py   figures, slices, bands and months, on weighted.py and bootstrap.py
  plots.py, model_card.py       what MLflow keeps of it
evidence.py   both read again from MLflow, of any version
accounts.py   accounts by the chances of their people
shuffled.py   from shuffled ends nothing can be learnt
versus.py     two versions on leads that taught neither
compare.py    labels and propensities → AUC, average precision, Brier, calibration error
publish.py    files and metrics → an MLflow run, a registered version
cases.py      the known leads as they were, with propensities of a model that never saw them
train.py      the whole way, a method a step: order.py what is asked, stopwatch.py what each took,
              told.py what is told of it, to the caller and to MLflow
due.py        is it time to train anew, and why
judging.py    a version and the champion on leads that neither was taught with
gates.py      may it serve: each gate by itself, and the decision
retrain.py    train → judge → decide
drift.py      how far the world has moved since the champion was trained:
  alarms.py       what of it somebody should hear of
  tell_drift.py   the same as a signal, once a crossing
  drift_plot.py   and as a picture
leftovers.py  what a training that was killed has left behind
page.py       MLflow's pages, on this machine, for reading

How each lead ended (label) is read in `events/labels.py`, which rules ask as well.

The other half, from a registered version to a score, is `scoring/`.
"""
