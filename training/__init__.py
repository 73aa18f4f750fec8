"""The workshop: from wins and losses to a registered model. Offline, never on the way of an event.

dataset.py    labels → examples: the feature vectors of each lead as they were known at its moments
columns.py    which of a CRM's own columns may teach
leaks.py      the columns of a CRM that know the end, found before anything is learnt from them
single.py     what one column tells by itself
fit.py        a matrix and labels → trees and calibration (the same routine for any table)
build.py      examples → the two files of a release, by `fit`
compare.py    labels and propensities → AUC, average precision, Brier, calibration error
publish.py    files and metrics → an MLflow run, a registered version, the champion
cases.py      the known leads as they were, with propensities of a model that never saw them
train.py      the whole way in one method

How each lead ended (label) is read in `events/labels.py`, which rules ask as well.

The other half, from a registered version to a score, is `scoring/`.
"""
